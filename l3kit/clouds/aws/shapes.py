"""Whole pages of DynamoDB's wire JSON to chunk JSON without making Python objects: one pattern per item shape.

Telemetry items of a kind look alike: the same attributes of the same types, only the values differ. Such a *shape*
is a regular expression that matches exactly the items of that shape, and a template for their chunk JSON. This
copies each value's own text, so numbers keep their digits, at a third of the cost of parsing and writing anew
(docs/benchmarks.md). Whatever a shape does not match exactly goes the plain way, through l3kit.clouds.aws.items.

Why searching in text is safe here: in valid JSON a quote inside a string is always escaped, so the patterns' literal
parts match only structure; each item is matched from its first to its last byte, one right after the other; and what
remains of the page without its items must be valid JSON with the same count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import orjson

from l3kit.clouds.aws.items import FOREIGN

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
    "S": (_STRING, b"%b"),
    "N": (_NUMBER, b"%b"),
    "B": (rb'("[A-Za-z0-9+/]*+=*+")', b'{"$binary":%b}'),
    "BOOL": (rb"(true|false)", b"%b"),
}

Wire = Mapping[str, Any]


class _NoShapeError(Exception):
    """The item holds something that no pattern is made for."""


class Shape:
    """One kind of item: `pattern` matches it and a comma behind it, `template` takes its groups in `order`.

    Args:
        item: an item of that kind, in wire form.
        key: name of the sort key, a string.
    """

    __slots__ = ("key_index", "order", "pattern", "template")

    def __init__(self, item: Wire, key: str) -> None:
        parts = _Parts()
        pattern, self.template, self.order = parts.members({**item, key: {_KEY: ""}})
        self.pattern = re.compile(pattern + b",?")
        self.key_index = self.order.index(parts.key_group)


class Shapes:
    """The shapes met so far in one table. Not shared between tables."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._known: list[Shape] = []

    def read(self, answer: bytes) -> tuple[dict[str, Any], list[str], list[bytes]] | None:
        """A Query's answer as (the answer without items, sort keys, items as chunk JSON); None: take the plain way."""
        start = answer.find(_ITEMS) + len(_ITEMS)
        if start < len(_ITEMS) or answer[start : start + 1] not in (b"{", b"]"):
            return None
        quoted_keys: list[bytes] = []
        items: list[bytes] = []
        end = start
        while end < len(answer) and answer[end] != _END:
            shape = self._shape_at(answer, end)
            if shape is None:
                return None
            end = _read_run(shape, answer, end, quoted_keys, items)
        try:
            rest: dict[str, Any] = orjson.loads(answer[:start] + answer[end:])
            sort_keys: list[str] = orjson.loads(b"[" + b",".join(quoted_keys) + b"]")
        except orjson.JSONDecodeError:
            return None
        return (rest, sort_keys, items) if rest.get("Count") == len(items) else None

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
            shape = Shape(item, self._key)
        except (_NoShapeError, ValueError, KeyError, TypeError):  # names with half of a surrogate pair among them
            return None
        if not shape.pattern.match(answer, position):
            return None
        self._known.insert(0, shape)
        return shape


def _read_run(shape: Shape, answer: bytes, position: int, quoted_keys: list[bytes], items: list[bytes]) -> int:
    """Append items as long as they have this shape; returns where the next one begins."""
    match, template, order, key_index = shape.pattern.match, shape.template, shape.order, shape.key_index
    while (found := match(answer, position)) is not None:
        values = found.group(*order)
        quoted_keys.append(values[key_index])
        items.append(template % values)
        position = found.end()
    return position


class _Parts:
    """Makes a shape's pattern, which follows the wire, and its template, whose attributes are in alphabetical order."""

    def __init__(self) -> None:
        self._groups = 0
        self.key_group = 0

    def members(self, content: Wire) -> tuple[bytes, bytes, tuple[int, ...]]:
        """Pattern, template and the order of the template's groups, of an item or a map."""
        made = {name: self._value(value) for name, value in content.items()}
        pattern = b",".join([re.escape(orjson.dumps(name)) + b":" + part for name, (part, _, _) in made.items()])
        ordered = sorted(made)
        texts = [orjson.dumps(name).replace(b"%", b"%%") + b":" + made[name][1] for name in ordered]
        order = tuple(group for name in ordered for group in made[name][2])
        return rb"\{" + pattern + rb"\}", b"{" + b",".join(texts) + b"}", order

    def _value(self, value: Wire) -> tuple[bytes, bytes, tuple[int, ...]]:
        ((kind, content),) = value.items()
        if kind == _KEY:
            self.key_group = self._next_group()
            return rb'\{"S":' + _PLAIN_STRING + rb"\}", b"%b", (self.key_group,)
        if kind in _SCALARS:
            pattern, template = _SCALARS[kind]
            order: tuple[int, ...] = (self._next_group(),)
        elif kind == "NULL":
            pattern, template, order = b"true", b"null", ()
        elif kind == "L":
            made = [self._value(part) for part in content]
            pattern = rb"\[" + b",".join([part for part, _, _ in made]) + rb"\]"
            template = b"[" + b",".join([text for _, text, _ in made]) + b"]"
            order = tuple(group for _, _, groups in made for group in groups)
        elif kind == "M":
            pattern, template, order = self.members(content)
            if FOREIGN in content:
                raise _NoShapeError
            if len(content) == 1 and next(iter(content)).startswith("$"):
                template = b'{"$map":' + template + b"}"
        else:  # sets among them, whose values are sorted
            raise _NoShapeError
        return rb'\{"' + kind.encode() + b'":' + pattern + rb"\}", template, order

    def _next_group(self) -> int:
        if self._groups == MAX_VALUES:
            raise _NoShapeError
        self._groups += 1
        return self._groups
