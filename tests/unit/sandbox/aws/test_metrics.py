"""Metrics of log lines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from l3kit.sandbox.aws.metrics import KEPT_SECONDS, MAX_POINTS, Metrics

LINE: dict[str, Any] = {
    "_aws": {
        "Timestamp": 1_000_000,
        "CloudWatchMetrics": [{"Namespace": "n", "Dimensions": [["a"], ["a", "b"]], "Metrics": [{"Name": "m"}]}],
    },
    "a": "1",
    "b": "2",
    "m": [3, 4.5],
}


def test_a_line_gives_each_value_for_each_set_of_dimensions() -> None:
    metrics = Metrics()
    assert metrics.put_line(json.dumps(LINE))
    for dimensions in ({"a": "1"}, {"b": "2", "a": "1"}):
        assert metrics.values("n", "m", dimensions, 999, 1000) == [3.0, 4.5]
    assert metrics.values("n", "m", {"a": "other"}, 999, 1000) == []
    assert metrics.values("n", "m", {"a": "1"}, 1000, 2000) == []


@pytest.mark.parametrize(
    "text",
    [
        "START RequestId",
        '{"_aws": ',
        json.dumps({**LINE, "_aws": 1}),
        json.dumps({**LINE, "_aws": {}}),
        json.dumps({name: value for name, value in LINE.items() if name != "m"}),
        json.dumps({name: value for name, value in LINE.items() if name != "a"}),
        json.dumps({**LINE, "m": "many"}),
    ],
)
def test_any_other_line_has_none_and_stops_nothing(text: str) -> None:
    assert not Metrics().put_line(text)


def test_old_values_and_too_many_are_forgotten() -> None:
    metrics = Metrics()
    metrics.put("n", "m", {}, 0, 1)
    metrics.put("n", "m", {}, KEPT_SECONDS + 1, 2)
    assert metrics.values("n", "m", {}, -1, 1e9) == [2]
    for at in range(MAX_POINTS + 1):
        metrics.put("n", "other", {}, at, at)
    assert len(metrics.values("n", "other", {}, -1, 1e9)) == MAX_POINTS
