"""The state of an alarm, by its settings and its metric's values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from l3kit.sandbox.aws.alarm_states import Values, judge

NOW = 1_000_000.0


def values(*points: tuple[float, float]) -> Values:
    """Values by their age in seconds."""
    return lambda since, until: [value for age, value in points if since < NOW - age <= until]


def alarm(**changed: Any) -> dict[str, Any]:
    return {
        "Period": 60, "EvaluationPeriods": 1, "Statistic": "Maximum", "Threshold": 2.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "ignore", **changed,
    }  # fmt: skip


def state(points: Sequence[tuple[float, float]], **changed: Any) -> str:
    judged = judge(alarm(**changed), values(*points), NOW)
    return judged.state if judged else "kept"


def test_an_alarm_follows_its_threshold() -> None:
    assert state([(10, 2)]) == "ALARM"
    assert state([(10, 1)]) == "OK"
    assert state([(10, 1), (20, 2)]) == "ALARM"
    assert state([(10, 1), (20, 2)], Statistic="Minimum") == "OK"
    assert state([(10, 1), (20, 1)], Statistic="Sum") == "ALARM"
    assert state([(10, 2)], ComparisonOperator="GreaterThanThreshold") == "OK"


@pytest.mark.parametrize(
    ("missing", "wanted"),
    [("breaching", "ALARM"), ("notBreaching", "OK"), ("ignore", "kept"), ("missing", "INSUFFICIENT_DATA")],
)
def test_without_data_it_is_as_the_alarm_says(missing: str, wanted: str) -> None:
    assert state([(61, 2)], TreatMissingData=missing) == wanted


LATE = {"Period": 3600, "EvaluationPeriods": 26, "Statistic": "SampleCount", "Threshold": 1.0,
        "ComparisonOperator": "LessThanThreshold", "TreatMissingData": "breaching"}  # fmt: skip


@pytest.mark.parametrize(("hours", "wanted"), [(0.5, "OK"), (25.9, "OK"), (26.1, "ALARM")])
def test_a_mover_is_late_when_no_report_came_for_all_periods(hours: float, wanted: str) -> None:
    assert state([(hours * 3600, 2)], **LATE) == wanted


TWICE = {"Period": 86_400, "EvaluationPeriods": 2, "Statistic": "Minimum", "Threshold": 1.0}


@pytest.mark.parametrize(
    ("yesterday", "today", "wanted"),
    [(1, 1, "ALARM"), (2, 1, "ALARM"), (0, 1, "OK"), (1, 0, "OK"), (None, 1, "kept"), (1, None, "kept")],
)
def test_two_runs_in_a_row_must_have_left_something(yesterday: int | None, today: int | None, wanted: str) -> None:
    points = [(age, value) for age, value in ((90_000.0, yesterday), (60.0, today)) if value is not None]
    assert state(points, **TWICE) == wanted


def test_some_of_the_periods_are_enough_where_the_alarm_says_so() -> None:
    twice = {**TWICE, "EvaluationPeriods": 6, "DatapointsToAlarm": 2}
    assert state([(60, 1), (4 * 86_400, 1)], **twice) == "ALARM"
    assert state([(60, 1), (4 * 86_400, 0)], **twice) == "kept"


def test_the_reason_tells_the_values_and_the_threshold() -> None:
    judged = judge(alarm(), values((10, 2)), NOW)
    assert judged is not None
    assert judged.reason.startswith("Threshold crossed: 1 breaching 2 ([2] of 1 periods of 60 s")
