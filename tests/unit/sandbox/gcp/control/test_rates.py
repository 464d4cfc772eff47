"""Quotas of calls a minute."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.google_plane import NAME, Google

Make = Callable[..., Google]


def test_more_calls_a_minute_than_the_quota_allows_are_refused_until_it_is_over(make: Make) -> None:
    google = make(calls_a_minute={"iam": 2})
    for _ in range(2):
        google.get("iam", f"v1/{NAME}/roles")
        google.now += 20
    refused = google.refused("GET", "iam", f"v1/{NAME}/roles")
    assert (refused.status, refused.code, refused.reasons) == (429, "RESOURCE_EXHAUSTED", ["RATE_LIMIT_EXCEEDED"])
    google.get("pubsub", f"v1/{NAME}/topics")
    google.now += 20
    google.get("iam", f"v1/{NAME}/roles")
    assert google.refused("GET", "iam", f"v1/{NAME}/roles").status == 429
