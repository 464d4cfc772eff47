"""The cold writer: takes chunks from a mover on another cloud."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import orjson

from l3kit.errors import KeyConflictError
from l3kit.tiering import known_chunks, wire
from l3kit.tiering.chunks import CONTENT_ENCODINGS, compress, is_reserved_device, object_key
from l3kit.tiering.ports import ObjectStore
from l3kit.tiering.receipts import MAX_CHUNK_KEY_BYTES, archived_digest
from l3kit.tiering.settings import Secret
from l3kit.tiering.wire import Envelope, Refusal, Request, Response
from l3kit.tiering.writers import WRITE_SECONDS, WriterFunction


class ColdWriter(WriterFunction):
    """Takes chunks, and tells what became of them. The object is the `items` array exactly as it was sent.

    Args:
        archive: the archive bucket where it is on this cloud too; only listed.
    """

    def __init__(
        self,
        store: ObjectStore,
        token: Secret,
        *,
        archive: ObjectStore | None = None,
        seconds: float = WRITE_SECONDS,
    ) -> None:
        super().__init__(store, token, seconds=seconds)
        self._archive = archive

    async def _write(self, request: Request, envelope: Envelope) -> Response:
        device_id = envelope.text("iot_device_id")
        if is_reserved_device(device_id):
            raise Refusal(400, f"{device_id[:60]!r} is reserved", "iot_device_id")
        if envelope.flag("highest"):
            return await self._highest(device_id)
        compression: Any = envelope.choice("compression", tuple(CONTENT_ENCODINGS), "none")
        start, end = envelope.text("start_timestamp"), envelope.text("end_timestamp")
        number = envelope.whole("chunk_index", 0, 10**9)
        envelope.text("source_cloud", "unknown")
        key = object_key(device_id, start, end, number, compression)
        wire.check_key(request, key, "iot_device_id", MAX_CHUNK_KEY_BYTES)
        self._check_holdable(key, "iot_device_id")
        if envelope.flag("look"):
            return Response(200, {"key": key, "looked": True, "sha256": await known_chunks.look(self._store, key)})
        items = envelope.raw("items")
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

    async def _highest(self, device_id: str) -> Response:
        number = await known_chunks.highest_number(device_id, self._store, self._archive)
        return Response(200, {"iot_device_id": device_id, "highest": number})


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
