"""Counts in words: one reading, two readings."""

from __future__ import annotations


def count_of(number: int, one: str, many: str = "") -> str:
    """`1 reading`, `26,115 readings`. `many`: the plural, where it is not the singular with an `s`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
