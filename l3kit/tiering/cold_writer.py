"""The cold writer: takes chunks from a mover on another cloud."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import orjson

from l3kit.errors import KeyConflictError
from l3kit.tiering import wire
from l3kit.tiering.chunks import CONTENT_ENCODINGS, RESERVED_PREFIX, compress, object_key
from l3kit.tiering.receipts import RECEIPT_PREFIX, archived_digest
from l3kit.tiering.wire import Envelope, Refusal, Request, Response
from l3kit.tiering.writers import WriterFunction

MAX_CHUNK_KEY_BYTES = wire.MAX_KEY_BYTES - len(RECEIPT_PREFIX)
"""The chunk's receipt, once it is archived, has the key with a prefix."""


class ColdWriter(WriterFunction):
    """Takes chunks. The object is the `items` array exactly as it was sent, byte for byte."""

    async def _write(self, request: Request, envelope: Envelope) -> Response:
        compression: Any = envelope.choice("compression", tuple(CONTENT_ENCODINGS), "none")
        device_id = envelope.text("iot_device_id")
        start, end = envelope.text("start_timestamp"), envelope.text("end_timestamp")
        number = envelope.whole("chunk_index", 0, 10**9)
        envelope.text("source_cloud", "unknown")
        items = envelope.raw("items")
        key = object_key(device_id, start, end, number, compression)
        if key.startswith(RESERVED_PREFIX):
            raise Refusal(400, f"{device_id!r} is reserved", "iot_device_id")
        wire.check_key(request, key, "iot_device_id", MAX_CHUNK_KEY_BYTES)
        self._check_holdable(key, "iot_device_id")
        seal = envelope.flag("seal")
        count = _check_items(items, device_id, start, end, seal=seal)
        sha256 = hashlib.sha256(items).hexdigest()
        if envelope.digest() not in (None, sha256):
            raise Refusal(400, f"the items that arrived have {sha256}", "sha256")
        answer = {"written": count, "key": key, "sha256": sha256}
        if envelope.flag("again") and await archived_digest(self._store, key) == sha256:
            return Response(200, answer)
        stored = await asyncio.to_thread(compress, items, compression) if compression != "none" else items
        await self._create(key, stored, sha256, CONTENT_ENCODINGS[compression], {"items": str(count)})
        if seal and (archived := await archived_digest(self._store, key)):
            raise KeyConflictError(key, "was archived", existing_sha256=archived)
        return Response(200, answer | {"sealed": True} if seal else answer)


def _check_items(raw: bytes, device_id: str, start: str, end: str, *, seal: bool) -> int:
    """The number of items. Raises: Refusal 400 naming `items` or the field that contradicts them."""
    try:
        items = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Refusal(400, f"is not valid JSON ({error.msg})", "items") from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Refusal(400, "must be an array of objects", "items")
    if seal:
        if raw != b"[]":
            raise Refusal(400, "must be [] where 'seal' is true", "items")
        return 0
    if not items:
        raise Refusal(400, "is empty", "items")
    for item, bound, field in ((items[0], start, "start_timestamp"), (items[-1], end, "end_timestamp")):
        if item.get("id", bound) != bound:
            raise Refusal(400, "is not the 'id' of the item at that end of 'items'", field)
    if any(item.get("iotDeviceId", device_id) != device_id for item in items):
        raise Refusal(400, "an item belongs to another device ('iotDeviceId')", "items")
    return len(items)
