"""Whole pages of DynamoDB's wire JSON to chunk JSON without making Python objects: one pattern per item shape.

Telemetry items of a kind look alike: the same attributes of the same types, only the values differ. Such a *shape*
is a regular expression that matches exactly the items of that shape, and a template for their chunk JSON. This
copies each value's own text, so numbers keep their digits, and costs a quarter of parsing and writing anew
(docs/benchmarks.md). Whatever a shape does not match exactly goes the plain way, through l3kit.clouds.aws.items.

Why searching in text is safe here: in valid JSON a quote inside a string is always escaped, so the patterns' literal
parts match only structure; each item is matched from its first to its last byte, one right after the other; and what
remains of the page without its items must be valid JSON with the same count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

MAX_SHAPES = 64
"""Beyond that the items have no shape worth learning."""
MAX_VALUES = 200
"""In one shape; items with long lists go the plain way."""

_ITEMS = b'"Items":['
_END = ord("]")
# Only the escapes that orjson itself would write, so that both ways give the same bytes.
_STRING = rb'("[^"\\]*+(?:\\["\\nrtbf][^"\\]*+)*+")'
_PLAIN_STRING = rb'("[^"\\]*+")'
_NUMBER = rb'"(-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?)"'
_SCALARS = {
    "S": (_STRING, b"%b"),
    "N": (_NUMBER, b"%b"),
    "B": (rb'("[A-Za-z0-9+/]*+=*+")', b'{"$binary":%b}'),
    "BOOL": (rb"(true|false)", b"%b"),
    "NULL": (rb"true", b"null"),
}
_SETS = {"SS": (_STRING, b"$stringSet"), "NS": (_NUMBER, b"$numberSet"), "BS": (_SCALARS["B"][0], b"$binarySet")}

Wire = Mapping[str, Any]


class _NoShapeError(Exception):
    """The item holds something that no pattern is made for."""


class Shape:
    """One kind of item: `pattern` matches it and a comma behind it, `template` takes the pattern's groups.

    Args:
        item: an item of that kind, in wire form.
        key: name of the sort key, a string.
    """

    __slots__ = ("key_group", "pattern", "template")

    def __init__(self, item: Wire, key: str) -> None:
        parts = [_member(name, value) for name, value in item.items() if name != key]
        patterns, templates = [p for p, _ in parts], [t for _, t in parts]
        at = list(item).index(key)
        name = orjson.dumps(key)
        patterns.insert(at, re.escape(name) + rb':\{"S":' + _PLAIN_STRING.replace(b"(", b"(?P<key>", 1) + rb"\}")
        templates.insert(at, name + b":%b")
        self.pattern = re.compile(rb"\{" + b",".join(patterns) + rb"\},?")
        if self.pattern.groups > MAX_VALUES:
            raise _NoShapeError
        self.template = b"{" + b",".join(templates) + b"}"
        self.key_group = self.pattern.groupindex["key"] - 1


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
            shape = self._shape_at(answer, end, len(items))
            if shape is None:
                return None
            end = _read_run(shape, answer, end, quoted_keys, items)
        try:
            rest: dict[str, Any] = orjson.loads(answer[:start] + answer[end:])
            sort_keys: list[str] = orjson.loads(b"[" + b",".join(quoted_keys) + b"]")
        except orjson.JSONDecodeError:
            return None
        return (rest, sort_keys, items) if rest.get("Count") == len(items) else None

    def _shape_at(self, answer: bytes, position: int, index: int) -> Shape | None:
        """The shape of the item at this position, learnt from it if need be; the latest found is tried first."""
        for number, shape in enumerate(self._known):
            if shape.pattern.match(answer, position):
                self._known.insert(0, self._known.pop(number))
                return shape
        if len(self._known) == MAX_SHAPES:
            return None
        try:
            shape = Shape(orjson.loads(answer)["Items"][index], self._key)
        except (_NoShapeError, ValueError, KeyError, IndexError):
            return None
        if not shape.pattern.match(answer, position):
            return None
        self._known.insert(0, shape)
        return shape


def _read_run(shape: Shape, answer: bytes, position: int, quoted_keys: list[bytes], items: list[bytes]) -> int:
    """Append items as long as they have this shape; returns where the next one begins."""
    match, template, key_group = shape.pattern.match, shape.template, shape.key_group
    while (found := match(answer, position)) is not None:
        values = found.groups()
        quoted_keys.append(values[key_group])
        items.append(template % values)
        position = found.end()
    return position


def _member(name: str, value: Wire) -> tuple[bytes, bytes]:
    pattern, template = _value(value)
    quoted = orjson.dumps(name)
    return re.escape(quoted) + b":" + pattern, quoted.replace(b"%", b"%%") + b":" + template


def _value(value: Wire) -> tuple[bytes, bytes]:
    """Pattern and template of one value in wire form, such as {"N": "1.5"}."""
    ((kind, content),) = value.items()
    if kind in _SCALARS:
        pattern, template = _SCALARS[kind]
    elif kind in _SETS:
        one, tag = _SETS[kind]
        pattern = rb"\[" + b",".join([one] * len(content)) + rb"\]"
        template = b'{"%b":[' % tag + b",".join([b"%b"] * len(content)) + b"]}"
    elif kind == "L":
        pattern, template = _joined(map(_value, content), rb"\[", rb"\]", b"[", b"]")
    elif kind == "M":
        pattern, template = _joined((_member(*member) for member in content.items()), rb"\{", rb"\}", b"{", b"}")
        if len(content) == 1 and next(iter(content)).startswith("$"):
            template = b'{"$map":' + template + b"}"
    else:
        raise _NoShapeError
    return rb'\{"' + kind.encode() + b'":' + pattern + rb"\}", template


def _joined(
    parts: Iterable[tuple[bytes, bytes]], left: bytes, right: bytes, before: bytes, after: bytes
) -> tuple[bytes, bytes]:
    pairs = list(parts)
    pattern = left + b",".join([pattern for pattern, _ in pairs]) + right
    return pattern, before + b",".join([template for _, template in pairs]) + after
