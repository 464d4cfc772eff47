"""Fields that a request must have. The definitions know few of them; the double looks for the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from l3kit.sandbox.gcp.control.rules.documents import Method, Schema
from l3kit.sandbox.gcp.control.rules.fault import Fault
from l3kit.sandbox.gcp.control.rules.messages import Messages


def missing(messages: Messages, method: Method, body: Mapping[str, Any], at: str) -> Iterator[Fault]:
    """Yield the fields that a body lacks, but for those that the path has.

    A PATCH may leave out fields of the resource, which has them already, but none of the request around it.
    """
    change, request = method.verb == "PATCH", method.request or ""
    if change and not request.endswith("Request"):
        return
    for field in _lacking(messages, {"$ref": request}, body, at, deep=not change):
        if field not in method.parameters:
            yield Fault(field, f"The field '{field}' is required.")


def _lacking(messages: Messages, schema: Schema, value: Any, at: str, *, deep: bool) -> Iterator[str]:
    schema = messages.resolved(schema)
    match value:
        case list():
            for n, one in enumerate(value):
                yield from _lacking(messages, schema.get("items", {}), one, f"{at}[{n}]", deep=deep)
        case Mapping():
            fields = schema.get("properties", {})
            given = {messages.field(fields, name): inner for name, inner in value.items() if inner is not None}
            for name, told in fields.items():
                place = messages.below(at, name)
                if name not in given and told.get("required"):
                    yield place
                elif name in given and deep:
                    yield from _lacking(messages, told, given[name], place, deep=deep)
