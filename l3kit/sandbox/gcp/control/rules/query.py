"""Query parameters: those of a method, and those that every method of an API takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from l3kit.sandbox.gcp.control.rules.documents import Document, Method, Schema
from l3kit.sandbox.gcp.control.rules.fault import Fault, invalid_value, unknown_name
from l3kit.sandbox.gcp.control.rules.masks import misses, selected
from l3kit.sandbox.gcp.control.rules.messages import NOT_REPEATING
from l3kit.sandbox.gcp.control.rules.names import in_definition, known
from l3kit.sandbox.gcp.control.rules.scalars import FIELD_MASK, wrong

_ENUMS_AS_NUMBERS = ";enum-encoding=int"
_MEDIA = "media"


def query_faults(document: Document, method: Method, query: Sequence[tuple[str, str]]) -> Iterator[Fault]:
    """Yield everything wrong with the parameters of a query, given as names and values."""
    own = {name: told for name, told in method.parameters.items() if told["location"] == "query"}
    given = set[str]()
    for name, value in query:
        field = known(own, name, proto=document.proto)
        if field is None:
            yield from _common(document, method, name, value)
            continue
        if field in given and not own[field].get("repeated"):
            yield unknown_name(name, "", NOT_REPEATING)
        given.add(field)
        yield from _value(document, method, field, value)
    for name, told in own.items():
        if told.get("required") and name not in given:
            yield Fault(name, f"Required parameter: {name}")


def _common(document: Document, method: Method, name: str, value: str) -> Iterator[Fault]:
    """A parameter that every method takes: `alt`, or `$alt`."""
    told = document.parameters.get(name, document.parameters.get(name.removeprefix("$")))
    if told is None:
        why = f"Cannot bind query parameter. Field '{name}' could not be found in request message."
        yield unknown_name(name, "", why)
        return
    plain = name.removeprefix("$")
    value = value.removesuffix(_ENUMS_AS_NUMBERS) if plain == "alt" else value
    if (why_not := wrong(told, value)) is not None:
        yield invalid_value(name, why_not)
    elif plain == "alt" and value == _MEDIA and not method.media:
        yield invalid_value(name, f'(of this method), "{value}"')
    elif plain == "fields":
        yield from _selection(document, method, value)


def _selection(document: Document, method: Method, fields: str) -> Iterator[Fault]:
    paths = selected(fields)
    if paths is None:
        yield Fault("fields", f"Invalid field selection {fields}")
    elif method.response is not None:
        answer = {"$ref": method.response}
        for path in misses(document.schemas, answer, ",".join(paths), proto=document.proto):
            yield Fault("fields", f"Invalid field selection {path}")


def _value(document: Document, method: Method, name: str, value: str) -> Iterator[Fault]:
    told: Schema = method.parameters[name]
    place = in_definition(name) if document.proto else name
    if (why := wrong(told, value)) is not None:
        yield invalid_value(place, why)
    elif told.get("format") == FIELD_MASK and method.request is not None:
        for path in misses(document.schemas, {"$ref": method.request}, value, proto=document.proto):
            yield invalid_value(place, f'(a path of {method.request}), "{path}"')
