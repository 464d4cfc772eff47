"""Paths into messages: of an update mask (`serviceConfig.timeoutSeconds`), of a partial answer (`items(id,name)`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from l3kit.sandbox.gcp.control.rules.documents import Schema
from l3kit.sandbox.gcp.control.rules.names import known

ALL = "*"
_TOKEN = re.compile(r"[^,()/.]+|[,()/.]")
_STEP = re.compile(r"`[^`]*`|[^.`]+")


def misses(schemas: Mapping[str, Schema], schema: Schema, mask: str, *, proto: bool) -> Iterator[str]:
    """Yield the paths of a mask that lead nowhere in a message of this schema."""
    for path in filter(None, mask.split(",")):
        if path != ALL and not _leads(schemas, schema, _STEP.findall(path), proto=proto):
            yield path


def selected(fields: str) -> list[str] | None:
    """Return the paths that the query parameter `fields` selects, as a mask has them; None if it is malformed."""
    tokens = _TOKEN.findall(fields)
    paths = _paths(tokens)
    return paths if paths and not tokens else None


def _paths(tokens: list[str]) -> list[str] | None:
    """Read paths off the front of the tokens, up to an end or a closing bracket."""
    found: list[str] = []
    while True:
        item = _path(tokens)
        if item is None:
            return None
        found += item
        if not tokens or tokens[0] != ",":
            return found
        tokens.pop(0)


def _path(tokens: list[str]) -> list[str] | None:
    steps: list[str] = []
    while True:
        if not tokens or tokens[0] in ",()/.":
            return None
        steps.append(tokens.pop(0).strip())
        if not tokens or tokens[0] not in "/.":
            break
        tokens.pop(0)
    head = ".".join(steps)
    if not tokens or tokens[0] != "(":
        return [head]
    tokens.pop(0)
    inner = _paths(tokens)
    if not inner or not tokens or tokens.pop(0) != ")":
        return None
    return [f"{head}.{path}" for path in inner]


def _leads(schemas: Mapping[str, Schema], schema: Schema, steps: Sequence[str], *, proto: bool) -> bool:
    schema = schemas[schema["$ref"]] if "$ref" in schema else schema
    if not steps or "additionalProperties" in schema or schema.get("type") == "any":
        return True
    if schema.get("type") == "array":
        return _leads(schemas, schema["items"], steps, proto=proto)
    fields = schema.get("properties", {})
    name = known(fields, steps[0], proto=proto)
    if name is None:
        return steps[0] == ALL
    return _leads(schemas, fields[name], steps[1:], proto=proto)
