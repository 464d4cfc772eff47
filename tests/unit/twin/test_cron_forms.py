"""A twin's schedule says the same to EventBridge, to Azure's timers and to Cloud Scheduler, or is refused."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from l3kit.errors import ConfigurationError
from l3kit.twin.cron_forms import eventbridge, ncrontab, unix_cron
from l3kit.twin.schedule_expressions import MONTHS, WEEKDAYS
from l3kit.twin.schedule_times import next_time

START = datetime(2026, 1, 1, tzinfo=UTC)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2031, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC))


@st.composite
def field(draw: st.DrawFn, low: int, high: int, names: tuple[str, ...] = ()) -> str:
    """A cron field: `*`, numbers or names, ranges, steps, lists."""

    def one() -> str:
        def number(value: int) -> str:
            return names[value - low] if names and draw(st.booleans()) else str(value)

        kind = draw(st.sampled_from(["*", "value", "range", "step", "range step", "start step"]))
        first, last = draw(st.integers(low, high)), draw(st.integers(low, high))
        step = draw(st.integers(1, high))
        return {
            "*": lambda: "*",
            "value": lambda: number(first),
            "range": lambda: f"{number(first)}-{number(last)}",
            "step": lambda: f"*/{step}",
            "range step": lambda: f"{number(first)}-{number(last)}/{step}",
            "start step": lambda: f"{number(first)}/{step}",
        }[kind]()

    return ",".join(one() for _ in range(draw(st.integers(1, 3))))


@st.composite
def crons(draw: st.DrawFn) -> str:
    day, weekday = draw(st.sampled_from([("?", None), (None, "?"), (None, "*"), ("*", None)]))
    fields = [
        draw(field(0, 59)),
        draw(field(0, 23)),
        day or draw(field(1, 31)),
        draw(field(1, 12, tuple(MONTHS))),
        weekday or draw(field(1, 7, tuple(WEEKDAYS))),
        "*",
    ]
    return f"cron({' '.join(fields)})"


@settings(max_examples=300, deadline=None)
@given(crons(), moments)
def test_the_other_forms_come_round_at_the_same_times(expression: str, now: datetime) -> None:
    try:
        unix = unix_cron(expression)
    except ConfigurationError:
        assume(False)
    assert len(unix.split()) == 5
    assert ncrontab(expression) == f"0 {unix}"
    here = next_time(expression, now)
    assert next_time(eventbridge(unix), now) == here
    assert next_time(eventbridge(ncrontab(expression)), now) == here


@settings(max_examples=200, deadline=None)
@given(crons(), moments)
def test_the_unix_form_as_unix_reads_it_comes_round_at_the_same_times(expression: str, now: datetime) -> None:
    """Read by a reader of its own: it knows no step without a range or `*`, and no range over the end."""
    try:
        unix = unix_cron(expression)
    except ConfigurationError:
        assume(False)
    expected = next_time(expression, now)
    assume(expected is not None and expected - now < timedelta(days=400))
    assert unix_next(unix, now) == expected


def unix_next(expression: str, now: datetime) -> datetime | None:
    minute, hour, day, month, weekday = expression.split()
    names = {**MONTHS, **{name: n for n, name in enumerate(WEEKDAYS)}}

    def values(text: str, low: int, high: int) -> set[int]:
        found: set[int] = set()
        for part in text.split(","):
            span, _, step = part.partition("/")
            ends = [names[end] if end in names else int(end) for end in span.split("-")] if span != "*" else [low, high]
            last = ends[-1]
            assert len(ends) == 2 or not step, text
            assert ends[0] <= last, text
            found |= set(range(ends[0], last + 1, int(step or 1)))
        return found

    minutes, hours, months = values(minute, 0, 59), values(hour, 0, 23), values(month, 1, 12)
    days, weekdays = values(day, 1, 31), {n % 7 for n in values(weekday, 0, 6)}
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for date in (midnight + timedelta(days=n) for n in range(402)):
        if date.month in months and date.day in days and date.isoweekday() % 7 in weekdays:
            for h in sorted(hours):
                for m in sorted(minutes):
                    if (moment := date.replace(hour=h, minute=m)) > now:
                        return moment
    return None


@pytest.mark.parametrize(
    ("expression", "unix"),
    [
        ("rate(1 day)", "0 0 * * *"),
        ("rate(24 hours)", "0 0 * * *"),
        ("rate(1 hour)", "0 */1 * * *"),
        ("rate(6 hours)", "0 */6 * * *"),
        ("rate(5 minutes)", "*/5 * * * *"),
        ("rate(1 minute)", "*/1 * * * *"),
        ("rate(120 minutes)", "0 */2 * * *"),
        ("rate(1440 minutes)", "0 0 * * *"),
        ("cron(0 3 * * ? *)", "0 3 * * *"),
        ("cron(0 3 ? * 1 *)", "0 3 * * SUN"),
        ("cron(0 3 ? * 2-6 *)", "0 3 * * MON-FRI"),
        ("cron(0 3 ? * MON#1 *)", None),
        ("cron(0 3 ? * wed *)", "0 3 * * WED"),
        ("cron(0 3 ? JUL WED *)", "0 3 * JUL WED"),
        ("cron(5/15 22-2 ? NOV-FEB FRI-MON *)", "5-59/15 22,23,0,1,2 * NOV,DEC,JAN,FEB FRI,SAT,SUN,MON"),
        ("cron(0 3 ? * 2/2 *)", "0 3 * * MON-SAT/2"),
        ("cron(0 20-4/3 * * ? *)", "0 20,23,2 * * *"),
        ("cron(0 3 L * ? *)", None),
        ("cron(0 3 15W * ? *)", None),
        ("cron(0 3 * * ? 2030)", None),
        ("cron(0 3 1 * MON *)", None),
        ("rate(7 minutes)", None),
        ("rate(5 hours)", None),
        ("rate(2 days)", None),
        ("rate(90 minutes)", None),
        ("at(2030-01-01T00:00:00)", None),
    ],
)
def test_known_expressions(expression: str, unix: str | None) -> None:
    if unix is None:
        with pytest.raises(
            ConfigurationError, match="cannot be expressed for Azure's timers and Cloud Scheduler"
        ) as caught:
            unix_cron(expression)
        assert expression in str(caught.value)
        assert "rate(...)" in str(caught.value)
    else:
        assert unix_cron(expression) == unix


@pytest.mark.parametrize("expression", ["rate(5 minutes)", "rate(6 hours)", "rate(1 day)", "rate(24 hours)"])
def test_a_rate_keeps_its_distance_all_day_and_over_midnight(expression: str) -> None:
    count, unit = expression[5:-1].split()
    period = timedelta(**{f"{unit.rstrip('s')}s": int(count)})
    found: list[Any] = [next_time(eventbridge(unix_cron(expression)), START)]
    while len(found) < 300 and found[-1] < START + timedelta(days=3):
        found.append(next_time(eventbridge(unix_cron(expression)), found[-1]))
    assert {later - earlier for earlier, later in itertools.pairwise(found)} == {period}
