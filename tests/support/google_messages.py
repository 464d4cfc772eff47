"""Messages of Google's APIs, drawn from the definitions of their methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from l3kit.sandbox.gcp.control.rules import Match
from l3kit.sandbox.gcp.control.rules.documents import Document, Schema, documents, services

TEXT = st.text(max_size=8)
FORMS: Mapping[str, st.SearchStrategy[Any]] = {
    "byte": st.sampled_from(["", "aGVsbG8=", "_-8", "+/8="]),
    "date": st.dates().map(str),
    "date-time": st.sampled_from(["2026-11-30T21:00:00Z", "2024-02-29T00:00:00.123456789+01:00"]),
    "google-datetime": st.sampled_from(["2026-11-30T21:00:00Z", "0001-01-01T00:00:00.5Z"]),
    "google-duration": st.sampled_from(["0s", "900s", "-1.5s", "3.000000001s"]),
    "google-fieldmask": st.just("*"),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1).flatmap(lambda n: st.sampled_from([n, str(n)])),
    "uint64": st.integers(0, 2**64 - 1).map(str),
}
PLAIN: Mapping[str, st.SearchStrategy[Any]] = {
    "any": st.none() | st.booleans() | st.integers() | TEXT | st.lists(TEXT, max_size=2) | st.dictionaries(TEXT, TEXT),
    "boolean": st.booleans(),
    "integer": st.integers(0, 100),
    "number": st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 9),
    "string": TEXT,
}
DEPTH = 4


@dataclass(frozen=True, slots=True)
class Called:
    """A method that has a body.

    Attributes:
        query: what it requires in its query.
    """

    match: Match
    document: Document
    body: Schema
    query: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return self.match.id


def called() -> Iterator[Called]:
    """Yield the methods that have a body."""
    for service in sorted(services()):
        for document in documents(service):
            for method in document.methods.values():
                if method.request is not None:
                    query = [(name, "*") for name, told in method.parameters.items() if _in_query(told)]
                    yield Called(Match(service, method.id, {}), document, {"$ref": method.request}, tuple(query))


def _in_query(parameter: Schema) -> bool:
    return parameter["location"] == "query" and bool(parameter.get("required"))


@st.composite
def messages(draw: st.DrawFn, document: Document, schema: Schema, depth: int = DEPTH) -> Any:
    """Draw a value that a schema allows, with all that it requires."""
    schema = document.schemas[schema["$ref"]] if "$ref" in schema else schema
    match schema["type"]:
        case "object":
            return draw(_objects(document, schema, depth))
        case "array":
            return draw(st.lists(messages(document, schema["items"], depth - 1), max_size=2 if depth else 0))
        case "string" if "enum" in schema:
            return draw(st.sampled_from(schema["enum"]) | st.integers(0, 3))
        case kind:
            return draw(FORMS.get(schema.get("format", ""), PLAIN[kind]))


@st.composite
def _objects(draw: st.DrawFn, document: Document, schema: Schema, depth: int) -> dict[str, Any]:
    fields, rest = schema.get("properties", {}), schema.get("additionalProperties")
    required = [name for name, told in fields.items() if told.get("required")]
    others = sorted(set(fields) - set(required)) if depth else []
    chosen = draw(st.lists(st.sampled_from(others), max_size=3, unique=True)) if others else []
    found = {name: draw(messages(document, fields[name], max(depth - 1, 0))) for name in [*required, *chosen]}
    if rest is not None and depth:
        for name in draw(st.lists(TEXT.filter(lambda text: text not in fields), max_size=2, unique=True)):
            value = draw(messages(document, rest, depth - 1))
            found[name] = {} if value is None else value
    return found


def places(document: Document, schema: Schema, value: Any) -> list[dict[str, Any]]:
    """Return the objects in a value whose fields are listed in their schema, so that no other may be added."""
    schema = document.schemas[schema["$ref"]] if "$ref" in schema else schema
    match value:
        case dict():
            fields, rest = schema.get("properties", {}), schema.get("additionalProperties")
            own = [value] if rest is None and schema.get("type") == "object" else []
            inner = [(fields.get(name, rest), one) for name, one in value.items()]
            return own + [place for told, one in inner if told for place in places(document, told, one)]
        case list():
            return [place for one in value for place in places(document, schema.get("items", {}), one)]
    return []
