"""What a policy's condition says of counted values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from l3kit.clouds.gcp.control.alarm_specs import SERVICE, SERVICE_NAME, USER, AlarmSpec, Form
from l3kit.clouds.gcp.control.alarm_states import Judgement, Point, judge, read_points
from tests.support.control_plane import Cloud

NOW = datetime(2026, 3, 2, tzinfo=UTC)
RUNS = f"{USER}runs"


def spec(threshold: int = 1, form: Form = "count", runs: str = RUNS) -> AlarmSpec:
    labels = ((SERVICE_NAME, ("mover",)), ("metric.labels.severity", ("1", "2")))
    return AlarmSpec("a", "failed", "mover", RUNS, SERVICE, labels, 3600, threshold, form, runs)


def point(minutes_ago: int, severity: str = "2", service: str = "mover") -> Point:
    labels = {SERVICE_NAME: service, "metric.labels.severity": severity}
    return Point(NOW - timedelta(minutes=minutes_ago), 1, labels)


def state(one: AlarmSpec, *points: Point) -> str:
    return judge(one, points, points, NOW).state


def test_what_reaches_the_threshold_in_the_window_fires_since_its_last_value() -> None:
    assert judge(spec(), [point(50), point(5)], [], NOW) == Judgement(
        "alarm", "counted 2 in the last 1 h, the threshold is 1", NOW - timedelta(minutes=5)
    )
    assert state(spec(2), point(70), point(5)) == "ok"
    assert state(spec(2), point(55, "1"), point(5)) == "alarm"


@pytest.mark.parametrize(
    ("points", "expected"),
    [((), "unknown"), ((point(5, "0"),), "ok"), ((point(5, service="other"),), "unknown"), ((point(70),), "ok")],
)
def test_without_a_run_nothing_is_known_and_one_of_another_function_is_none(
    points: tuple[Point, ...], expected: str
) -> None:
    assert state(spec(), *points) == expected


def test_silence_is_good_where_no_run_is_expected() -> None:
    assert state(spec(runs="")) == "ok"


def test_an_absence_fires_only_after_something_was_there() -> None:
    absent = spec(form="absent")
    assert [state(absent), state(absent, point(5)), state(absent, point(90))] == ["unknown", "ok", "alarm"]


def test_a_metric_that_is_not_there_has_no_values(cloud: Cloud) -> None:
    assert read_points(cloud.place, RUNS, SERVICE, "mover", NOW) == []
