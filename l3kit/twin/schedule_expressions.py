"""Validation of EventBridge Scheduler expressions; the sandbox uses it too, since moto accepts any text."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

MONTHS = {name: n for n, name in enumerate(re.findall("...", "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"), 1)}
WEEKDAYS = {name: n for n, name in enumerate(re.findall("...", "SUNMONTUEWEDTHUFRISAT"), 1)}
FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minutes", 0, 59, {}),
    ("hours", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, MONTHS),
    ("day of week", 1, 7, WEEKDAYS),
    ("year", 1970, 2199, {}),
)
"""Fields of a cron expression: name, least and greatest value, and the names of values."""


def problem_with(expression: object) -> str | None:
    """Return the fault of an expression; None for a valid `rate(...)`, `cron(...)` or `at(...)`."""
    if not isinstance(expression, str):
        return "the expression is missing"
    found = re.fullmatch(r"(rate|cron|at)\((.*)\)", expression.strip())
    if not found:
        return "it must be rate(...), cron(...) or at(...)"
    kind, inner = found.groups()
    return {"rate": _rate_problem, "cron": _cron_problem, "at": _at_problem}[kind](inner)


def has_day_rule(field: str) -> bool:
    """Return whether a field for days counts from the month's end or by weeks, with L, W or #."""
    return bool(re.search(r"[LW#]", re.sub("JUL|WED", "", field.upper())))


def problem_with_timezone(name: object) -> str | None:
    if name is None:
        return None
    try:
        ZoneInfo(str(name))
    except (ValueError, OSError, KeyError):
        return f"the time zone {name!r} is not known"
    return None


def _rate_problem(inner: str) -> str | None:
    found = re.fullmatch(r"([1-9]\d*) (minute|hour|day)(s?)", inner)
    if not found:
        return "a rate is a whole number above 0 and minute(s), hour(s) or day(s)"
    if (found.group(1) == "1") == bool(found.group(3)):
        return "1 goes with the singular unit, more with the plural"
    return None


def _at_problem(inner: str) -> str | None:
    try:
        datetime.strptime(inner, "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return "a time is written yyyy-mm-ddThh:mm:ss"
    return None


def _cron_problem(inner: str) -> str | None:
    parts = inner.split()
    if len(parts) != len(FIELDS):
        return f"a cron expression has 6 fields, this one has {len(parts)}"
    if (parts[2] == "?") == (parts[4] == "?"):
        return "exactly one of day of month and day of week must be ?"
    for part, (name, low, high, words) in zip(parts, FIELDS, strict=True):
        if part == "?" and name.startswith("day"):
            continue
        if not all(_is_valid_entry(entry, name, low, high, words) for entry in part.upper().split(",")):
            return f"{part!r} is not valid for {name} ({low} to {high})"
    return None


def _is_valid_entry(entry: str, name: str, low: int, high: int, words: dict[str, int]) -> bool:
    if name == "day of month" and (entry in ("L", "LW") or re.fullmatch(r"([1-9]|[12]\d|3[01])W", entry)):
        return True
    if name == "day of week" and (entry == "L" or re.fullmatch(r"([1-7]|[A-Z]{3})(L|#[1-5])", entry)):
        return entry == "L" or entry[0].isdigit() or entry[:3] in words
    span, slash, step = entry.partition("/")
    if slash and not (step.isdigit() and int(step) > 0):
        return False
    if span == "*":
        return True
    ends = [words.get(end, int(end) if end.isdigit() else None) for end in span.split("-")]
    return len(ends) <= 2 and all(end is not None and low <= end <= high for end in ends)
