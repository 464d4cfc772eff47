"""One item of chunk JSON (docs/reference/chunks.md), parsed for a store so that numbers keep their digits. No I/O."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from l3kit.errors import ItemRefusedError

PARTITION_KEY = "iotDeviceId"
SORT_KEY = "id"
KEYS = (PARTITION_KEY, SORT_KEY)
SET_TAGS = frozenset(("$stringSet", "$numberSet", "$binarySet"))
"""Tags of sets, whose entries have no order: DynamoDB returns them in its own."""
TAGS = frozenset(("$binary", "$map")) | SET_TAGS
"""Tags that every store understands."""
FIRESTORE_TAGS = frozenset(("$timestamp", "$geoPoint", "$reference"))
"""Tags for Firestore's types; DynamoDB and Cosmos DB store and return them unchanged."""
JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


class NumberText(str):
    """The text of a number, to be stored exactly."""


def parse_item(
    chunk_json: bytes,
    parse_int: Callable[[str], Any] = NumberText,
    parse_float: Callable[[str], Any] = NumberText,
) -> dict[str, Any]:
    """Parse an item. Raises: ItemRefusedError if it is not a JSON object with both keys as text."""
    try:
        item = json.loads(chunk_json, parse_float=parse_float, parse_int=parse_int, parse_constant=_no_constant)
    except ValueError as error:
        raise ItemRefusedError("item", f"is not JSON ({error})") from None
    except RecursionError:
        raise ItemRefusedError("item", "is nested too deeply") from None
    if not isinstance(item, dict):
        raise ItemRefusedError("item", "is not a JSON object")
    for key in KEYS:
        if not isinstance(item.get(key), str) or isinstance(item[key], NumberText) or not item[key]:
            raise ItemRefusedError(item_name(item), f"its key attribute {key} is not a text")
    return item


def dump_item(item: Any, option: int | None = None) -> bytes:
    """Serialize an item to bytes that take no more memory than their length.

    orjson's result keeps its buffer of about 4 KB, ten times the length of an item in a chunk.

    Raises: TypeError for a value that JSON cannot represent.
    """
    return memoryview(orjson.dumps(item, option=option)).tobytes()


def item_name(item: Mapping[str, Any]) -> str:
    """Return the item's name in errors."""
    return f"item {item.get(PARTITION_KEY)}/{item.get(SORT_KEY)}"


def looks_tagged(value: Mapping[str, Any]) -> bool:
    """Return whether a map has the form of a tag."""
    return len(value) == 1 and next(iter(value)).startswith("$")


def misused(where: str, tag: str) -> ItemRefusedError:
    """Return the error for a tag with content of another form."""
    return ItemRefusedError(where, f"the value of the tag {tag} is not as docs/reference/chunks.md defines it")


def decode_binary(text: str, where: str) -> bytes:
    """Decode the content of `$binary`. Raises: ItemRefusedError if it is not base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ItemRefusedError(where, "is tagged as binary but is not base64") from None


def _no_constant(text: str) -> Any:
    raise ItemRefusedError("item", f"has {text}, which is not JSON")
