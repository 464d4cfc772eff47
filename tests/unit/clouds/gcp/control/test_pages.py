"""Lists that come page by page."""

from __future__ import annotations

from l3kit.clouds.gcp.control.pages import all_pages
from l3kit.clouds.gcp.control.place import LOGGING
from tests.support.control_plane import PROJECT, Cloud

PATH = f"v2/projects/{PROJECT}/metrics"


def test_all_pages_are_read_and_none_of_a_list_that_is_not_there(cloud: Cloud) -> None:
    for number in range(5):
        cloud.control.post(LOGGING, PATH, {"name": f"m{number}", "filter": "severity>=ERROR"})
    found = all_pages(cloud.place, LOGGING, PATH, "metrics", {"pageSize": "2"})
    assert [one["name"] for one in found] == ["m0", "m1", "m2", "m3", "m4"]
    assert (
        all_pages(
            cloud.place,
            "monitoring.googleapis.com",
            f"v3/projects/{PROJECT}/timeSeries",
            "timeSeries",
            {
                "filter": 'metric.type = "logging.googleapis.com/user/none"',
                "interval.endTime": "2026-01-01T00:00:00Z",
                "view": "FULL",
            },
        )
        == []
    )
