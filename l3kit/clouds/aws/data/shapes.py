"""Conversion of pages of DynamoDB's wire JSON to chunk JSON without Python objects: one pattern per item shape.

Telemetry items of one kind have the same attributes of the same types; only the values differ. Such a *shape* is a
regular expression that matches exactly the items of that shape, and a template for their chunk JSON. Copying the text
of each value keeps all digits of numbers, at a third of the cost of parsing and writing
(docs/explanation/benchmarks.md). Items that no shape matches exactly are converted by l3kit.clouds.aws.data.items.

Why text matching is safe: in valid JSON a quote inside a string is always escaped, so the literal parts of the patterns
match only structure; items are matched contiguously from the first to the last byte; and the rest of the page without
its items must be valid JSON with the same count.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Mapping
from typing import Any, NamedTuple
from zlib import crc32

import orjson

from l3kit.clouds.aws.data.items import FOREIGN, WRAPPED
from l3kit.clouds.aws.data.statements import Condition, Conditions
from l3kit.clouds.aws.data.untouched import fingerprints

MAX_SHAPES = 64
"""Maximum shapes per table; beyond it the items are too varied."""
MAX_VALUES = 200
"""Maximum values in a shape; items with long lists are converted one by one."""

_ITEMS = b'"Items":['
_END = ord("]")
# Only the escapes that orjson writes, so that both conversions give the same bytes.
# A range of allowed bytes and possessive quantifiers everywhere take two thirds of the time of `[^"\\]` and `?`.
_STRING = rb'("[ !#-\[\]-\xff]*+(?:\\["\\nrtbf][ !#-\[\]-\xff]*+)*+")'
_KEY = "the sort key"  # placeholder for its type
_PLAIN_STRING = rb'("[ !#-\[\]-\xff]*+")'
_NUMBER = rb'"(-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][-+]?+[0-9]++)?+)"'
_SCALARS = {
    "S": (_STRING, b"%b", b'{"S":%b}'),
    "N": (_NUMBER, b"%b", b'{"N":"%b"}'),
    "B": (rb'("[A-Za-z0-9+/]*+=*+")', b'{"$binary":%b}', b'{"B":%b}'),
    "BOOL": (rb"(true|false)", b"%b", b'{"BOOL":%b}'),
}

Wire = Mapping[str, Any]


class Decoded(NamedTuple):
    """A decoded Query response with the delete condition of each item.

    Attributes:
        rest: the response without its items.
        parameters: the parameters of the deletes by `conditions`, each joined by commas.
        partly: by sort key, the chunk JSON of items that the condition compares only in part.
        fingerprints: of the items as stored; empty if the page was converted item by item.
        refused: items that cannot be written as JSON, each with the reason; they are not in `items`.
    """

    rest: dict[str, Any]
    sort_keys: list[str]
    items: list[bytes]
    conditions: list[Condition]
    parameters: list[bytes]
    partly: dict[str, bytes]
    fingerprints: array[int]
    refused: tuple[tuple[str, str], ...] = ()


class _NoShapeError(Exception):
    """The item has a value that patterns do not support."""


class _Part(NamedTuple):
    """Pattern of a value, templates of its chunk JSON and wire form, and the order of their groups."""

    pattern: bytes
    template: bytes
    wire: bytes
    order: tuple[int, ...]


class Shape:
    """One kind of item: `pattern` matches it; the templates take its groups in `order`.

    Args:
        item: a sample of that kind, in wire form.
        key: name of the sort key, a string.
        conditions: the table's delete conditions.
    Attributes:
        template: template of its chunk JSON.
        parameters: template of the parameters of its delete.
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
        self.pattern = re.compile(whole.pattern)
        self.key_index = self.order.index(parts.key_group)


class Shapes:
    """The shapes learned in one table, and its delete conditions."""

    def __init__(self, key: str, conditions: Conditions) -> None:
        self._key = key
        self.conditions = conditions
        self._known: list[Shape] = []

    def read(self, answer: bytes) -> Decoded | None:
        """Decode a Query response; None if it must be converted item by item."""
        start = answer.find(_ITEMS) + len(_ITEMS)
        if start < len(_ITEMS) or answer[start : start + 1] not in (b"{", b"]"):
            return None
        quoted_keys: list[bytes] = []
        items: list[bytes] = []
        conditions: list[Condition] = []
        parameters: list[bytes] = []
        prints = fingerprints()
        end = start
        while end < len(answer) and answer[end] != _END:
            shape = self._shape_at(answer, end)
            if shape is None:
                return None
            end = _read_run(shape, answer, end, quoted_keys, items, parameters, prints)
            conditions += [shape.condition] * (len(items) - len(conditions))
        try:
            rest: dict[str, Any] = orjson.loads(answer[:start] + answer[end:])
            sort_keys: list[str] = orjson.loads(b"[" + b",".join(quoted_keys) + b"]")
        except orjson.JSONDecodeError:
            return None
        if rest.get("Count") != len(items):
            return None
        return Decoded(rest, sort_keys, items, conditions, parameters, {}, prints)

    def _shape_at(self, answer: bytes, position: int) -> Shape | None:
        """The shape of the item at this position, learned from it if new; the most recent shape is tried first."""
        for number, shape in enumerate(self._known):
            if shape.pattern.match(answer, position):
                self._known.insert(0, self._known.pop(number))
                return shape
        if len(self._known) == MAX_SHAPES:
            return None
        try:
            item, _ = json.JSONDecoder().raw_decode(answer[position:].decode())
            shape = Shape(item, self._key, self.conditions)
        except (_NoShapeError, ValueError, KeyError, TypeError):  # such as names with a lone surrogate
            return None
        if not shape.pattern.match(answer, position):
            return None
        self._known.insert(0, shape)
        return shape


def _read_run(
    shape: Shape,
    answer: bytes,
    position: int,
    quoted_keys: list[bytes],
    items: list[bytes],
    parameters: list[bytes],
    prints: array[int],
) -> int:
    """Append items while they have this shape. Returns: the start of the next item."""
    match, order, key_index = shape.pattern.match, shape.order, shape.key_index
    template, parameter_template = shape.template, shape.parameters
    while (found := match(answer, position)) is not None:
        values = found.group(*order)
        quoted_keys.append(values[key_index])
        items.append(template % values)
        parameters.append(parameter_template % values)
        end = found.end()
        prints.append((end - position) << 32 | crc32(answer[position:end]))
        position = end + answer.startswith(b",", end)
    return position


class _Parts:
    """Builds a shape's pattern, in wire order, and its templates, in alphabetical order."""

    def __init__(self) -> None:
        self._groups = 0
        self.key_group = 0

    def members(self, content: Wire) -> tuple[_Part, list[bytes]]:
        """Build an item or a map, with the wire templates of its single values."""
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
        if kind != "M" or FOREIGN in content:  # sets among the others are sorted by value
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
