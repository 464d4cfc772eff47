"""Whole pages of DynamoDB's wire JSON to chunk JSON without making Python objects: one pattern per item shape.

Telemetry items of a kind look alike: the same attributes of the same types, only the values differ. Such a *shape*
is a regular expression that matches exactly the items of that shape, and a template for their chunk JSON. This
copies each value's own text, so numbers keep their digits, at a third of the cost of parsing and writing anew
(docs/benchmarks.md). Whatever a shape does not match exactly goes the plain way, through l3kit.clouds.aws.data.items.

Why searching in text is safe here: in valid JSON a quote inside a string is always escaped, so the patterns' literal
parts match only structure; each item is matched from its first to its last byte, one right after the other; and what
remains of the page without its items must be valid JSON with the same count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from l3kit.clouds.aws.data.items import FOREIGN, WRAPPED
from l3kit.clouds.aws.data.statements import Condition, Conditions

MAX_SHAPES = 64
"""Beyond that the items have no shape worth learning."""
MAX_VALUES = 200
"""In one shape; items with long lists go the plain way."""

_ITEMS = b'"Items":['
_END = ord("]")
# Only the escapes that orjson itself would write, so that both ways give the same bytes.
_STRING = rb'("[^"\\]*+(?:\\["\\nrtbf][^"\\]*+)*+")'
_KEY = "the sort key"  # stands in for its type
_PLAIN_STRING = rb'("[^"\\]*+")'
_NUMBER = rb'"(-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?)"'
_SCALARS = {
    "S": (_STRING, b"%b", b'{"S":%b}'),
    "N": (_NUMBER, b"%b", b'{"N":"%b"}'),
    "B": (rb'("[A-Za-z0-9+/]*+=*+")', b'{"$binary":%b}', b'{"B":%b}'),
    "BOOL": (rb"(true|false)", b"%b", b'{"BOOL":%b}'),
}

Wire = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Decoded:
    """A Query's answer, and how each of its items is deleted.

    Attributes:
        rest: the answer without its items.
        parameters: of the deletes by `conditions`, each joined by commas.
        partly: by sort key, the chunk JSON of items of which the condition does not compare all.
        refused: items that cannot be written as JSON, each with the reason; they are not in `items`.
    """

    rest: dict[str, Any]
    sort_keys: list[str]
    items: list[bytes]
    conditions: list[Condition]
    parameters: list[bytes]
    partly: dict[str, bytes]
    refused: tuple[tuple[str, str], ...] = ()


class _NoShapeError(Exception):
    """The item holds something that no pattern is made for."""


class _Part(NamedTuple):
    """Of a value: its pattern, templates of its chunk JSON and its wire form, and the order of their groups."""

    pattern: bytes
    template: bytes
    wire: bytes
    order: tuple[int, ...]


class Shape:
    """One kind of item: `pattern` matches it and a comma behind it, the templates take its groups in `order`.

    Args:
        item: an item of that kind, in wire form.
        key: name of the sort key, a string.
        conditions: of the table.
    Attributes:
        template: makes its chunk JSON.
        parameters: makes the parameters of its delete.
    """

    __slots__ = ("condition", "key_index", "order", "parameters", "pattern", "template")

    def __init__(self, item: Wire, key: str, conditions: Conditions) -> None:
        self.condition = conditions.of(item)
        if WRAPPED in item or not self.condition.whole:
            raise _NoShapeError
        parts = _Parts()
        whole, values = parts.members({**item, key: {_KEY: ""}})
        self.template, self.order = whole.template, whole.order
        self.parameters = b",".join(values)
        self.pattern = re.compile(whole.pattern + b",?")
        self.key_index = self.order.index(parts.key_group)


class Shapes:
    """The shapes met so far in one table, and the conditions of its deletes. Not shared between tables."""

    def __init__(self, key: str, conditions: Conditions) -> None:
        self._key = key
        self.conditions = conditions
        self._known: list[Shape] = []

    def read(self, answer: bytes) -> Decoded | None:
        """A Query's answer decoded; None: take the plain way."""
        start = answer.find(_ITEMS) + len(_ITEMS)
        if start < len(_ITEMS) or answer[start : start + 1] not in (b"{", b"]"):
            return None
        quoted_keys: list[bytes] = []
        items: list[bytes] = []
        conditions: list[Condition] = []
        parameters: list[bytes] = []
        end = start
        while end < len(answer) and answer[end] != _END:
            shape = self._shape_at(answer, end)
            if shape is None:
                return None
            end = _read_run(shape, answer, end, quoted_keys, items, parameters)
            conditions += [shape.condition] * (len(items) - len(conditions))
        try:
            rest: dict[str, Any] = orjson.loads(answer[:start] + answer[end:])
            sort_keys: list[str] = orjson.loads(b"[" + b",".join(quoted_keys) + b"]")
        except orjson.JSONDecodeError:
            return None
        if rest.get("Count") != len(items):
            return None
        return Decoded(rest, sort_keys, items, conditions, parameters, {})

    def _shape_at(self, answer: bytes, position: int) -> Shape | None:
        """The shape of the item at this position, learnt from it if need be; the latest found is tried first."""
        for number, shape in enumerate(self._known):
            if shape.pattern.match(answer, position):
                self._known.insert(0, self._known.pop(number))
                return shape
        if len(self._known) == MAX_SHAPES:
            return None
        try:
            item, _ = json.JSONDecoder().raw_decode(answer[position:].decode())
            shape = Shape(item, self._key, self.conditions)
        except (_NoShapeError, ValueError, KeyError, TypeError):  # names with half of a surrogate pair among them
            return None
        if not shape.pattern.match(answer, position):
            return None
        self._known.insert(0, shape)
        return shape


def _read_run(
    shape: Shape, answer: bytes, position: int, quoted_keys: list[bytes], items: list[bytes], parameters: list[bytes]
) -> int:
    """Append items as long as they have this shape; returns where the next one begins."""
    match, order, key_index = shape.pattern.match, shape.order, shape.key_index
    template, parameter_template = shape.template, shape.parameters
    while (found := match(answer, position)) is not None:
        values = found.group(*order)
        quoted_keys.append(values[key_index])
        items.append(template % values)
        parameters.append(parameter_template % values)
        position = found.end()
    return position


class _Parts:
    """Makes a shape's pattern, which follows the wire, and its templates, which follow the alphabet."""

    def __init__(self) -> None:
        self._groups = 0
        self.key_group = 0

    def members(self, content: Wire) -> tuple[_Part, list[bytes]]:
        """An item or a map, and the wire templates of its values by themselves."""
        made = {name: self._value(value) for name, value in content.items()}
        pattern = b",".join([re.escape(orjson.dumps(name)) + b":" + part.pattern for name, part in made.items()])
        ordered = sorted(made)
        names = {name: orjson.dumps(name).replace(b"%", b"%%") + b":" for name in ordered}
        template = b",".join([names[name] + made[name].template for name in ordered])
        wire = b",".join([names[name] + made[name].wire for name in ordered])
        order = tuple(group for name in ordered for group in made[name].order)
        part = _Part(rb"\{" + pattern + rb"\}", b"{" + template + b"}", b"{" + wire + b"}", order)
        return part, [made[name].wire for name in ordered]

    def _value(self, value: Wire) -> _Part:
        ((kind, content),) = value.items()
        if kind == _KEY:
            self.key_group = self._next_group()
            return _Part(rb'\{"S":' + _PLAIN_STRING + rb"\}", b"%b", b'{"S":%b}', (self.key_group,))
        if kind in _SCALARS:
            pattern, template, wire = _SCALARS[kind]
            return _Part(_typed(kind, pattern), template, wire, (self._next_group(),))
        if kind == "NULL":
            return _Part(_typed(kind, b"true"), b"null", b'{"NULL":true}', ())
        if kind == "L":
            made = [self._value(part) for part in content]
            joined = b",".join([part.pattern for part in made])
            template = b"[" + b",".join([part.template for part in made]) + b"]"
            wire = b'{"L":[' + b",".join([part.wire for part in made]) + b"]}"
            order = tuple(group for part in made for group in part.order)
            return _Part(_typed(kind, rb"\[" + joined + rb"\]"), template, wire, order)
        if kind != "M" or FOREIGN in content:  # of the others, sets have their values sorted
            raise _NoShapeError
        part, _ = self.members(content)
        template = part.template
        if len(content) == 1 and next(iter(content)).startswith("$"):
            template = b'{"$map":' + template + b"}"
        return _Part(_typed(kind, part.pattern), template, b'{"M":' + part.wire + b"}", part.order)

    def _next_group(self) -> int:
        if self._groups == MAX_VALUES:
            raise _NoShapeError
        self._groups += 1
        return self._groups


def _typed(kind: str, pattern: bytes) -> bytes:
    return rb'\{"' + kind.encode() + b'":' + pattern + rb"\}"
