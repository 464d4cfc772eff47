"""The cold tier on another cloud, as the hot-to-cold mover's destination."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from l3kit.errors import ChunkRefusedError, TransferError
from l3kit.tiering.format.chunks import Chunk, ChunkKey
from l3kit.tiering.ports import Compression, ObjectStore, Usage
from l3kit.tiering.receiver_limit import SMALLEST_LIMIT, ReceiverLimit
from l3kit.tiering.transfer import known_chunks, payload
from l3kit.tiering.transfer.sender import Writer

_PACKED_KEPT = 16
_ABOUT_ITEMS = ("items", "start_timestamp", "end_timestamp")
"""Fields in a 400 response that mean the items are at fault, so that other items may be accepted."""


@contextmanager
def _as_refusal(key: ChunkKey, *, any_400: bool = False) -> Iterator[None]:
    """Convert a writer's refusal of this chunk to ChunkRefusedError; pass other and transient errors through.

    Args:
        any_400: treat any 400 as a refusal.
    """
    try:
        yield
    except TransferError as error:
        if error.status != 413 and not (error.status == 400 and (any_400 or error.field in _ABOUT_ITEMS)):
            raise
        where = f"{error.resource}: {key}"
        raise ChunkRefusedError(where, error.cause, error.remedy, index=error.index) from None


class RemoteTarget:
    """The cold writer on another cloud.

    Args:
        source_cloud: the provider that this mover runs on; sent to the writer.
        limit: request limit of the writer.
        archive: the archive bucket if it is on this mover's cloud; only listed.
    """

    def __init__(
        self,
        writer: Writer,
        source_cloud: str,
        compression: Compression = "none",
        limit: ReceiverLimit = SMALLEST_LIMIT,
        archive: ObjectStore | None = None,
    ) -> None:
        self._archive = archive
        self._writer = writer
        self._source_cloud = source_cloud
        self._limit = limit
        self._compression: Compression = compression
        self._packed: OrderedDict[str, bytes] = OrderedDict()
        self.usage: Usage = writer.usage

    def fits(self, body: bytes) -> bool:
        """Return whether a chunk of this array is within the receiver's limit; cache its deflated form for `store`."""
        if payload.certainly_fits(len(body), self._limit):
            return True
        packed = payload.deflate(body)
        if not payload.chunk_fits(body, packed, self._limit):
            return False
        self._packed[hashlib.sha256(body).hexdigest()] = packed
        while len(self._packed) > _PACKED_KEPT:
            self._packed.popitem(last=False)
        return True

    async def store(self, chunk: Chunk, *, again: bool = False) -> None:
        """Post the chunk; return once the receipt confirms its key and digest.

        Raises: KeyConflictError, ChunkRefusedError, TransferError.
        """
        packed = self._packed.pop(chunk.sha256, None)
        post = partial(self._writer.post_chunk, limit=self._limit, packed=packed, again=again)
        with _as_refusal(chunk.key, any_400=again):
            await asyncio.to_thread(post, chunk, self._source_cloud)

    async def seal(self, key: ChunkKey) -> str | None:
        """Ask the writer to seal the key: None on success; else the digest of the existing content.

        Raises: ChunkRefusedError, TransferError.
        """
        with _as_refusal(key, any_400=True):
            return await asyncio.to_thread(self._writer.seal_chunk, key, self._source_cloud)

    async def look(self, key: ChunkKey) -> str | None:
        """Ask the writer for the digest; if it does not support that, ask it to seal the key. Raises: TransferError.

        Also None if the writer refuses the key altogether.
        """
        try:
            return await asyncio.to_thread(self._writer.look_at_chunk, key, self._source_cloud)
        except TransferError as error:
            if error.status != 400:
                raise
        try:
            return await self.seal(key)
        except ChunkRefusedError:
            return None

    async def highest_number(self, device_id: str) -> int | None:
        """Ask the writer, and list the archive if it is on this cloud. Raises: TransferError, StoreError."""
        try:
            cold = await asyncio.to_thread(self._writer.highest_number, device_id, self._source_cloud)
        except TransferError as error:
            if error.status != 400:
                raise
            cold = None
        archived = await known_chunks.highest_number(device_id, None, self._archive)
        return archived or None if cold is None else max(cold, archived)
