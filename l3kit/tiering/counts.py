"""Counts with singular or plural nouns."""

from __future__ import annotations


def count_of(number: int, one: str, many: str = "") -> str:
    """Format a count: `1 reading`, `26,115 readings`. `many`: the plural, unless it is the singular plus `s`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
