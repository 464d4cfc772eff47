"""Conversion between DynamoDB's wire JSON and chunk JSON, item by item, for every type.

Whole pages go through `shapes` if possible, with the same result. docs/reference/chunks.md describes the format.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from l3kit.errors import ItemRefusedError
from l3kit.tiering.format.item_json import (
    FIRESTORE_TAGS,
    JSON_NUMBER,
    NumberText,
    decode_binary,
    dump_item,
    item_name,
    looks_tagged,
    misused,
    parse_item,
)

MAX_DIGITS = 38
MAX_LEVELS = 31
"""Maximum nesting of maps and lists: DynamoDB's 32 levels include the innermost scalar."""
_TAGS = {"$binary": "B", "$stringSet": "SS", "$numberSet": "NS", "$binarySet": "BS", "$map": "M"}
FOREIGN = "$foreign"
"""In a table, the only key of a map that wraps a tag of another store, such as `{"$timestamp": ...}`."""
WRAPPED = "_l3kit.item"
"""In a table, a map with the attributes of an item that was put back, if their names are too long for a statement."""

Wire = Mapping[str, Any]


def to_chunk_json(item: Mapping[str, Wire]) -> bytes:
    """Convert an item in wire form to chunk JSON, attributes in alphabetical order.

    Raises: ItemRefusedError for an unknown type, an invalid number or a lone surrogate.
    """
    item = unwrapped(item)
    try:
        return dump_item({name: _plain(item[name]) for name in sorted(item)})
    except (TypeError, ValueError, RecursionError) as error:
        raise ItemRefusedError("item", f"has a value that JSON cannot represent ({error})") from None


def unwrapped(item: Mapping[str, Wire]) -> Mapping[str, Wire]:
    """Unwrap an item stored in WRAPPED; attributes written next to it since take precedence."""
    if "M" not in item.get(WRAPPED, ()):
        return item
    beside = {name: value for name, value in item.items() if name != WRAPPED}
    return {**item[WRAPPED]["M"], **beside}


def to_wire(chunk_json: bytes) -> dict[str, Wire]:
    """The inverse of `to_chunk_json`. Raises: ItemRefusedError naming item and attribute that DynamoDB cannot hold."""
    item = parse_item(chunk_json)
    name = item_name(item)
    wire = {attribute: _wire(value, f"{name}: {attribute}", 1) for attribute, value in item.items()}
    if "M" in wire.get(WRAPPED, ()):
        raise ItemRefusedError(name, f"its attribute {WRAPPED} is a map, which is reserved by l3kit")
    return wire


def same_item(one: Mapping[str, Wire], other: Mapping[str, Wire]) -> bool:
    """Return whether two items in wire form have the same attributes and values; numbers are compared by value."""
    return one.keys() == other.keys() and all(_same(value, other[name]) for name, value in one.items())


def _same(one: Wire, other: Wire) -> bool:
    ((kind, content),) = one.items()
    if kind not in other:
        return False
    there = other[kind]
    if kind == "M":
        return same_item(content, there)
    if kind == "L":
        return len(content) == len(there) and all(map(_same, content, there))
    if kind == "N":
        return bool(content == there or Decimal(content) == Decimal(there))
    if kind == "NS":
        return set(map(Decimal, content)) == set(map(Decimal, there))
    if kind in ("SS", "BS"):
        return set(content) == set(there)
    return bool(content == there)


def _plain(value: Wire) -> Any:
    ((kind, content),) = value.items()
    if kind in ("S", "BOOL"):
        return content
    if kind == "N":
        return _fragment(content)
    if kind == "NULL":
        return None
    if kind == "M":
        if _is_foreign(content):
            return {name: _plain(inner) for name, inner in content[FOREIGN]["M"].items()}
        plain = {name: _plain(content[name]) for name in sorted(content)}
        return {"$map": plain} if looks_tagged(plain) else plain
    if kind == "L":
        return [_plain(entry) for entry in content]
    if kind == "B":
        return {"$binary": content}
    if kind == "SS":
        return {"$stringSet": sorted(content)}
    if kind == "NS":
        return {"$numberSet": [_fragment(number) for number in sorted(content, key=Decimal)]}
    if kind == "BS":
        return {"$binarySet": sorted(content)}
    raise ItemRefusedError("item", f"has a value of the unknown type {kind}")


def _is_foreign(content: Mapping[str, Any]) -> bool:
    """Return whether a map in a table represents a value of a type that DynamoDB lacks."""
    if len(content) != 1 or FOREIGN not in content:
        return False
    inner = content[FOREIGN].get("M", {})
    return len(inner) == 1 and next(iter(inner)) in FIRESTORE_TAGS


def _fragment(number: str) -> orjson.Fragment:
    if JSON_NUMBER.fullmatch(number):
        return orjson.Fragment(number)
    try:
        value = Decimal(number)
    except InvalidOperation:
        raise ItemRefusedError("item", f"has the invalid number {number!r}") from None
    if not value.is_finite():
        raise ItemRefusedError("item", f"has the number {number!r}, which JSON cannot represent")
    return orjson.Fragment(str(value))


def _wire(value: Any, where: str, level: int) -> Wire:
    if isinstance(value, NumberText):
        return {"N": _checked_number(value, where)}
    if isinstance(value, str):
        return {"S": value}
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if level > MAX_LEVELS:
        raise ItemRefusedError(where[:200], f"is nested more than {MAX_LEVELS} levels deep, DynamoDB's limit")
    if isinstance(value, list):
        return {"L": [_wire(entry, where, level + 1) for entry in value]}
    if looks_tagged(value):
        ((tag, content),) = value.items()
        if tag in _TAGS:
            return _tagged(tag, content, where, level)
        if tag in FIRESTORE_TAGS:
            return {"M": {FOREIGN: {"M": {tag: _wire(content, f"{where}.{tag}", level + 2)}}}}
    return {"M": {name: _wire(entry, f"{where}.{name}", level + 1) for name, entry in value.items()}}


def _tagged(tag: str, content: Any, where: str, level: int) -> Wire:
    kind = _TAGS[tag]
    if kind == "M" and isinstance(content, dict):
        wire = {name: _wire(entry, f"{where}.{name}", level + 1) for name, entry in content.items()}
        if _is_foreign(wire):
            raise ItemRefusedError(where, f"is a map with the only key {FOREIGN}, which is reserved by l3kit")
        return {"M": wire}
    if kind == "B" and isinstance(content, str):
        return {"B": _checked_binary(content, where)}
    if kind in ("SS", "NS", "BS") and isinstance(content, list) and content:
        if kind == "SS" and all(isinstance(entry, str) and not isinstance(entry, NumberText) for entry in content):
            return {"SS": content}
        if kind == "NS" and all(isinstance(entry, NumberText) for entry in content):
            return {"NS": [_checked_number(entry, where) for entry in content]}
        if kind == "BS" and all(isinstance(entry, str) for entry in content):
            return {"BS": [_checked_binary(entry, where) for entry in content]}
    raise misused(where, tag)


def _checked_binary(text: str, where: str) -> str:
    decode_binary(text, where)
    return text


def _checked_number(text: str, where: str) -> str:
    """Refuse a number that DynamoDB would refuse or round: it keeps 38 digits from 1E-130 to 9.99E+125."""
    if len(text) <= MAX_DIGITS and "e" not in text and "E" not in text:
        return str(text)  # too short to exceed digits or range without an exponent
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ItemRefusedError(where, f"the number {text[:60]} is outside any supported range") from None
    digits = "".join(map(str, value.as_tuple().digits)).strip("0")
    if len(digits) > MAX_DIGITS or (value and not -130 <= value.adjusted() <= 125):
        raise ItemRefusedError(where, f"the number {text[:60]} exceeds DynamoDB's digits or range")
    return str(text)
