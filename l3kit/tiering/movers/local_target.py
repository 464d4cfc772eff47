"""The cold tier on the same cloud, as the hot-to-cold mover's destination."""

from __future__ import annotations

import asyncio

from l3kit.errors import ChunkRefusedError, KeyConflictError, StoreError
from l3kit.tiering.format.chunks import CONTENT_ENCODINGS, SEAL_BODY, SEAL_SHA256, Chunk, ChunkKey, compress
from l3kit.tiering.ports import Compression, ObjectStore, Usage
from l3kit.tiering.transfer import known_chunks
from l3kit.tiering.transfer.receipts import MAX_CHUNK_KEY_BYTES, archived_digest


class LocalTarget:
    """The cold bucket on the same cloud.

    Args:
        archive: the archive bucket if it is on this cloud as well; only listed.
    """

    def __init__(
        self, store: ObjectStore, compression: Compression = "none", archive: ObjectStore | None = None
    ) -> None:
        self._store = store
        self._archive = archive
        self._compression: Compression = compression
        self.usage: Usage = store.usage

    def fits(self, body: bytes) -> bool:
        """Return True: an object store accepts a chunk of any size."""
        return True

    async def store(self, chunk: Chunk, *, again: bool = False) -> None:
        """Create the object; return once the store has confirmed its content.

        Raises: KeyConflictError, ChunkRefusedError, StoreError.
        """
        self._check_key(str(chunk.key))
        if again and await archived_digest(self._store, str(chunk.key)) == chunk.sha256:
            return
        await self._create(chunk.key, chunk.body, chunk.sha256, chunk.count)

    async def seal(self, key: ChunkKey) -> str | None:
        """Seal a free key: None; else the digest of present or archived content. Raises: StoreError."""
        try:
            await self._create(key, SEAL_BODY, SEAL_SHA256, 0)
        except KeyConflictError as error:
            there = error.existing_sha256 or await known_chunks.stored_digest(self._store, str(key))
            if there is None:
                where = f"{self._store.name}/{key}"
                raise StoreError(where, "the object was deleted during the seal", "Run the mover again") from None
            return there
        return await archived_digest(self._store, str(key))

    async def look(self, key: ChunkKey) -> str | None:
        """Cost: one HEAD request; if there is no object, one more for its receipt. Raises: StoreError."""
        return await known_chunks.look(self._store, str(key))

    async def highest_number(self, device_id: str) -> int:
        """The highest number among the device's cold objects, receipts and archived objects. Raises: StoreError."""
        return await known_chunks.highest_number(device_id, self._store, self._archive)

    def _check_key(self, key: str) -> None:
        fault = self._store.key_fault(key)
        if fault is None and len(key.encode()) > MAX_CHUNK_KEY_BYTES:
            fault = f"a chunk's key may have at most {MAX_CHUNK_KEY_BYTES:,} bytes"
        if fault:
            raise ChunkRefusedError(f"{self._store.name}/{key}", fault, "Rename the device or item id in the key")

    async def _create(self, key: ChunkKey, body: bytes, sha256: str, count: int) -> None:
        stored = body
        if key.compression != "none":  # would block the event loop and so the other devices
            stored = await asyncio.to_thread(compress, body, key.compression)
        await self._store.create(
            str(key),
            stored,
            sha256=sha256,
            content_encoding=CONTENT_ENCODINGS[key.compression],
            metadata={"items": str(count)},
        )
