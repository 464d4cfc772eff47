"""A document's size by Firestore's documented rules, so that the error for a large item can name it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAX_DOCUMENT_BYTES = 1_048_576 - 4


def document_size(path: str, fields: Mapping[str, Any]) -> int:
    """Size in bytes. `path`: collections and ids below the database, joined by slashes."""
    return sum(len(one.encode()) + 1 for one in path.split("/")) + 16 + _fields_size(fields) + 32


def _fields_size(fields: Mapping[str, Any]) -> int:
    return sum(len(name.encode()) + 1 + _value_size(value) for name, value in fields.items())


def _value_size(value: Any) -> int:
    kind = value.WhichOneof("value_type")
    if kind == "string_value":
        return len(value.string_value.encode()) + 1
    if kind == "bytes_value":
        return len(value.bytes_value)
    if kind in ("null_value", "boolean_value"):
        return 1
    if kind == "map_value":
        return _fields_size(value.map_value.fields)
    if kind == "array_value":
        return sum(_value_size(entry) for entry in value.array_value.values)
    if kind == "geo_point_value":
        return 16
    if kind == "reference_value":
        return len(value.reference_value.encode()) + 17
    return 8
