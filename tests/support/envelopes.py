"""Envelopes as written by third-party senders."""

from __future__ import annotations

import base64
import gzip
import hashlib
import itertools
import json
from collections.abc import Sequence
from typing import Any

Edit = tuple[int, int, bytes]
"""Position, number of removed bytes, and their replacement."""


def chunk(device: str, **changes: Any) -> dict[str, Any]:
    """A cold envelope of two items."""
    bounds = {"start_timestamp": "2026-01-01T00:00:00Z", "end_timestamp": "2026-01-01T01:00:00Z"}
    items = [{"iotDeviceId": device, "id": bound, "text": '传感器 "1"'} for bound in bounds.values()]
    return {"iot_device_id": device, "chunk_index": 1, **bounds, "items": items, **changes}


def parcel(key: str, **changes: Any) -> dict[str, Any]:
    """An archive envelope; `...` leaves a field out."""
    fields = {"object_key": key, "data": "[]", "metadata": {"items": "1"}, **changes}
    return {name: value for name, value in fields.items() if value is not ...}


def cut(key: str, body: bytes, *sizes: int, **changes: Any) -> list[dict[str, Any]]:
    """Archive envelopes of an object in parts of these sizes and the rest, as base64."""
    ends = [*itertools.accumulate(sizes), len(body)]
    pieces = [body[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    whole = {"data_encoding": "base64", "is_multipart": True, "total_parts": len(pieces), "metadata": ...}
    whole |= {"sha256": hashlib.sha256(body).hexdigest()}
    return [
        parcel(key, **{**whole, "data": base64.b64encode(piece).decode(), "part_number": number, **changes})
        for number, piece in enumerate(pieces, 1)
    ]


def parts_of(key: str, body: bytes, count: int, **changes: Any) -> list[dict[str, Any]]:
    """Archive envelopes of an object in up to `count` parts of one size."""
    size = -(-len(body) // count)
    return cut(key, body, *[size] * (-(-len(body) // size) - 1), **{"metadata": {"items": "1"}, **changes})


def damaged(envelope: dict[str, Any], edits: Sequence[Edit], packed: bool) -> bytes:
    """A valid request with some bytes replaced, after compression if it is compressed."""
    body = json.dumps(envelope).encode()
    body = gzip.compress(body, mtime=0) if packed else body
    for at, length, instead in edits:
        at %= len(body) + 1
        body = body[:at] + instead + body[at + length :]
    return body
