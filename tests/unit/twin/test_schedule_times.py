"""When a schedule fires next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from l3kit.twin.schedule_times import longest_gap, next_time
from tests.unit.operate.explain.pages import NOW


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("cron(0 3 * * ? *)", "2026-06-01T03:00"),
        ("cron(0 0 * * ? *)", "2026-06-02T00:00"),
        ("cron(30 6/6 * * ? *)", "2026-06-01T06:30"),
        ("cron(0/20 22-23 ? * MON-FRI *)", "2026-06-01T22:00"),
        ("cron(0 1 ? * SUN,2 *)", "2026-06-01T01:00"),
        ("cron(0 1 ? * 1 *)", "2026-06-07T01:00"),
        ("cron(0 1 ? JUL WED *)", "2026-07-01T01:00"),
        ("cron(5 4 29 2 ? *)", "2028-02-29T04:05"),
        ("cron(0 3 1 1 ? 2031/2)", "2031-01-01T03:00"),
        ("cron(0 3 ? * FRI-MON *)", "2026-06-01T03:00"),
        ("cron(0 3 * * ? 2025)", None),
        ("cron(0 3 L * ? *)", None),
        ("cron(0 3 ? * 2#1 *)", None),
        ("cron(0 3 ? * 6L *)", None),
        ("at(2027-01-01T00:00:00)", "2027-01-01T00:00"),
        ("at(2026-06-01T00:00:00)", None),
        ("rate(1 day)", "2026-06-01T10:15"),
        ("rate(12 hours)", "2026-06-01T10:15"),
        ("rate(5 minutes)", "2026-06-01T00:05"),
        ("rate(7 days)", "2026-06-05T10:15"),
    ],
)
def test_the_next_time_of_a_schedule_is_the_one_eventbridge_means(expression: str, wanted: str | None) -> None:
    found = next_time(expression, NOW, datetime(2026, 5, 29, 10, 15, tzinfo=UTC))
    assert (found.strftime("%Y-%m-%dT%H:%M") if found else None) == wanted


def test_a_rate_counts_from_when_it_was_made_and_is_unknown_without() -> None:
    assert next_time("rate(1 day)", NOW) is None
    assert next_time("rate(1 day)", NOW, NOW + timedelta(hours=5)) == NOW + timedelta(hours=5)
    assert next_time("rate(1 day)", NOW, NOW) == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("expression", "gap"),
    [
        ("rate(5 minutes)", timedelta(minutes=5)),
        ("rate(2 days)", timedelta(days=2)),
        ("cron(0 3 * * ? *)", timedelta(days=1)),
        ("cron(0 3,15 * * ? *)", timedelta(hours=12)),
        ("cron(0 3 ? * MON-FRI *)", timedelta(days=3)),
        ("cron(0/5 9-17 ? * MON-FRI *)", timedelta(days=2, hours=15, minutes=5)),
        ("cron(* * ? * MON-FRI *)", timedelta(days=2, minutes=1)),
        ("cron(0 3 1 * ? *)", timedelta(days=31)),
        ("cron(0 3 L * ? *)", None),
        ("at(2026-03-01T00:00:00)", None),
    ],
)
def test_the_longest_gap_between_two_runs(expression: str, gap: timedelta | None) -> None:
    assert longest_gap(expression) == gap
