"""When the next run is, as a device's page tells it."""

from __future__ import annotations

import pytest

from l3kit.twin.schedules import Schedule
from tests.unit.operate.explain.pages import DAILY, flat, page


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        pytest.param(Schedule("missing"), "Both movers have no schedule, so nothing runs by itself", id="missing"),
        pytest.param(Schedule("off", "rate(1 day)"), "rate(1 day), that is switched off", id="off"),
        pytest.param(
            Schedule("fired", "rate(1 day)"), "run by rate(1 day); in a sandbox, when fired by hand", id="fired"
        ),
        pytest.param(Schedule("on", "cron(0 3 L * ? *)"), "Both movers run by cron(0 3 L * ? *).", id="unknown-time"),
    ],
)
def test_a_schedule_that_tells_no_time_is_described(schedule: Schedule, told: str) -> None:
    text = flat(page(schedules=(schedule, schedule)))
    assert told in text
    assert "at the next run" not in text


def test_movers_with_different_schedules_are_told_apart() -> None:
    text = flat(page(schedules=(DAILY, Schedule("unreached"))))
    assert "The hot-to-cold mover runs next at 2026-06-01T03:00:00Z" in text
    assert "The cold-to-archive mover is scheduled on a cloud" in text
