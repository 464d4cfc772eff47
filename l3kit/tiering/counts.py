"""Counts with singular or plural nouns, and the limit of named things in a text."""

from __future__ import annotations

MAX_NAMED = 10
"""Maximum number of things that a line or a run's report names; it counts the others."""


def count_of(number: int, one: str, many: str = "") -> str:
    """Format a count: `1 reading`, `26,115 readings`. `many`: the plural, unless it is the singular plus `s`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
