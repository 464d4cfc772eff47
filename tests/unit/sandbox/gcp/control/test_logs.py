"""Log entries, the project's log buckets, and metrics."""

from __future__ import annotations

from l3kit.sandbox.gcp.control.effects import LogText
from tests.support.google_plane import NAME, Google

BUCKETS = f"v2/{NAME}/locations/global/buckets"
METRICS = f"v2/{NAME}/metrics"
FILTER = 'resource.type="cloud_run_revision" AND resource.labels.service_name="mover"'


def test_a_services_lines_are_entries_page_by_page(google: Google) -> None:
    google.effects.lines["mover"] = [LogText(f"2027-01-15T08:00:0{n}+00:00", f"line {n}", str(n)) for n in range(5)]
    asked = {"resourceNames": [NAME], "filter": FILTER, "pageSize": 3, "orderBy": "timestamp asc"}
    first = google.post("logging", "v2/entries:list", asked)
    second = google.post("logging", "v2/entries:list", {**asked, "pageToken": first["nextPageToken"]})
    texts = [one["textPayload"] for page in (first, second) for one in page["entries"]]
    assert (texts, "nextPageToken" in second) == ([f"line {n}" for n in range(5)], False)
    since = {**asked, "filter": f'{FILTER} AND timestamp>="2027-01-15T08:00:04+00:00"'}
    assert [one["insertId"] for one in google.post("logging", "v2/entries:list", since)["entries"]] == ["4"]
    assert google.post("logging", "v2/entries:list", {**asked, "filter": FILTER.replace("mover", "none")}) == {}


def test_a_project_has_its_two_buckets(google: Google) -> None:
    shown = google.get("logging", BUCKETS)["buckets"]
    assert {one["name"].rpartition("/")[2]: one["retentionDays"] for one in shown} == {"_Default": 30, "_Required": 400}
    changed = google.patch("logging", f"{BUCKETS}/_Default", {"retentionDays": 7}, updateMask="retentionDays")
    assert changed["retentionDays"] == 7
    body = {"retentionDays": 7}
    assert google.refused("PATCH", "logging", f"{BUCKETS}/_Required", body, updateMask="retentionDays").status == 400
    assert google.refused("GET", "logging", f"{BUCKETS}/other").status == 404


def test_a_metric_is_made_changed_and_deleted(google: Google) -> None:
    body = {"name": "errors", "filter": "severity>=ERROR"}
    made = google.post("logging", METRICS, body)
    assert made["metricDescriptor"]["type"] == "logging.googleapis.com/user/errors"
    assert google.refused("POST", "logging", METRICS, body).status == 409
    assert google.put("logging", f"{METRICS}/errors", {**body, "filter": "severity>=WARNING"})["createTime"]
    assert google.get("logging", f"{METRICS}/errors")["filter"] == "severity>=WARNING"
    google.delete("logging", f"{METRICS}/errors")
    assert google.refused("GET", "logging", f"{METRICS}/errors").message == "Metric errors does not exist."
