"""A device's data in the stores of its twin: items of the hot tier, objects of the others, its part of reports."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from l3kit.operate.coroutines import READS_AT_ONCE
from l3kit.operate.erase.pieces import Kind, Piece
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.format.chunks import device_prefix, json_array, parse_object_key
from l3kit.tiering.format.expiry import is_due, record_names, records_prefix
from l3kit.tiering.format.item_times import moment_of
from l3kit.tiering.format.time_ranges import MAX_SORT_KEY
from l3kit.tiering.hot_pages import hot_pages
from l3kit.tiering.movers.cold_to_archive import end_of
from l3kit.tiering.ports import HotStore, ObjectStore, ObjectVersion
from l3kit.tiering.transfer.multipart import PARTS_PREFIX
from l3kit.tiering.transfer.receipts import RECEIPT_PREFIX

BATCH = 250
"""Versions whose deletion is recorded at once."""


@dataclass(frozen=True, slots=True)
class ItemBatch:
    """A page of the hot tier. `keys`: also of items that cannot be written as JSON."""

    keys: Sequence[str]
    piece: Piece


@dataclass(frozen=True, slots=True)
class ObjectBatch:
    """Versions of objects, in the order in which to delete them, and the pieces that they are."""

    versions: Sequence[ObjectVersion]
    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """The moments before which a chunk is due: in the cold tier for the archive, in the archive for expiry.

    Attributes:
        archive: None if nothing expires.
    """

    cold: datetime
    archive: datetime | None = None

    @classmethod
    def at(cls, now: datetime, cold_days: int, archive_days: int | None) -> Cutoffs:
        """Return the cutoffs at this time, with a day of tolerance for clocks that differ."""
        return cls(_days_before(now, cold_days), None if archive_days is None else _days_before(now, archive_days))

    def due(self, tier: str, key: str) -> bool:
        """Return whether a mover or the expirer may take the chunk now."""
        if tier == "cold":
            end = end_of(key)
            return end is None or end < self.cold
        return self.archive is not None and is_due(key, moment_of(self.archive))


def _days_before(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days - 1)


@dataclass(slots=True)
class Sighting:
    """Facts about a device's objects, collected while they are listed.

    Attributes:
        newest: when the youngest chunk was stored or marked as deleted.
        recorded: when the youngest record of expiry was stored.
        moving: whether a chunk in the cold tier is due for the archive.
        expiring: whether a chunk in the archive is due for expiry.
        foreign: keys under the device's prefix that are no chunks of l3kit.
        kept: versions that a store keeps after their deletion, and the time until which it keeps the last one.
        chunk_keys: digests of the chunks' keys, by which parts of uploads are found.
    """

    newest: datetime | None = None
    recorded: datetime | None = None
    moving: bool = False
    expiring: bool = False
    foreign: set[str] = field(default_factory=set)
    kept: set[tuple[str, str, str]] = field(default_factory=set)
    kept_until: datetime | None = None
    chunk_keys: set[str] = field(default_factory=set)

    def note_chunk(self, piece: Piece) -> None:
        """Note a chunk that an earlier erase has recorded."""
        if piece.kind == "chunk":
            self.chunk_keys.add(hashlib.sha256(piece.name.encode()).hexdigest())


async def item_batches(hot: HotStore, device: str) -> AsyncIterator[ItemBatch]:
    """The device's items, page by page. Raises: StoreError."""
    async for page in hot_pages(hot, device, before=MAX_SORT_KEY):
        keys = sorted({*page.sort_keys, *(key for key, _ in page.refused)})
        if keys:
            body = json_array(page.items)
            digest = f"sha256:{hashlib.sha256(body).hexdigest()}" if page.items else ""
            size = sum(map(len, page.items))
            named = keys[0] if len(keys) == 1 else f"{keys[0]} ... {keys[-1]}"
            yield ItemBatch(keys, Piece("hot", "items", named, "", len(keys), size, digest))


async def object_batches(
    store: ObjectStore, device: str, sighting: Sighting, due: Cutoffs
) -> AsyncIterator[ObjectBatch]:
    """The device's chunks with all their versions, and what l3kit keeps with them. Raises: StoreError."""
    batch: list[tuple[ObjectVersion, Kind]] = []
    async for one in versions_of(store, device, sighting, due):
        batch.append(one)
        if len(batch) == BATCH:
            yield await _batch(store, batch)
            batch = []
    if batch:
        yield await _batch(store, batch)


async def versions_of(
    store: ObjectStore, device: str, sighting: Sighting, due: Cutoffs
) -> AsyncIterator[tuple[ObjectVersion, Kind]]:
    """The versions that can be deleted; anything else found is noted. Raises: StoreError."""
    async for version, kind in _found(store, device, sighting):
        if version.kept_until is not None:
            sighting.kept.add((store.tier, version.key, version.version))
            sighting.kept_until = max(sighting.kept_until or version.kept_until, version.kept_until)
            continue
        if kind == "chunk":
            sighting.newest = max(sighting.newest or version.modified, version.modified)
        if kind == "expiry record":
            sighting.recorded = max(sighting.recorded or version.modified, version.modified)
        if kind == "chunk" and version.current and due.due(store.tier, version.key):
            sighting.moving |= store.tier == "cold"
            sighting.expiring |= store.tier == "archive"
        yield version, kind


async def _found(store: ObjectStore, device: str, sighting: Sighting) -> AsyncIterator[tuple[ObjectVersion, Kind]]:
    prefix = device_prefix(device)
    async for version in store.versions(prefix):
        if is_chunk_of(version.key, device):
            sighting.chunk_keys.add(hashlib.sha256(version.key.encode()).hexdigest())
            yield version, "chunk"
        else:
            sighting.foreign.add(version.key)
    async for version in store.versions(RECEIPT_PREFIX + prefix):
        if is_chunk_of(version.key.removeprefix(RECEIPT_PREFIX), device):
            yield version, "receipt"
    async for version in store.versions(PARTS_PREFIX):
        if version.key.removeprefix(PARTS_PREFIX).partition("/")[0] in sighting.chunk_keys:
            yield version, "upload part"
    if store.tier == "archive":
        async for version in store.versions(records_prefix(device)):
            if record_names([version.key]):
                yield version, "expiry record"


def is_chunk_of(key: str, device: str) -> bool:
    """Return whether the key is that of a chunk of exactly this device."""
    chunk = parse_object_key(key)
    return chunk is not None and chunk.device_id == device and key.startswith(device_prefix(device))


async def _batch(store: ObjectStore, found: Sequence[tuple[ObjectVersion, Kind]]) -> ObjectBatch:
    ordered = sorted(found, key=lambda one: (one[0].key, one[0].current))

    async def piece(version: ObjectVersion, kind: Kind) -> Piece:
        info = await store.head(version.key) if version.current else None
        digest = f"sha256:{info.sha256}" if info is not None and info.sha256 else f"etag:{version.etag}"
        stated = info.metadata.get("items", "") if info is not None else ""
        count = int(stated) if stated.isdecimal() else 0
        named = "" if version.current else version.version
        return Piece(store.tier, kind, version.key, named, count, version.size, digest)

    pieces = await Bounded(READS_AT_ONCE).run([piece(*one) for one in ordered])
    return ObjectBatch([version for version, _ in ordered], pieces)
