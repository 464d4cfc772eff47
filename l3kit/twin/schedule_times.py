"""Next run times of an EventBridge expression."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

from l3kit.twin.schedule_expressions import FIELDS, MONTHS, WEEKDAYS, has_day_rule

MANY_TIMES = 12_000
"""Number of times of a cron expression that are searched for its longest gap: more than a week of minutes."""
_A_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
DAYS_AHEAD = 3_000
"""Search range for the next time of a cron expression; 29 February recurs within 8 years at most."""


def next_time(expression: str, now: datetime, made: datetime | None = None) -> datetime | None:
    """Return the next run time of an EventBridge expression, in UTC.

    Args:
        made: start of a rate: the schedule's start or creation time.
    Returns: None if there is no further run, or it cannot be determined: a rate without `made`, and crons with L, W
        or #.
    """
    kind, inner = expression.rstrip(")").split("(", 1)
    if kind == "at":
        moment = datetime.fromisoformat(inner).replace(tzinfo=UTC)
        return moment if moment > now else None
    if kind == "cron":
        return _next_cron_time(inner.split(), now)
    if made is None:
        return None
    count, unit = inner.split()
    period = timedelta(**{f"{unit.removesuffix('s')}s": int(count)})
    return made.astimezone(UTC) if made > now else made.astimezone(UTC) + ((now - made) // period + 1) * period


def longest_gap(expression: str) -> timedelta | None:
    """Return the longest time between two runs of an EventBridge expression, the same whenever it is asked for.

    Returns: None if it runs once, or it cannot be determined: crons with L, W or #.
    """
    kind, inner = expression.rstrip(")").split("(", 1)
    if kind == "rate":
        count, unit = inner.split()
        return timedelta(**{f"{unit.removesuffix('s')}s": int(count)})
    times = islice(_cron_times(inner.split(), _A_MONDAY), MANY_TIMES) if kind == "cron" else ()
    return max((later - earlier for earlier, later in pairwise(times)), default=None)


def next_times(expression: str, now: datetime, made: datetime | None = None, count: int = 3) -> list[datetime]:
    """Return the next few times, fewer if the schedule ends before; none if they cannot be determined (`next_time`)."""
    found: list[datetime] = []
    while len(found) < count and (moment := next_time(expression, found[-1] if found else now, made)) is not None:
        found.append(moment)
    return found


def ever_matches(expression: str) -> bool:
    """Return whether the expression ever matches, in the past or future; the 31st of February does not."""
    kind, inner = expression.rstrip(")").split("(", 1)
    fields = inner.split()
    if kind != "cron" or any(has_day_rule(fields[n]) for n in (2, 4)):
        return True
    years = _values(fields[5].upper(), *FIELDS[5][1:3])
    # The calendar repeats after 400 years; days of the month with their weekdays after 28, except across centuries.
    return any(_matches_in_year(fields, year) for year in sorted(years)[:56] + sorted(years)[-8:])


def _matches_in_year(fields: Sequence[str], year: int) -> bool:
    eve = datetime(year - 1, 12, 31, 23, 59, 59, tzinfo=UTC)
    moment = _next_cron_time([*fields[:5], str(year)], eve)
    return moment is not None


def _next_cron_time(fields: Sequence[str], now: datetime) -> datetime | None:
    return next(_cron_times(fields, now), None)


def _cron_times(fields: Sequence[str], after: datetime) -> Iterator[datetime]:
    """Yield the times of a cron expression in DAYS_AHEAD; none if it has a day rule (L, W or #)."""
    if any(has_day_rule(fields[n]) for n in (2, 4)):
        return
    minutes, hours, days, months, weekdays, years = (
        _values(text.upper(), low, high) for text, (_, low, high, _) in zip(fields, FIELDS, strict=True)
    )
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    for day in (midnight + timedelta(days=n) for n in range(DAYS_AHEAD)):
        fits = day.day in days and day.month in months and day.isoweekday() % 7 + 1 in weekdays and day.year in years
        for moment in (day.replace(hour=h, minute=m) for h in sorted(hours) for m in sorted(minutes)) if fits else ():
            if moment > after:
                yield moment


def _values(field: str, low: int, high: int) -> set[int]:
    """Return the values that a cron field allows: `*`, `?`, numbers and names, ranges, steps, and lists of these."""
    found: set[int] = set()
    for entry in field.split(","):
        span, slash, step = entry.partition("/")
        start, dash, end = ("*", "", "") if span in "*?" else span.partition("-")
        first = low if start == "*" else _number(start)
        last = _number(end) if dash else high if slash or start == "*" else first
        wrapped = range(first, last + 1) if first <= last else [*range(first, high + 1), *range(low, last + 1)]
        found.update(list(wrapped)[:: int(step or 1)])
    return found


def _number(text: str) -> int:
    return MONTHS.get(text) or WEEKDAYS.get(text) or int(text)
