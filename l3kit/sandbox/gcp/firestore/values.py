"""Validation and size of a document's values by the documented rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from l3kit.sandbox.gcp.firestore import names
from l3kit.sandbox.gcp.firestore.refusal import invalid

MAX_DOCUMENT_BYTES = 1_048_576
MAX_VALUE_BYTES = 1_048_487
MAX_FIELD_NAME_BYTES = 1500
MAX_DEPTH = 20
_RESERVED = re.compile(r"__.*__", re.DOTALL)
_VECTOR = "__vector__"
_SCALARS = frozenset(
    {"null_value", "boolean_value", "integer_value", "double_value", "timestamp_value", "geo_point_value"}
)

Fields = Mapping[str, Any]


def check_fields(fields: Fields, depth: int = 1) -> None:
    """Validate a document's fields. Raises: CallRefusedError."""
    for name, value in fields.items():
        check_field_name(name)
        _check_value(value, depth, in_array=False)


def check_field_name(name: str) -> None:
    """Validate a field name. Raises: CallRefusedError if it is empty, reserved or too long."""
    if not name:
        raise invalid("a field's name is empty")
    if _RESERVED.fullmatch(name):
        raise invalid(f"the field name {name!r} is reserved")
    if len(name.encode()) > MAX_FIELD_NAME_BYTES:
        raise invalid(f"a field's name is longer than {MAX_FIELD_NAME_BYTES} bytes")


def check_size(name: str, fields: Fields) -> None:
    """Check the size limit of 1 MiB. Raises: CallRefusedError."""
    size = document_size(name, fields)
    if size > MAX_DOCUMENT_BYTES:
        raise invalid(f"the document {name} has {size} bytes, more than the allowed {MAX_DOCUMENT_BYTES}")


def document_size(name: str, fields: Fields) -> int:
    """Size of a document in bytes by the documented rules: name, fields and 32 bytes of overhead."""
    return _name_size(name) + _fields_size(fields) + 32


def _check_value(value: Any, depth: int, *, in_array: bool) -> None:
    kind = value.WhichOneof("value_type")
    if kind in ("array_value", "map_value") and depth > MAX_DEPTH:
        raise invalid(f"maps and arrays are nested deeper than {MAX_DEPTH} levels")
    if kind == "array_value":
        if in_array:
            raise invalid("an array holds an array, which is not supported")
        for entry in value.array_value.values:
            _check_value(entry, depth + 1, in_array=True)
    elif kind == "map_value":
        if not _is_vector(value.map_value.fields):
            check_fields(value.map_value.fields, depth + 1)
    elif kind == "reference_value":
        names.check_document(value.reference_value)
    elif kind in ("string_value", "bytes_value"):
        if _value_size(value) > MAX_VALUE_BYTES + (kind == "string_value"):
            raise invalid(f"a value is longer than {MAX_VALUE_BYTES} bytes")
    elif kind not in _SCALARS:
        raise invalid("a value has no type, or a type that documents cannot hold")


def _is_vector(fields: Fields) -> bool:
    return len(fields) == 2 and "__type__" in fields and fields["__type__"].string_value == _VECTOR


def _name_size(name: str) -> int:
    return sum(len(one.encode()) + 1 for one in names.below_documents(name).split("/")) + 16


def _fields_size(fields: Fields) -> int:
    return sum(len(name.encode()) + 1 + _value_size(value) for name, value in fields.items())


def _value_size(value: Any) -> int:
    kind = value.WhichOneof("value_type")
    if kind == "string_value":
        return len(value.string_value.encode()) + 1
    if kind == "bytes_value":
        return len(value.bytes_value)
    if kind in ("null_value", "boolean_value"):
        return 1
    if kind == "geo_point_value":
        return 16
    if kind == "reference_value":
        return _name_size(value.reference_value)
    if kind == "array_value":
        return sum(_value_size(entry) for entry in value.array_value.values)
    if kind == "map_value":
        return _fields_size(value.map_value.fields)
    return 8
