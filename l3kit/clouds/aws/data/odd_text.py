"""JSON with lone surrogates, which DynamoDB may hold in texts and orjson neither reads nor writes. No I/O."""

from __future__ import annotations

import json
from typing import Any

import orjson


def loads(data: bytes) -> Any:
    """Parse JSON with or without lone surrogates. Raises: ValueError."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return json.loads(data)


def dumps(value: Any) -> bytes:
    """The inverse of `loads`: a lone surrogate is written as an escape."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()


def printable(text: str) -> str:
    """Escape lone surrogates, so that a report can hold the text."""
    return text.encode(errors="backslashreplace").decode()
