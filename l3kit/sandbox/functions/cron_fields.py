"""Validation of Cloud Scheduler's unix cron expressions and of the NCRONTAB expressions of Azure's timers."""

from __future__ import annotations

import re

_MONTHS = {name: n for n, name in enumerate(re.findall("...", "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"), 1)}
_DAYS = {name: n for n, name in enumerate(re.findall("...", "SUNMONTUEWEDTHUFRISAT"))}
_UNIX: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("weekday", 0, 7, _DAYS),
)
_NCRONTAB = (("second", 0, 59, {}), *_UNIX[:4], ("weekday", 0, 6, _DAYS))


def problem_with_unix_cron(expression: str) -> str | None:
    """Return the problem with an expression of five fields; None if it is valid."""
    return _problem(expression, _UNIX, "unix cron")


def problem_with_ncrontab(expression: str) -> str | None:
    """Return the problem with an expression of six fields, seconds first; None if it is valid."""
    return _problem(expression, _NCRONTAB, "NCRONTAB")


def _problem(expression: str, fields: tuple[tuple[str, int, int, dict[str, int]], ...], form: str) -> str | None:
    parts = expression.split()
    if len(parts) != len(fields):
        return f"{expression!r} is not a valid {form} expression: it has {len(parts)} fields, not {len(fields)}"
    for part, (name, low, high, words) in zip(parts, fields, strict=True):
        if not all(_is_entry(entry, low, high, words) for entry in part.upper().split(",")):
            return f"{expression!r} is not a valid {form} expression: {part!r} is not a valid {name}"
    return None


def _is_entry(entry: str, low: int, high: int, words: dict[str, int]) -> bool:
    span, slash, step = entry.partition("/")
    if slash and not (step.isdecimal() and int(step) > 0):
        return False
    if span == "*":
        return True
    ends = [words.get(end, int(end) if end.isdecimal() else -1) for end in span.split("-")]
    return len(ends) <= 2 and all(low <= end <= high for end in ends) and ends == sorted(ends)
