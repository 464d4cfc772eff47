"""Destinations of the cold-to-archive mover: an archive bucket on the same cloud, or a writer on another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from l3kit.errors import StoreError, TransferError
from l3kit.tiering.format.digest import ContentDigest
from l3kit.tiering.format.object_metadata import sendable_metadata
from l3kit.tiering.ports import ObjectInfo, ObjectStore, Usage
from l3kit.tiering.receiver_limit import SMALLEST_LIMIT, ReceiverLimit
from l3kit.tiering.settings.tuning import MAX_CHUNK_BYTES
from l3kit.tiering.transfer.wire import ArchivePart

if TYPE_CHECKING:  # requests is slow to import, and only multi-cloud movers need it
    from l3kit.tiering.transfer.sender import Writer

PART_BYTES = 4 * 1024 * 1024
"""Part size: encoded as base64 and gzip, any content of this size fits every receiver."""
WHOLE_BYTES = MAX_CHUNK_BYTES
"""Objects up to this size are sent in one request if they fit; larger ones always in parts."""
_ROUNDS = 3


class ArchiveTarget(Protocol):
    """An archive destination. `concurrency`: the number of concurrent objects that keeps memory bounded."""

    usage: Usage
    concurrency: int

    async def take(self, cold: ObjectStore, info: ObjectInfo) -> None:
        """Archive this version of the object; return once the destination has confirmed its digest.

        Args:
            info: from `head`, so with metadata.
        Raises: KeyConflictError if the archive holds other content under the key; StoreError; TransferError.
        """


class LocalArchive:
    """The archive bucket on the same cloud: a server-side copy, without transfer through the mover."""

    concurrency = 16

    def __init__(self, archive: ObjectStore) -> None:
        self._archive = archive
        self.usage: Usage = archive.usage

    async def take(self, cold: ObjectStore, info: ObjectInfo) -> None:
        copied = await self._archive.copy_from(cold, info)
        if copied.size != info.size or (info.sha256 and copied.sha256 != info.sha256):
            raise StoreError(
                f"{self._archive.name}/{info.key}",
                "the copy differs from its source in size or digest",
                "The source was kept; compare the two by hand",
            )


class RemoteArchive:
    """The archive writer on another cloud. Large objects are streamed in parts and never held in memory as a whole.

    Args:
        source_cloud: the provider that this mover runs on.
        limit: request limit of the writer.
    """

    concurrency = 3

    def __init__(self, writer: Writer, source_cloud: str, limit: ReceiverLimit = SMALLEST_LIMIT) -> None:
        self._writer = writer
        self._source_cloud = source_cloud
        self._limit = limit
        self.usage: Usage = writer.usage

    async def take(self, cold: ObjectStore, info: ObjectInfo) -> None:
        if info.size > WHOLE_BYTES or not await self._send_whole(cold, info):
            await self._send_parts(cold, info)

    async def _send_whole(self, cold: ObjectStore, info: ObjectInfo) -> bool:
        """Send the object in one request; return False if it does not fit."""
        data = await cold.read(info.key)
        digest = ContentDigest(info.content_encoding, info.key)
        digest.update(data)
        sha256 = _agreed(info, digest.hexdigest())
        part = self._part(info, data, sha256, 1, 1)
        payload = await asyncio.to_thread(part.payload, self._source_cloud, self._limit)
        if not payload.fits(self._limit):
            return False
        await asyncio.to_thread(self._writer.post_part, part, payload, limit=self._limit)
        return True

    async def _send_parts(self, cold: ObjectStore, info: ObjectInfo) -> None:
        sha256 = info.sha256 or await _read_digest(cold, info)
        total = -(-info.size // PART_BYTES)
        missing: Sequence[int] = range(1, total + 1)
        for _ in range(_ROUNDS):  # the writer may have removed parts of an older, interrupted upload
            missing = await self._send_missing(cold, info, sha256, total, missing)
            if not missing:
                return
        raise TransferError(
            f"{self._writer!r}", f"{info.key}: {len(missing)} of {total} parts still missing", "See the writer's log"
        )

    async def _send_missing(
        self, cold: ObjectStore, info: ObjectInfo, sha256: str, total: int, missing: Sequence[int]
    ) -> Sequence[int]:
        """Send these parts, skipping those the writer reports as present. Returns: the parts still missing."""
        left = set(missing)
        for number in missing:
            if number not in left:
                continue
            part = self._part(info, await _read_part(cold, info, number, total), sha256, number, total)
            payload = await asyncio.to_thread(part.payload, self._source_cloud, self._limit)
            receipt = await asyncio.to_thread(self._writer.post_part, part, payload, limit=self._limit)
            left = set(receipt.pending)
            if not left:
                break
        return sorted(left)

    def _part(self, info: ObjectInfo, data: bytes, sha256: str, number: int, total: int) -> ArchivePart:
        metadata = sendable_metadata(info.metadata)
        return ArchivePart(info.key, data, sha256, number, total, info.content_encoding, metadata)


def _agreed(info: ObjectInfo, found: str) -> str:
    if info.sha256 and info.sha256 != found:
        raise StoreError(
            info.key,
            f"its content has the digest {found}, not {info.sha256} as recorded when it was stored",
            "The object is damaged and was left in place; restore it from a backup",
        )
    return found


async def _read_digest(cold: ObjectStore, info: ObjectInfo) -> str:
    """Compute the digest of an object stored without one, at the cost of an additional read."""
    digest = ContentDigest(info.content_encoding, info.key)
    for start in range(0, info.size, PART_BYTES):
        digest.update(await cold.read(info.key, start=start, length=min(PART_BYTES, info.size - start)))
    return digest.hexdigest()


async def _read_part(cold: ObjectStore, info: ObjectInfo, number: int, total: int) -> bytes:
    """Read part `number` (from 1); its borders are moved back by up to three bytes so that no character is split."""
    low, high = (number - 1) * PART_BYTES, min(number * PART_BYTES, info.size)
    before = min(3, low)
    data = await cold.read(info.key, start=low - before, length=high - low + before)
    if len(data) != high - low + before:
        raise StoreError(info.key, "was truncated while it was read", "The next run tries again")
    end = len(data) if number == total else len(data) - incomplete_tail(data)
    return data[before - incomplete_tail(data[:before]) : end]


def incomplete_tail(data: bytes) -> int:
    """Length of an incomplete UTF-8 character at the end, up to three bytes."""
    for count in range(1, min(3, len(data)) + 1):
        byte = data[-count]
        if byte < 0x80:
            return 0
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return count if length > count else 0
    return 0
