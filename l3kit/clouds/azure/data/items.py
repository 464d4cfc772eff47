"""Conversion between Cosmos DB documents and chunk JSON: the same JSON except for values that Cosmos DB would change.

Cosmos DB's numbers are IEEE doubles. A number that would lose digits is stored as `{"$number": "<digits>"}`. The
chunk's tags (docs/reference/chunks.md) are stored unchanged, and a map that only looks like a tag as `{"$map": ...}`.
Attributes with a special meaning in Cosmos DB (`ttl`, `_ts`, ...) are stored under a name that begins with `$l3kit.`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from l3kit.errors import ItemRefusedError
from l3kit.tiering.format.item_json import (
    FIRESTORE_TAGS,
    JSON_NUMBER,
    PARTITION_KEY,
    SORT_KEY,
    TAGS,
    NumberText,
    decode_binary,
    dump_item,
    item_name,
    looks_tagged,
    misused,
    parse_item,
)

SYSTEM = ("_rid", "_self", "_etag", "_attachments", "_ts")
RESERVED = frozenset((*SYSTEM, "ttl", "__proto__"))
PREFIX = "$l3kit."
NUMBER = "$number"
MAX_EXACT = 2**53
MAX_DEPTH = 120
"""Maximum nesting of maps and lists. The service allows 128 levels, some of which tags may use."""
MAX_ITEM_BYTES = 2 * 1024 * 1024 - 4096
"""The service's limit of 2 MB, less room for its system properties."""
MAX_ID_BYTES = 1023
MAX_PARTITION_BYTES = 2048
FORBIDDEN_IN_ID = "/\\?#"
FIRST_UNSORTED = "\ue000"
"""From this character on, UTF-16 and Unicode order differ, and the service does not document which it uses."""

Document = dict[str, Any]


def to_document(chunk_json: bytes) -> Document:
    """Convert an item to a document. Raises: ItemRefusedError naming the item if Cosmos DB cannot hold it."""
    item = parse_item(chunk_json, _integer, _float)
    name = item_name(item)
    document = {_stored_name(key): _stored(value, f"{name}: {key}", 1) for key, value in item.items()}
    _check_keys(name, item)
    try:
        size = len(orjson.dumps(document))
    except (TypeError, ValueError):
        raise ItemRefusedError(name, "has a lone surrogate, which is not valid text") from None
    if size > MAX_ITEM_BYTES:
        raise ItemRefusedError(name, f"has {size} bytes, and Cosmos DB allows 2 MB", "Split it into several items")
    return document


def to_chunk_json(document: Document) -> bytes:
    """Convert a document to an item, attributes in alphabetical order, without system properties.

    Raises: ItemRefusedError for a value that JSON cannot represent.
    """
    for name in SYSTEM:
        document.pop(name, None)
    try:
        plain = dump_item(document, orjson.OPT_SORT_KEYS)
        if b'"$' not in plain and not (b"null" in plain and _has_odd_number(document)):
            return plain
    except TypeError:  # an integer of more than 64 bits, or a lone surrogate
        pass
    try:
        return dump_item({_plain_name(name): _plain(document[name]) for name in sorted(document, key=_plain_name)})
    except (TypeError, ValueError, RecursionError) as error:
        raise ItemRefusedError("item", f"has a value that JSON cannot represent ({error})") from None


def check_sort_key(name: str, sort_key: str) -> None:
    """Raise ItemRefusedError if Cosmos DB does not allow the document id, or may sort it differently."""
    bad = next((character for character in sort_key if character in FORBIDDEN_IN_ID), None)
    if bad is not None:
        raise ItemRefusedError(name, f"its sort key contains {bad!r}, which Cosmos DB does not allow in an id")
    if len(sort_key.encode("utf-8", "replace")) > MAX_ID_BYTES:
        raise ItemRefusedError(name, f"its sort key is longer than {MAX_ID_BYTES} bytes")
    if max(sort_key) >= FIRST_UNSORTED:
        raise ItemRefusedError(
            name, "its sort key contains a character from U+E000 on, whose order in Cosmos DB is not documented"
        )


def _check_keys(name: str, item: Mapping[str, Any]) -> None:
    check_sort_key(name, item[SORT_KEY])
    if len(item[PARTITION_KEY].encode("utf-8", "replace")) > MAX_PARTITION_BYTES:
        raise ItemRefusedError(name, f"its device id is longer than {MAX_PARTITION_BYTES} bytes")


def _stored_name(name: str) -> str:
    return PREFIX + name if name in RESERVED or name.startswith(PREFIX) else name


def _plain_name(name: str) -> str:
    return name.removeprefix(PREFIX)


def _integer(text: str) -> int | NumberText:
    """Keep a number as text if a double cannot represent it."""
    if len(text) <= 17 and text != "-0":
        value = int(text)
        if abs(value) <= MAX_EXACT:
            return value
    return NumberText(text)


def _float(text: str) -> float | NumberText:
    """Keep a number as a float if its text survives; whole values do not, as they come back without fraction."""
    value = float(text)
    if value - value != 0 or value.is_integer() or orjson.dumps(value) != text.encode():
        return NumberText(text)
    return value


def _stored(value: Any, where: str, depth: int) -> Any:
    if isinstance(value, NumberText):
        return {NUMBER: str(value)}
    if not isinstance(value, (dict, list)):
        return value
    if depth > MAX_DEPTH:
        raise ItemRefusedError(where[:200], f"is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, list):
        return [_stored(entry, where, depth + 1) for entry in value]
    if looks_tagged(value):
        ((tag, content),) = value.items()
        if tag in FIRESTORE_TAGS:
            return {tag: _stored(content, where, depth + 1)}
        if tag not in TAGS:
            return {"$map": {tag: _stored(content, where, depth + 2)}}
        if tag != "$map":
            return {tag: _stored_tag(tag, content, where)}
        if not isinstance(content, dict):
            raise misused(where, tag)
        return {tag: {name: _stored(entry, where, depth + 2) for name, entry in content.items()}}
    return {name: _stored(entry, where, depth + 1) for name, entry in value.items()}


def _stored_tag(tag: str, content: Any, where: str) -> Any:
    if tag == "$binary":
        _check_binary(tag, content, where)
        return content
    if not isinstance(content, list) or not content:
        raise misused(where, tag)
    for entry in content:
        is_number = isinstance(entry, (int, float, NumberText)) and not isinstance(entry, bool)
        if tag == "$binarySet":
            _check_binary(tag, entry, where)
        elif is_number != (tag == "$numberSet") or not (is_number or isinstance(entry, str)):
            raise misused(where, tag)
    return [{NUMBER: str(entry)} if isinstance(entry, NumberText) else entry for entry in content]


def _check_binary(tag: str, content: Any, where: str) -> None:
    if isinstance(content, NumberText) or not isinstance(content, str):
        raise misused(where, tag)
    decode_binary(content, where)


def _has_odd_number(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_odd_number, value.values()))
    if isinstance(value, list):
        return any(map(_has_odd_number, value))
    return isinstance(value, float) and value - value != 0


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**64:
        return orjson.Fragment(str(value))
    if isinstance(value, float) and value - value != 0:  # orjson would write null
        raise ItemRefusedError("item", f"has the number {value}, which JSON cannot represent")
    if not isinstance(value, dict):
        return value
    if looks_tagged(value):
        return _plain_tag(value)
    return {name: _plain(value[name]) for name in sorted(value)}


def _plain_tag(value: Mapping[str, Any]) -> Any:
    ((tag, content),) = value.items()
    if tag == NUMBER and isinstance(content, str) and JSON_NUMBER.fullmatch(content):
        return orjson.Fragment(content)
    if tag == "$map" and isinstance(content, dict):
        return {tag: {name: _plain(content[name]) for name in sorted(content)}}
    if tag in ("$binary", "$stringSet", "$binarySet"):
        return value
    if tag in FIRESTORE_TAGS:
        return {tag: _plain(content)}
    if tag == "$numberSet" and isinstance(content, list):
        return {tag: [_plain(entry) for entry in content]}
    return {"$map": {tag: _plain(content)}}  # from another program: a map that only looks like a tag
