"""Comparison of two items by content, regardless of spelling. No I/O."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.format.item_json import SET_TAGS


def equal_content(one: bytes, other: bytes) -> bool:
    """Return whether two items are equal as values: numbers by exact value, names and the entries of sets in any order.

    Raises: ValueError if either is not JSON.
    """
    return one == other or equal_values(exact_loads(one), exact_loads(other))


def equal_values(one: Any, other: Any) -> bool:
    """Return whether two values with exact numbers are equal, as `equal_content` is for items."""
    if isinstance(one, dict):
        if not isinstance(other, dict) or one.keys() != other.keys():
            return False
        if len(one) == 1 and not SET_TAGS.isdisjoint(one):
            (first,), (second,) = one.values(), other.values()
            return _equal_sets(first, second)
        return all(equal_values(value, other[name]) for name, value in one.items())
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(equal_values, one, other))
    if _is_number(one) and _is_number(other):
        return bool(one == other)
    return type(one) is type(other) and bool(one == other)


def _equal_sets(one: Any, other: Any) -> bool:
    """Compare the contents of two tags as sets, or as any other value if one is no set, e.g. has a repeated entry."""
    first, second = _as_set(one), _as_set(other)
    return equal_values(one, other) if first is None or second is None else first == second


def _as_set(content: Any) -> frozenset[str | int | Decimal] | None:
    if not isinstance(content, list) or not all(isinstance(entry, str) or _is_number(entry) for entry in content):
        return None
    entries = frozenset(content)
    return entries if len(entries) == len(content) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
