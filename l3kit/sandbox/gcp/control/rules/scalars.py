"""Single values in JSON, as protocol buffers take them: numbers may be texts, enums may be numbers."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from binascii import Error
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from l3kit.sandbox.gcp.control.rules.fault import MAX_SHOWN

_RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
_INTEGER = re.compile(r"-?\d{1,20}")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?|NaN|-?Infinity")
_DURATION = re.compile(r"-?(\d{1,12})(\.\d{1,9})?s")
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MASK = re.compile(r"(\*|[\w`.*-]+(,[\w`.*-]+)*)?")
_MAX_DURATION_SECONDS = 315_576_000_000
DURATION, TIMESTAMP, FIELD_MASK = "google-duration", "google-datetime", "google-fieldmask"


def wrong(schema: Mapping[str, Any], value: object) -> str | None:
    """Return the type that a value should have, with the value, in Google's words; None for one that is right."""
    expected = _expected(schema, value)
    return expected and f"({expected}), {shown(value)}"


def _expected(schema: Mapping[str, Any], value: object) -> str | None:
    match schema.get("type"), schema.get("format", ""):
        case "boolean", _:
            return None if isinstance(value, bool) or value in ("true", "false") else "TYPE_BOOL"
        case (("integer" | "string"), ("int32" | "uint32" | "int64" | "uint64") as form):
            return None if _is_integer(value, *_RANGES[form]) else f"TYPE_{form.upper()}"
        case "integer", _:
            return None if _is_integer(value, *_RANGES["int32"]) else "TYPE_INT32"
        case "number", form:
            return None if _is_number(value) else "TYPE_FLOAT" if form == "float" else "TYPE_DOUBLE"
        case "string", form:
            return _text(schema, form, value)
    return None


def _text(schema: Mapping[str, Any], form: str, value: object) -> str | None:
    if "enum" in schema:
        known = value in schema["enum"] or _is_integer(value, *_RANGES["int32"])
        return None if known else "an enum of " + ", ".join(schema["enum"])
    if not isinstance(value, str):
        return "TYPE_STRING"
    match form:
        case "byte":
            return None if _is_base64(value) else "TYPE_BYTES"
        case "google-duration":
            return None if _is_duration(value) else "type.googleapis.com/google.protobuf.Duration"
        case "google-datetime" | "date-time":
            return None if _is_moment(value) else "type.googleapis.com/google.protobuf.Timestamp"
        case "google-fieldmask":
            return None if _MASK.fullmatch(value) else "type.googleapis.com/google.protobuf.FieldMask"
        case "date":
            return None if _DAY.fullmatch(value) and _is_moment(f"{value}T00:00:00Z") else "a date"
    return None


def _is_integer(value: object, least: int, most: int) -> bool:
    match value:
        case bool():
            return False
        case int():
            return least <= value <= most
        case float():
            return value.is_integer() and least <= value <= most
        case str():
            return _INTEGER.fullmatch(value) is not None and least <= int(value) <= most
    return False


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        return _NUMBER.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_base64(value: str) -> bool:
    text = value.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (Error, ValueError):
        return False
    return True


def _is_duration(value: str) -> bool:
    found = _DURATION.fullmatch(value)
    return found is not None and int(found[1]) <= _MAX_DURATION_SECONDS


def _is_moment(value: str) -> bool:
    found = _TIMESTAMP.fullmatch(value)
    if found is None:
        return False
    try:
        datetime.fromisoformat(found[1] + found[3])
    except ValueError:
        return False
    return True


def shown(value: object) -> str:
    """Return the JSON of a value, the beginning of a long one."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "..."
