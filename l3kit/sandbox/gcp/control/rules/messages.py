"""JSON messages against the schemas of discovery documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from l3kit.sandbox.gcp.control.rules.documents import Schema
from l3kit.sandbox.gcp.control.rules.fault import Fault, invalid_value, unknown_name
from l3kit.sandbox.gcp.control.rules.masks import misses
from l3kit.sandbox.gcp.control.rules.names import in_definition, known
from l3kit.sandbox.gcp.control.rules.scalars import FIELD_MASK, shown, wrong

NOT_REPEATING = "Proto field is not repeating, cannot start list."


@dataclass(frozen=True, slots=True)
class Messages:
    """Checks of messages of one API.

    Attributes:
        proto: fields may have the names of their definition too, and places are told by them.
    """

    schemas: Mapping[str, Schema]
    proto: bool

    def faults(self, schema: Schema, value: object, at: str = "") -> Iterator[Fault]:
        """Yield everything wrong with a value, at its place in the message."""
        name, schema = schema.get("$ref", "TYPE_MESSAGE"), self.resolved(schema)
        match schema.get("type"), value:
            case ((None | "any"), _):
                return
            case _, None:
                return
            case "object", Mapping():
                yield from self._object(schema, value, at)
            case "object", _:
                yield invalid_value(at, f"({name}), {shown(value)}")
            case "array", list():
                yield from self._list(schema["items"], value, at)
            case "array", _:
                yield invalid_value(at, f"(a list), {shown(value)}")
            case _, list():
                parent, _, field = at.rpartition(".")
                yield unknown_name(field, parent, NOT_REPEATING)
            case _, _:
                if (why := wrong(schema, value)) is not None:
                    yield invalid_value(at, why)

    def resolved(self, schema: Schema) -> Schema:
        """Return the schema that a reference names; any other as it is."""
        return self.schemas[schema["$ref"]] if "$ref" in schema else schema

    def field(self, fields: Mapping[str, Schema], name: str) -> str | None:
        """Return the JSON name of a field, whichever of its names is given; None for one that is not there."""
        return known(fields, name, proto=self.proto)

    def below(self, at: str, field: str) -> str:
        """Return the place of a field in the message at a place."""
        name = in_definition(field) if self.proto else field
        return f"{at}.{name}" if at else name

    def _object(self, schema: Schema, value: Mapping[str, object], at: str) -> Iterator[Fault]:
        fields, rest = schema.get("properties", {}), schema.get("additionalProperties")
        given = set[str]()
        for n, (name, inner) in enumerate(value.items()):
            field = self.field(fields, name)
            if field in given:
                yield unknown_name(name, at, "the field is set twice.")
            elif field is not None:
                given.add(field)
                yield from self.faults(fields[field], inner, self.below(at, field))
            elif rest is None:
                yield unknown_name(name, at)
            elif inner is None and self.resolved(rest).get("type") != "any":
                yield invalid_value(f"{at}[{n}].value", "(a value of a map), null")
            else:
                yield from self.faults(rest, inner, f"{at}[{n}].value")
        yield from self._mask(fields, value, at)
        if isinstance(kind := value.get("@type"), str) and rest is not None:
            yield from self._typed(kind, value, at)

    def _typed(self, kind: str, value: Mapping[str, object], at: str) -> Iterator[Fault]:
        """Check a message that tells its own type, as in the response of an operation, if the type is defined here."""
        package = kind.rpartition("/")[2].split(".")
        whole = "".join(part[:1].upper() + part[1:] for part in package)
        for name in (whole, package[-1]):
            if name in self.schemas:
                yield from self.faults({"$ref": name}, {k: v for k, v in value.items() if k != "@type"}, at)
                return

    def _list(self, items: Schema, values: Sequence[object], at: str) -> Iterator[Fault]:
        for n, value in enumerate(values):
            if value is None and self.resolved(items).get("type") != "any":
                yield invalid_value(f"{at}[{n}]", "(an element of a list), null")
            else:
                yield from self.faults(items, value, f"{at}[{n}]")

    def _mask(self, fields: Mapping[str, Schema], value: Mapping[str, object], at: str) -> Iterator[Fault]:
        """Yield the paths of a mask that the message beside it lacks."""
        masks = [name for name, field in fields.items() if field.get("format") == FIELD_MASK and name in value]
        messages = [field for field in fields.values() if "$ref" in field]
        for name in masks:
            mask = value[name]
            if isinstance(mask, str) and len(messages) == 1:
                place = self.below(at, name)
                for path in misses(self.schemas, messages[0], mask, proto=self.proto):
                    yield invalid_value(place, f'(a path of {messages[0]["$ref"]}), "{path}"')
