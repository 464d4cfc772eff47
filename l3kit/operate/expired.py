"""The chunks of a device that have expired, by the records in the archive tier."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from l3kit.notebook.gaps import Gap
from l3kit.operate.coroutines import READS_AT_ONCE
from l3kit.tiering.format.expiry import ExpiringChunk, RecordName, chunks_named, deciding, record_names, records_prefix
from l3kit.tiering.ports import ObjectStore


@dataclass(frozen=True, slots=True)
class Expired:
    """The chunks of a device that have expired.

    Attributes:
        chunks: the expired chunks, by key.
        before: the cutoff of the last run that deleted any; empty if none did.
        unread: keys of records that cannot be read.
    """

    chunks: Mapping[str, ExpiringChunk] = field(default_factory=dict)
    before: str = ""
    unread: tuple[str, ...] = ()

    @property
    def items(self) -> int:
        return sum(chunk.items or 0 for chunk in self.chunks.values())


NOTHING_EXPIRED = Expired()


def unread_record(key: str) -> Gap:
    """Return the gap left by a record that cannot be read."""
    return Gap(
        "archive", f"record {key}", "cannot be read, so what expired by it is not known", "Find out who changed it"
    )


async def expired_before(archive: ObjectStore, device_id: str) -> str:
    """Return the cutoff of the last run that deleted chunks of the device; empty if none did. Raises: StoreError.

    Costs one listing of the device's records.
    """
    return max((name.cutoff for name in await _names(archive, device_id)), default="")


async def expired_of(archive: ObjectStore, device_id: str, present: Collection[str]) -> Expired:
    """Return what has expired of a device. Raises: StoreError.

    Args:
        present: the keys in the archive, listed before this call: a record is stored before any chunk that it names is
            deleted.
    """
    names = await _names(archive, device_id)
    places = asyncio.Semaphore(READS_AT_ONCE)

    async def read(name: RecordName) -> list[ExpiringChunk] | None:
        async with places:
            body = await archive.read(name.key)
        try:
            return chunks_named(body)
        except (KeyError, TypeError, ValueError):
            return None

    decide = deciding(names)
    found = await asyncio.gather(*map(read, decide))
    chunks = {chunk.key: chunk for named in found for chunk in named or () if chunk.key not in present}
    unread = tuple(name.key for name, named in zip(decide, found, strict=True) if named is None)
    return Expired(chunks, max((name.cutoff for name in names), default=""), unread)


async def _names(archive: ObjectStore, device_id: str) -> list[RecordName]:
    return record_names([info.key async for info in archive.list(records_prefix(device_id))])
