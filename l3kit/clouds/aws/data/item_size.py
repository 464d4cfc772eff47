"""An item's size as counted by DynamoDB. No I/O.

Source: "DynamoDB item sizes and formats" in the DynamoDB developer guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from l3kit.errors import ItemRefusedError

MAX_BYTES = 400 * 1024
LARGEST_GROWTH = 3
"""Upper bound of the ratio of an item's size to its chunk JSON; the maximum is 2, for empty lists in a list."""
COLLECTION_BYTES = 3
"""Overhead of a list or map; each entry adds one byte."""


def item_size(item: Mapping[str, Any]) -> int:
    """Bytes of an item in wire form, names and values; a lower bound, since numbers count at the rule's minimum."""
    return sum(_text_size(name) + _size(value) for name, value in item.items())


def check_size(name: str, item: Mapping[str, Any]) -> None:
    """Raise ItemRefusedError for an item that certainly exceeds DynamoDB's limit."""
    size = item_size(item)
    if size > MAX_BYTES:
        raise ItemRefusedError(
            name, f"has {size:,} bytes, and DynamoDB allows {MAX_BYTES:,}", "Split it into several items"
        )


def _size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return _text_size(content)
    if kind == "N":
        return _number_size(content)
    if kind == "B":
        return _binary_size(content)
    if kind == "M":
        return COLLECTION_BYTES + sum(1 + _text_size(name) + _size(entry) for name, entry in content.items())
    if kind == "L":
        return COLLECTION_BYTES + sum(1 + _size(entry) for entry in content)
    if kind in ("SS", "NS", "BS"):
        return sum({"SS": _text_size, "NS": _number_size, "BS": _binary_size}[kind](entry) for entry in content)
    return 1


def _text_size(text: str) -> int:
    """Bytes in UTF-8; a lone surrogate, which a producer may have written, counts three."""
    return len(text.encode("utf-8", "surrogatepass"))


def _number_size(digits: str) -> int:
    return 1 + sum(map(str.isdigit, digits.strip("0"))) // 2


def _binary_size(base64_text: str) -> int:
    return len(base64_text.rstrip("=")) * 3 // 4
