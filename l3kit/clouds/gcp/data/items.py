"""Conversion between Firestore values and chunk JSON. docs/reference/chunks.md describes the JSON form.

Stored natively: text, booleans, null, maps, arrays, bytes, 64-bit integers, and doubles if their digits survive. Values
that Firestore does not support are stored in a map with a single key, which `to_chunk_json` reverses:

- `$number`: the digits of any other number, as text;
- `$json`: chunk JSON as text, for arrays in arrays, invalid field names, and values nested too deeply;
- `$stringSet`, `$numberSet`, `$binarySet`: as in the chunk, but with native values;
- `$map`: a user's map that looks like one of these.

Conversely, Firestore values that JSON lacks are tagged in the chunk: `$binary`, `$timestamp`,
`$geoPoint` and `$reference`.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Mapping
from typing import Any

import orjson
from google.cloud.firestore_v1 import types

from l3kit.clouds.gcp.data import foreign_values
from l3kit.clouds.gcp.data.document_ids import RESERVED
from l3kit.errors import ItemRefusedError
from l3kit.tiering.format.item_json import (
    FIRESTORE_TAGS,
    JSON_NUMBER,
    PARTITION_KEY,
    SORT_KEY,
    NumberText,
    decode_binary,
    dump_item,
    item_name,
    looks_tagged,
    misused,
)

MAX_LEVELS = 16
"""Firestore allows 20 levels; maps and arrays deeper than this are stored as text."""
MAX_FIELD_NAME_BYTES = 1500
STORE_TAGS = frozenset({"$number", "$json", "$map", "$stringSet", "$numberSet", "$binarySet"})

_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,18}")
_Value: Any = types.Value.pb()


class _UnholdableError(Exception):
    """Firestore cannot hold this value natively."""


def fill(fields: Any, item: Mapping[str, Any]) -> None:
    """Write a parsed item into a document's fields.

    Raises: ItemRefusedError naming item and attribute that Firestore cannot hold unchanged.
    """
    name = item_name(item)
    for attribute, value in item.items():
        where = f"{name}: {attribute}"
        try:
            if not _is_field_name(attribute):
                raise ItemRefusedError(where, "Firestore does not allow this field name")
            _fill(fields[attribute], value, where, 1)
        except (UnicodeError, TypeError, ValueError, RecursionError):  # such as a lone surrogate
            printable = where.encode(errors="backslashreplace").decode()
            raise ItemRefusedError(printable, "has text that is not valid Unicode, or is nested too deeply") from None


def to_chunk_json(fields: Mapping[str, Any], device_id: str, sort_key: str) -> bytes:
    """Convert a document's fields to chunk JSON, in alphabetical order, with both keys from its path.

    Raises: ItemRefusedError for a value that JSON cannot represent, or a key attribute that contradicts the path.
    """
    try:
        return _to_json({name: _plain(value) for name, value in fields.items()}, device_id, sort_key)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ItemRefusedError(
            f"item {device_id}/{sort_key}", f"has a value that JSON cannot represent ({error})"
        ) from None


def fields_to_json(fields: Mapping[str, Any]) -> bytes:
    """Convert the fields of another program's document to chunk JSON. Raises: ItemRefusedError as `to_chunk_json`."""
    try:
        return dump_item({name: _plain(value) for name, value in fields.items()}, orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ItemRefusedError("document", f"has a value that JSON cannot represent ({error})") from None


def _to_json(plain: dict[str, Any], device_id: str, sort_key: str) -> bytes:
    for key, wanted in ((PARTITION_KEY, device_id), (SORT_KEY, sort_key)):
        if plain.setdefault(key, wanted) != wanted:
            raise ItemRefusedError(
                f"item {device_id}/{sort_key}", f"its field {key} contradicts the document's name, which is {wanted}"
            )
    return dump_item(plain, orjson.OPT_SORT_KEYS)


def _fill(target: Any, value: Any, where: str, level: int) -> None:
    try:
        _fill_native(target, value, where, level)
    except _UnholdableError:
        target.Clear()
        target.map_value.fields["$json"].string_value = _text(value)


def _fill_native(target: Any, value: Any, where: str, level: int) -> None:
    if isinstance(value, NumberText):
        _fill_number(target, value)
    elif isinstance(value, str):
        target.string_value = value
    elif value is None:
        target.null_value = 0
    elif isinstance(value, bool):
        target.boolean_value = value
    elif isinstance(value, list):
        _fill_array(target, value, where, level)
    elif looks_tagged(value):
        ((tag, content),) = value.items()
        _fill_tagged(target, tag, content, where, level)
    else:
        _fill_map(target, value, where, level)


def _fill_number(target: Any, text: str) -> None:
    if _WHOLE.fullmatch(text) and -(2**63) <= int(text) < 2**63:
        target.integer_value = int(text)
        return
    number = float(text)
    if math.isfinite(number) and orjson.dumps(number) == text.encode():
        target.double_value = number
    else:
        target.map_value.fields["$number"].string_value = text


def _fill_array(target: Any, entries: list[Any], where: str, level: int) -> None:
    target.array_value.SetInParent()
    if level > MAX_LEVELS:
        raise _UnholdableError
    for entry in entries:
        if isinstance(entry, list):
            raise _UnholdableError
        _fill(target.array_value.values.add(), entry, where, level + 1)


def _fill_map(target: Any, content: Mapping[str, Any], where: str, level: int) -> None:
    target.map_value.SetInParent()
    if level > MAX_LEVELS or not all(_is_field_name(name) for name in content):
        raise _UnholdableError
    for name, entry in content.items():
        _fill(target.map_value.fields[name], entry, f"{where}.{name}", level + 1)


def _fill_tagged(target: Any, tag: str, content: Any, where: str, level: int) -> None:
    if level > MAX_LEVELS:
        raise _UnholdableError
    if tag == "$map" and isinstance(content, dict):
        if len(content) == 1 and next(iter(content)) in STORE_TAGS:
            target = target.map_value.fields["$map"]
        _fill_map(target, content, where, level + 1)
    elif tag == "$binary" and isinstance(content, str):
        target.bytes_value = _bytes(content, where)
    elif tag in ("$stringSet", "$numberSet", "$binarySet") and isinstance(content, list) and content:
        _fill_set(target.map_value.fields[tag].array_value.values, tag, content, where)
    elif tag in FIRESTORE_TAGS:
        if not foreign_values.fill(target, tag, content):
            raise misused(where, tag)
    elif tag in STORE_TAGS or tag == "$binary":
        raise misused(where, tag)
    else:
        _fill_map(target, {tag: content}, where, level)


def _fill_set(values: Any, tag: str, content: list[Any], where: str) -> None:
    for entry in content:
        numeric = isinstance(entry, NumberText)
        if not isinstance(entry, str) or numeric != (tag == "$numberSet"):
            raise misused(where, tag)
        if numeric:
            _fill_number(values.add(), entry)
        elif tag == "$stringSet":
            values.add().string_value = entry
        else:
            values.add().bytes_value = _bytes(entry, where)


def _bytes(text: str, where: str) -> bytes:
    content = decode_binary(text, where)
    if base64.b64encode(content).decode() != text:
        raise _UnholdableError
    return content


def _plain(value: Any) -> Any:
    kind = value.WhichOneof("value_type")
    if kind == "string_value":
        return value.string_value
    if kind == "integer_value":
        return value.integer_value
    if kind == "double_value":
        if not math.isfinite(value.double_value):
            raise ItemRefusedError("item", f"has the number {value.double_value}, which JSON cannot represent")
        return value.double_value
    if kind == "boolean_value":
        return value.boolean_value
    if kind == "null_value":
        return None
    if kind == "map_value":
        return _plain_map(value.map_value.fields)
    if kind == "array_value":
        return [_plain(entry) for entry in value.array_value.values]
    if kind == "bytes_value":
        return {"$binary": base64.b64encode(value.bytes_value).decode()}
    return foreign_values.plain(value, kind)


def _plain_map(fields: Mapping[str, Any]) -> Any:
    if len(fields) == 1:
        ((name, content),) = fields.items()
        if name in STORE_TAGS:
            try:
                return _untagged(name, content)
            except ValueError:  # from another program: a map that only looks like a tag
                return {"$map": {name: _plain(content)}}
        if name.startswith("$"):
            return {"$map": {name: _plain(content)}}
    if "__type__" in fields:
        raise ItemRefusedError("item", "has a vector, which the chunk format does not support")
    return {name: _plain(content) for name, content in fields.items()}


def _untagged(tag: str, content: Any) -> Any:
    """Reverse a tag written by `fill`. Raises: ValueError if it is not in that form."""
    kind = content.WhichOneof("value_type")
    if tag == "$number" and JSON_NUMBER.fullmatch(content.string_value):
        return orjson.Fragment(content.string_value)
    if tag == "$json" and kind == "string_value":
        json.loads(content.string_value, parse_float=NumberText, parse_constant=_no_json)
        return orjson.Fragment(content.string_value)
    if tag == "$map" and kind == "map_value":
        inner = content.map_value.fields
        if len(inner) == 1 and next(iter(inner)) in STORE_TAGS:
            return {"$map": {name: _plain(value) for name, value in inner.items()}}
    if tag.endswith("Set") and content.array_value.values:
        return {tag: _set_entries(tag, content.array_value.values)}
    raise ValueError


def _set_entries(tag: str, values: Any) -> list[Any]:
    if tag == "$binarySet":
        if all(value.HasField("bytes_value") for value in values):
            return [base64.b64encode(value.bytes_value).decode() for value in values]
    elif tag == "$stringSet":
        if all(value.HasField("string_value") for value in values):
            return [value.string_value for value in values]
    elif all(_is_number(value) for value in values):
        return [_plain(value) for value in values]
    raise ValueError


def _is_number(value: Any) -> bool:
    kind = value.WhichOneof("value_type")
    if kind == "map_value":
        held = value.map_value.fields
        return len(held) == 1 and "$number" in held and bool(JSON_NUMBER.fullmatch(held["$number"].string_value))
    return kind in ("integer_value", "double_value")


def _text(value: Any) -> str:
    return orjson.dumps(_with_digits(value), option=orjson.OPT_SORT_KEYS).decode()


def _with_digits(value: Any) -> Any:
    if isinstance(value, NumberText):
        return orjson.Fragment(str(value))
    if isinstance(value, list):
        return [_with_digits(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _with_digits(entry) for name, entry in value.items()}
    return value


def _is_field_name(name: str) -> bool:
    return bool(name) and not RESERVED.fullmatch(name) and len(name.encode()) <= MAX_FIELD_NAME_BYTES


def _no_json(text: str) -> Any:
    raise ValueError(text)
