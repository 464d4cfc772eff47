"""Where the hot-to-cold mover's chunks go: a bucket of the same cloud, or a writer on another. Both behave alike."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING

from l3kit.errors import KeyConflictError, StoreError
from l3kit.tiering import payload
from l3kit.tiering.chunks import CONTENT_ENCODINGS, Chunk, ChunkKey, compress, decompress
from l3kit.tiering.ports import Compression, ObjectStore, Usage
from l3kit.tiering.receipts import archived_digest

if TYPE_CHECKING:  # requests is slow to import, and only multi-cloud movers need it
    from l3kit.tiering.http import Writer

SEAL_BODY = b"[]"
SEAL_SHA256 = hashlib.sha256(SEAL_BODY).hexdigest()
"""An empty array under a key that nothing else may ever take (docs/journal.md)."""
_PACKED_KEPT = 16


async def existing_digest(store: ObjectStore, key: str, compression: Compression) -> str:
    """The digest of what is under the key, read from the object itself where its metadata do not tell.

    Raises: StoreError where there is nothing, or it cannot be read.
    """
    info = await store.head(key)
    if info is None:
        raise StoreError(f"{store.name}/{key}", "the object was there and is gone", "Run the mover again")
    if info.sha256:
        return info.sha256
    body = await store.read(key)
    return hashlib.sha256(decompress(body, compression)).hexdigest()


class LocalTarget:
    """The cold bucket of the same cloud."""

    def __init__(self, store: ObjectStore, compression: Compression = "none") -> None:
        self._store = store
        self._compression: Compression = compression
        self.usage: Usage = store.usage

    def fits(self, body: bytes) -> bool:
        """An object store takes any chunk."""
        return True

    async def store(self, chunk: Chunk, *, again: bool = False) -> None:
        """Create the object; return when the store has confirmed its content. Raises: KeyConflictError, StoreError."""
        if again and await archived_digest(self._store, str(chunk.key)) == chunk.sha256:
            return
        await self._create(chunk.key, chunk.body, chunk.sha256, chunk.count)

    async def seal(self, key: ChunkKey) -> str | None:
        """Occupy a free key with an empty array: None; else the digest of what is there or was. Raises: StoreError."""
        try:
            await self._create(key, SEAL_BODY, SEAL_SHA256, 0)
        except KeyConflictError as error:
            return error.existing_sha256 or await existing_digest(self._store, str(key), key.compression)
        return await archived_digest(self._store, str(key))

    async def _create(self, key: ChunkKey, body: bytes, sha256: str, count: int) -> None:
        stored = body
        if key.compression != "none":  # long enough to keep the other devices waiting
            stored = await asyncio.to_thread(compress, body, key.compression)
        await self._store.create(
            str(key),
            stored,
            sha256=sha256,
            content_encoding=CONTENT_ENCODINGS[key.compression],
            metadata={"items": str(count)},
        )


class RemoteTarget:
    """The cold writer on another cloud.

    Args:
        source_cloud: the provider that this mover runs on; told to the writer.
        receiver_provider: the provider of the writer, whose size limit counts.
    """

    def __init__(
        self, writer: Writer, source_cloud: str, compression: Compression = "none", receiver_provider: str = "aws"
    ) -> None:
        self._writer = writer
        self._source_cloud = source_cloud
        self._provider = receiver_provider
        self._compression: Compression = compression
        self._packed: OrderedDict[str, bytes] = OrderedDict()
        self.usage: Usage = writer.usage

    def fits(self, body: bytes) -> bool:
        """Whether the receiver takes a chunk of this array. What is compressed to tell is kept for `store`."""
        if payload.surely_fits(len(body), self._provider):
            return True
        packed = payload.deflate(body)
        if not payload.chunk_fits(body, packed, self._provider):
            return False
        self._packed[hashlib.sha256(body).hexdigest()] = packed
        while len(self._packed) > _PACKED_KEPT:
            self._packed.popitem(last=False)
        return True

    async def store(self, chunk: Chunk, *, again: bool = False) -> None:
        """Post the chunk; return when the receipt names its key and digest. Raises: KeyConflictError, TransferError."""
        packed = self._packed.pop(chunk.sha256, None)
        post = partial(self._writer.post_chunk, receiver_provider=self._provider, packed=packed, again=again)
        await asyncio.to_thread(post, chunk, self._source_cloud)

    async def seal(self, key: ChunkKey) -> str | None:
        """Ask the writer to occupy the key: None when it has; else the digest of what is there.

        Raises: TransferError.
        """
        return await asyncio.to_thread(self._writer.seal_chunk, key, self._source_cloud)
