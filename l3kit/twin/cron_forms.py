"""Conversion of a twin's EventBridge schedule to the formats of Azure's timers and of Cloud Scheduler."""

from __future__ import annotations

import re

from l3kit.errors import ConfigurationError
from l3kit.twin.schedule_expressions import MONTHS, WEEKDAYS, has_day_rule

DAY_NAMES = tuple(WEEKDAYS)
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
"""Value ranges of minute, hour, day, month and weekday."""
REMEDY = "Use rate(...) with a number that divides the hour or the day, or cron(...) without year, L, W and #"


def unix_cron(expression: str) -> str:
    """Convert to five fields in UTC: minute, hour, day, month, weekday (names, since the numbering differs).

    Raises: ConfigurationError if five fields cannot express it.
    """
    kind, inner = expression.rstrip(")").split("(", 1)
    if kind == "rate":
        return _rate(expression, *inner.split())
    if kind != "cron":
        raise _cannot(expression)
    minute, hour, day, month, weekday, year = inner.upper().split()
    odd = has_day_rule(f"{day} {weekday}")
    if year != "*" or odd or ("?" not in (day, weekday) and "*" not in (day, weekday)):
        raise _cannot(expression)
    fields = [minute, hour, day, month, re.sub(r"(?<![/\dA-Z])([1-7])", lambda n: DAY_NAMES[int(n[1]) - 1], weekday)]
    names = ((), (), (), tuple(MONTHS), DAY_NAMES)
    return " ".join(
        "*" if field == "?" else ",".join(_plain(entry, *bounds, known) for entry in field.split(","))
        for field, bounds, known in zip(fields, BOUNDS, names, strict=True)
    )


def ncrontab(expression: str) -> str:
    """Convert to six fields: second, then those of `unix_cron`. Raises: ConfigurationError."""
    return f"0 {unix_cron(expression)}"


def eventbridge(unix: str) -> str:
    """Convert a result of `unix_cron` or `ncrontab` back to EventBridge's format; what has that format stays."""
    if "(" in unix:
        return unix
    minute, hour, day, month, weekday = unix.split()[-5:]
    day, weekday = (day, "?") if weekday == "*" else ("?", weekday)
    return f"cron({minute} {hour} {day} {month} {weekday} *)"


def _plain(entry: str, low: int, high: int, names: tuple[str, ...]) -> str:
    """Rewrite a field entry without EventBridge's own syntax: a step from a single value, and wrap-around ranges."""

    def number(text: str) -> int:
        return names.index(text) + low if text in names else int(text)

    span, slash, step = entry.partition("/")
    start, dash, end = span.partition("-")
    if start == "*" or not (slash or dash):
        return entry
    if not dash:
        return f"{start}-{names[-1] if names else high}/{step}"
    first, last = number(start), number(end)
    if first <= last:
        return entry
    chosen = [*range(first, high + 1), *range(low, last + 1)][:: int(step or 1)]
    return ",".join(names[n - low] if names else str(n) for n in chosen)


def _rate(expression: str, count: str, unit: str) -> str:
    number, unit = int(count), unit.removesuffix("s")
    if unit == "minute" and 60 % number == 0 and number < 60:
        return f"*/{number} * * * *"
    if unit == "minute" and number % 60 == 0:
        number, unit = number // 60, "hour"
    if unit == "hour" and 24 % number == 0 and number < 24:
        return f"0 */{number} * * *"
    if (unit, number) in (("day", 1), ("hour", 24)):
        return "0 0 * * *"
    raise _cannot(expression)


def _cannot(expression: str) -> ConfigurationError:
    return ConfigurationError(
        "mover_schedule", f"{expression!r} cannot be expressed for Azure's timers and Cloud Scheduler", REMEDY
    )
