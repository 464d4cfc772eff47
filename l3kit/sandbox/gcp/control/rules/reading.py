"""Accepted messages in the one form that a service keeps: fields by their JSON names, enums by their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from l3kit.sandbox.gcp.control.rules.documents import Schema
from l3kit.sandbox.gcp.control.rules.messages import Messages

_LONG = frozenset({"int64", "uint64"})


def read(messages: Messages, schema: Schema, value: Any) -> Any:
    """Return an accepted value in its one form, without nulls and without what only the service sets."""
    schema = messages.resolved(schema)
    match schema.get("type"), value:
        case "object", Mapping():
            return _object(messages, schema, value)
        case "array", list():
            return [read(messages, schema["items"], one) for one in value]
        case "string", (int() | float()) if "enum" in schema:
            names = schema["enum"]
            return names[int(value)] if 0 <= value < len(names) else int(value)
        case "string", (int() | float() | str()) if schema.get("format") in _LONG:
            return str(int(value))
        case "integer", (float() | str()):
            return int(value)
        case "number", str():
            return float(value)
        case "boolean", str():
            return value == "true"
    return value


def _object(messages: Messages, schema: Schema, value: Mapping[str, Any]) -> dict[str, Any]:
    fields, rest = schema.get("properties", {}), schema.get("additionalProperties")
    found: dict[str, Any] = {}
    for given, inner in value.items():
        name = messages.field(fields, given)
        if name is None and rest is not None:
            found[given] = read(messages, rest, inner)
        elif name is not None and inner is not None and not fields[name].get("readOnly"):
            found[name] = read(messages, fields[name], inner)
    return found
