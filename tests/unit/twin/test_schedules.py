from datetime import UTC, datetime

import pytest

from l3kit.twin.schedules import Schedule

MOMENT = datetime(2026, 12, 1, 4, 6, 2, tzinfo=UTC)
MIDNIGHT = datetime(2026, 12, 2, tzinfo=UTC)


@pytest.mark.parametrize("expression", ["cron(0 0 * * ? *)", "0 0 * * *", "0 0 0 * * *"])
def test_the_run_after_another_is_read_from_each_clouds_own_form(expression: str) -> None:
    assert Schedule("on", expression).run_after(MOMENT) == MIDNIGHT


def test_a_rate_counts_from_the_run_before() -> None:
    assert Schedule("on", "rate(1 day)").run_after(MOMENT) == datetime(2026, 12, 2, 4, 6, 2, tzinfo=UTC)


def test_what_is_wrong_with_a_schedule_is_told_and_hides_when_it_runs() -> None:
    schedule = Schedule("on", "0 0 * * *", fault="time zone Asia/Tokyo")
    assert schedule.text == "0 0 * * *, time zone Asia/Tokyo"
    assert schedule.run_after(MOMENT) is None
