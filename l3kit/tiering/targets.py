"""Where the hot-to-cold mover puts its chunks: a store of the same cloud, or a writer on another."""

from __future__ import annotations

import hashlib

from l3kit.errors import KeyConflictError
from l3kit.tiering.chunks import CONTENT_ENCODINGS, Chunk, ChunkKey, compress
from l3kit.tiering.ports import Compression, ObjectStore, Usage

SEALED_BODY = b"[]"
"""What a sealed key holds: a chunk without items."""
SEALED_SHA256 = hashlib.sha256(SEALED_BODY).hexdigest()


class LocalTarget:
    """A cold store on the mover's own cloud."""

    def __init__(self, store: ObjectStore, compression: Compression = "none") -> None:
        self._store = store
        self._compression = compression

    @property
    def usage(self) -> Usage:
        return self._store.usage

    def fits(self, body: bytes) -> bool:
        """Object stores take far more than a chunk."""
        return True

    async def store(self, chunk: Chunk) -> None:
        """See `ColdTarget.store`; the store compares the bytes it got with their checksum."""
        await self._store.create(
            str(chunk.key),
            compress(chunk.body, chunk.key.compression),
            sha256=chunk.sha256,
            content_encoding=CONTENT_ENCODINGS[chunk.key.compression],
            metadata={"items": str(chunk.count)},
        )

    async def seal(self, key: ChunkKey) -> str | None:
        """See `ColdTarget.seal`."""
        try:
            await self._store.create(
                str(key),
                compress(SEALED_BODY, key.compression),
                sha256=SEALED_SHA256,
                content_encoding=CONTENT_ENCODINGS[key.compression],
                metadata={"items": "0"},
            )
        except KeyConflictError as conflict:
            return conflict.existing_sha256 or "unknown"
        return None
