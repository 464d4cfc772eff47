"""Time series of log-based counters and of requests, from what functions wrote."""

from __future__ import annotations

from typing import Any

from l3kit.sandbox.gcp.control.effects import LogText
from tests.support.google_plane import NAME, Google

PATH = f"v3/{NAME}/timeSeries"
TYPE = "logging.googleapis.com/user/runs"
METRIC = {
    "name": "runs",
    "filter": 'resource.type="cloud_run_revision" AND resource.labels.service_name="mover" AND jsonPayload.l3kit.S>=0',
    "labelExtractors": {"severity": "EXTRACT(jsonPayload.l3kit.S)"},
}
REQUESTS = 'metric.type = "run.googleapis.com/request_count" AND resource.labels.service_name = "mover"'


def asked(filter: str) -> dict[str, Any]:
    between = {"interval.startTime": "2027-01-15T07:00:00Z", "interval.endTime": "2027-01-15T09:00:00Z"}
    return {"filter": filter, "view": "FULL", **between}


def write(google: Google, *texts: str) -> None:
    google.effects.lines["mover"] = [
        LogText(f"2027-01-15T08:0{number}:00+00:00", text, str(number)) for number, text in enumerate(texts)
    ]


def test_a_counter_has_a_series_for_each_text_of_its_label(google: Google) -> None:
    google.post("logging", f"v2/{NAME}/metrics", METRIC)
    write(google, '{"l3kit":{"S":0}}', "plain", '{"l3kit":{"S":2}}', '{"l3kit":{"S":2}}')
    found = google.get("monitoring", PATH, **asked(f'metric.type = "{TYPE}"'))["timeSeries"]
    assert [(one["metric"]["labels"]["severity"], len(one["points"])) for one in found] == [("0", 1), ("2", 2)]
    assert found[1]["resource"]["labels"]["service_name"] == "mover"


def test_requests_that_ended_badly_are_of_the_class_5xx(google: Google) -> None:
    write(
        google, '{"level":"ERROR","message":"failed"}', "[sandbox] its run exceeded 1 s", '{"l3kit":{"S":0}}', "plain"
    )
    found = google.get("monitoring", PATH, **asked(REQUESTS))["timeSeries"]
    counts = {one["metric"]["labels"]["response_code_class"]: len(one["points"]) for one in found}
    assert counts == {"2xx": 1, "5xx": 2}


def test_what_it_cannot_answer_is_refused(google: Google) -> None:
    assert google.refused("GET", "monitoring", PATH, **asked(f'metric.type = "{TYPE}"')).status == 404
    assert google.refused("GET", "monitoring", PATH, **asked("")).status == 400
    aggregated = {**asked(REQUESTS), "aggregation.alignmentPeriod": "60s"}
    assert google.refused("GET", "monitoring", PATH, **aggregated).status == 400
