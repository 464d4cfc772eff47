"""The cold writer: receives chunks from a mover on another cloud."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from l3kit.errors import KeyConflictError
from l3kit.tiering.format.chunks import (
    CANARY_DEVICE,
    CONTENT_ENCODINGS,
    ChunkKey,
    compress,
    is_reserved_device,
    object_key,
    parse_object_key,
)
from l3kit.tiering.link_auth import TOKEN, Authentication
from l3kit.tiering.ports import Compression, ObjectStore
from l3kit.tiering.tokens import FormerToken, Secret
from l3kit.tiering.transfer import known_chunks, wire
from l3kit.tiering.transfer.chunk_items import Extent, at_item, extent_of
from l3kit.tiering.transfer.envelope import Envelope
from l3kit.tiering.transfer.receipts import MAX_CHUNK_KEY_BYTES, archived_digest
from l3kit.tiering.transfer.receiver import WRITE_SECONDS, WriterFunction
from l3kit.tiering.transfer.wire import Refusal, Request, Response

_DEVICE = "iot_device_id"


class ColdWriter(WriterFunction):
    """Receives chunks and answers requests about them. The object is the `items` array exactly as sent.

    Args:
        archive: the archive bucket if it is on this cloud as well; only listed.
    """

    path = "/cold-writer"

    def __init__(
        self,
        store: ObjectStore,
        token: Secret,
        *,
        archive: ObjectStore | None = None,
        former: Sequence[FormerToken] = (),
        auth: Authentication = TOKEN,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds: float = WRITE_SECONDS,
    ) -> None:
        super().__init__(store, token, former=former, auth=auth, clock=clock, seconds=seconds)
        self._archive = archive

    async def _write(self, request: Request, envelope: Envelope) -> Response:
        device_id = envelope.text("iot_device_id")
        if is_reserved_device(device_id) and device_id != CANARY_DEVICE:
            raise Refusal(400, f"{device_id[:60]!r} is reserved", _DEVICE)
        self._check_place(object_key(device_id, "0", "0", 0))  # the shortest possible key of the device
        if envelope.flag("highest"):
            return await self._highest(device_id)
        compression = cast("Compression", envelope.choice("compression", tuple(CONTENT_ENCODINGS), "none"))
        start, end = envelope.text("start_timestamp"), envelope.text("end_timestamp")
        declared = ChunkKey(device_id, start, end, envelope.whole("chunk_index", 0, 10**9), compression)
        envelope.text("source_cloud", "unknown")
        if envelope.flag("look"):
            return await self._look(request, str(declared))
        items = envelope.raw("items")
        again = envelope.flag("again")
        if envelope.flag("seal"):
            return await self._seal(request, declared, items, envelope.digest())
        sha256 = hashlib.sha256(items).hexdigest()
        if (digest := envelope.digest()) not in (None, sha256):
            raise Refusal(400, f"the items that arrived have {sha256}", "sha256")
        extent = extent_of(items, device_id, start, end)
        chunk_key = self._key(request, declared, extent)
        key = str(chunk_key)
        if digest is None and (other := await self._stored_before(chunk_key, sha256)):
            key = other
        answer = {"written": extent.count, "key": key, "sha256": sha256}
        if again and await archived_digest(self._store, key) == sha256:
            return Response(200, answer)
        stored = await asyncio.to_thread(compress, items, compression) if compression != "none" else items
        metadata = {"items": str(extent.count)}
        await self._create(key, stored, sha256, CONTENT_ENCODINGS[compression], metadata)
        return Response(200, answer)

    async def _highest(self, device_id: str) -> Response:
        """Report the highest spent chunk number."""
        number = await known_chunks.highest_number(device_id, self._store, self._archive)
        return Response(200, {"iot_device_id": device_id, "highest": number})

    async def _look(self, request: Request, key: str) -> Response:
        """Report the digest of a chunk, stored or archived; null if it is unknown."""
        wire.check_idempotency_key(request, key)
        self._check_place(key)
        return Response(200, {"key": key, "looked": True, "sha256": await known_chunks.look(self._store, key)})

    async def _stored_before(self, key: ChunkKey, sha256: str) -> str | None:
        """The key under which the same chunk is stored already, possibly with another number.

        Movers built to the project plan restart the numbers in each run, so a retry after a lost response has another
        number. They declare no digest; l3kit's movers keep the number and declare one.
        """
        async for listed in self._store.list(f"{str(key).rpartition('/')[0]}/"):
            there = parse_object_key(listed.key)
            if there is not None and replace(there, number=key.number) == key:
                info = await self._store.head(listed.key)
                if info is not None and info.sha256 == sha256:
                    return listed.key
        return None

    async def _seal(self, request: Request, key: ChunkKey, items: bytes, declared: str | None) -> Response:
        """Seal the key with an empty array."""
        if items != b"[]":
            raise Refusal(400, "must be [] where 'seal' is true", "items")
        sha256 = hashlib.sha256(items).hexdigest()
        if declared not in (None, sha256):
            raise Refusal(400, f"the items that arrived have {sha256}", "sha256")
        wire.check_idempotency_key(request, str(key))
        self._check_place(str(key))
        encoding = CONTENT_ENCODINGS[key.compression]
        stored = compress(items, key.compression)
        await self._create(str(key), stored, sha256, encoding, {"items": "0"})
        if archived := await archived_digest(self._store, str(key)):
            raise KeyConflictError(str(key), "was archived", existing_sha256=archived)
        return Response(200, {"written": 0, "key": str(key), "sha256": sha256, "sealed": True})

    def _key(self, request: Request, declared: ChunkKey, extent: Extent) -> ChunkKey:
        """Build the key from the items' first and last id, and check that readers can parse it.

        Raises: Refusal 400 naming the device or the item at fault.
        """
        key = replace(declared, start=extent.start, end=extent.end)
        if parse_object_key(str(key)) != key:
            alone = replace(key, end=key.start)
            index = extent.last if parse_object_key(str(alone)) == alone else extent.first
            raise at_item(index, "has an 'id' that could not be read back from the object's key")
        try:
            wire.check_idempotency_key(request, str(key), str(declared))
            self._check_place(str(key))
        except Refusal as refusal:
            if refusal.resource != _DEVICE or len(key.device_id) > len(key.start) + len(key.end):
                raise
            index = extent.first if len(key.start) > len(key.end) else extent.last
            raise at_item(index, f"has an 'id' of which no key can be made: {refusal.cause}") from None
        return key

    def _check_place(self, key: str) -> None:
        wire.check_length(key, _DEVICE, MAX_CHUNK_KEY_BYTES)
        self._check_holdable(key, _DEVICE)
