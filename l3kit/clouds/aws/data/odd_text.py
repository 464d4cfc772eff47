"""JSON with halves of surrogate pairs, which DynamoDB may hold in texts and orjson neither reads nor writes. Pure."""

from __future__ import annotations

import json
from typing import Any

import orjson


def loads(data: bytes) -> Any:
    """What orjson reads, and texts with halves of surrogate pairs besides. Raises: ValueError."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return json.loads(data)


def dumps(value: Any) -> bytes:
    """The inverse of `loads`: half of a pair goes as the escape that it came as."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()


def printable(text: str) -> str:
    """The text with halves of surrogate pairs spelled out, so that a report can hold it."""
    return text.encode(errors="backslashreplace").decode()
