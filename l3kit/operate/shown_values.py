"""Item values as originally stored: exact numbers, without the tags of the chunk format (docs/reference/chunks.md)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any


def cell_value(value: Any) -> Any:
    """Remove tags. A value nested too deeply is returned unchanged: it is not from a chunk of l3kit, so has no tags."""
    try:
        return untagged(value)
    except RecursionError:
        return value


def untagged(value: Any) -> Any:
    """Remove the chunk format's tags: binaries as bytes, sets as frozensets, Firestore's times as datetimes.

    A map whose only key begins with `$` but is not a tag is returned unchanged: another mover wrote it.
    """
    if isinstance(value, list):
        return [untagged(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((tag, content),) = value.items()
        if tag in _TAGS:
            try:
                return _TAGS[tag](content)
            except (TypeError, ValueError, binascii.Error):
                return value
    return {name: untagged(entry) for name, entry in value.items()}


def _map(content: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise TypeError(content)
    return {name: untagged(entry) for name, entry in content.items()}


def _binary(content: str) -> bytes:
    return base64.b64decode(content, validate=True)


def _point(content: list[Any]) -> dict[str, Any]:
    latitude, longitude = content
    return {"latitude": latitude, "longitude": longitude}


def _text(content: str) -> str:
    if not isinstance(content, str):
        raise TypeError(content)
    return content


_TAGS: Mapping[str, Callable[[Any], Any]] = {
    "$map": _map,
    "$binary": _binary,
    "$stringSet": frozenset,
    "$numberSet": frozenset,
    "$binarySet": lambda content: frozenset(_binary(entry) for entry in content),
    "$timestamp": datetime.fromisoformat,
    "$geoPoint": _point,
    "$reference": _text,
}
