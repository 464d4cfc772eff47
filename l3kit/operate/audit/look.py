"""The journal and the tiers on one device, read so that a running mover hides no object."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from l3kit.errors import StoreError
from l3kit.notebook.gaps import Gap
from l3kit.operate.audit.doubles import Span, overlapping, span_of
from l3kit.operate.audit.totals import Counted
from l3kit.operate.expired import NOTHING_EXPIRED, Expired, expired_of
from l3kit.tiering.format.chunks import ChunkKey, device_prefix, parse_object_key
from l3kit.tiering.journal import DEVICE_PREFIX
from l3kit.tiering.journal_record import from_row
from l3kit.tiering.movers.cold_to_archive import MAX_SEAL_BYTES, is_seal
from l3kit.tiering.ports import JournalStore, ObjectInfo, ObjectStore
from l3kit.tiering.transfer.receipts import RECEIPT_PREFIX


@dataclass(frozen=True, slots=True)
class AuditedTier:
    """A tier that the audit reads."""

    tier: str
    cloud: str
    store: ObjectStore


@dataclass(frozen=True, slots=True)
class AuditedStores:
    """The stores that the audit reads; None for unreached ones."""

    journal: JournalStore | None
    cold: AuditedTier | None
    archive: AuditedTier | None

    def tiers(self) -> list[AuditedTier]:
        """The reached tiers. A listing of all must begin with the cold one: objects leave it for the other."""
        return [tier for tier in (self.cold, self.archive) if tier is not None]

    @property
    def whole(self) -> bool:
        """True if both tiers are reached, so that an object in neither of them is missing."""
        return self.cold is not None and self.archive is not None


@dataclass(frozen=True, slots=True)
class Listed:
    """A listed chunk.

    Attributes:
        crowded: whether the range of another chunk of the device overlaps its own.
        twice: whether both tiers have its key.
    """

    place: AuditedTier
    info: ObjectInfo
    key: ChunkKey
    span: Span
    crowded: bool = False
    twice: bool = False

    @property
    def order(self) -> tuple[float, str, str]:
        """Sort key among the objects of its device."""
        return self.span.low, self.info.key, self.place.tier


@dataclass(frozen=True, slots=True)
class Look:
    """The state of a device at one moment.

    Attributes:
        counted: None if the journal has no counts.
        objects: its chunks, in the order of the beginnings of their ranges.
        sealed: keys of seals, which hold no items.
        receipts: keys of chunks that have a receipt.
        expired: chunks that have expired, none of which is among the objects.
        gap: why the journal has no counts.
    """

    device_id: str
    counted: Counted | None
    objects: tuple[Listed, ...]
    sealed: frozenset[str]
    receipts: tuple[str, ...]
    gap: Gap | None = None
    expired: Expired = NOTHING_EXPIRED

    def keys(self) -> set[str]:
        """The keys of all chunks with items."""
        return {one.info.key for one in self.objects} - self.sealed


def chunk_key(key: str) -> ChunkKey | None:
    """The parts of a mover's key; None for any other key."""
    parsed = parse_object_key(key)
    return parsed if parsed is not None and str(parsed) == key else None


async def look_at(stores: AuditedStores, device_id: str) -> Look:
    """Read a device's record, then list its objects, the cold ones first.

    Counted chunks were stored before the record was read, and an object leaves the cold tier only once it is in the
    archive, so no mover can hide an object from this order. Raises: StoreError.
    """
    counted, gap = await _counted(stores.journal, device_id)
    found: list[tuple[AuditedTier, ObjectInfo, ChunkKey]] = []
    for place in stores.tiers():
        async for info in place.store.list(device_prefix(device_id)):
            key = chunk_key(info.key)
            if key is not None and key.device_id == device_id:
                found.append((place, info, key))
    receipts: list[str] = []
    if stores.cold is not None:
        prefix = RECEIPT_PREFIX + device_prefix(device_id)
        receipts = [info.key.removeprefix(RECEIPT_PREFIX) async for info in stores.cold.store.list(prefix)]
    expired = NOTHING_EXPIRED
    if stores.archive is not None:  # after the listing: a record is there before a chunk that it names goes
        expired = await expired_of(stores.archive.store, device_id, {info.key for _, info, _ in found})
    return Look(device_id, counted, _in_time(found), await _seals(found), tuple(receipts), gap, expired)


async def _counted(journal: JournalStore | None, device_id: str) -> tuple[Counted | None, Gap | None]:
    if journal is None:
        return None, None
    row = await journal.load(DEVICE_PREFIX + device_id)
    try:
        return Counted.of(from_row(row)), None
    except StoreError as error:
        return None, Gap("hot", f"the journal's record of {device_id}", error.cause, error.remedy)


def _in_time(found: list[tuple[AuditedTier, ObjectInfo, ChunkKey]]) -> tuple[Listed, ...]:
    spans = [span_of(key) for _, _, key in found]
    times = Counter(info.key for _, info, _ in found)
    listed = [
        Listed(place, info, key, span, twice=times[info.key] > 1)
        for (place, info, key), span in zip(found, spans, strict=True)
    ]
    listed.sort(key=lambda one: one.order)
    crowded = overlapping([one.span for one in listed])
    return tuple(replace(one, crowded=near) for one, near in zip(listed, crowded, strict=True))


async def _seals(found: list[tuple[AuditedTier, ObjectInfo, ChunkKey]]) -> frozenset[str]:
    seals = set()
    for place, listed, _ in found:
        if listed.size <= MAX_SEAL_BYTES and (info := await place.store.head(listed.key)) and is_seal(info):
            seals.add(listed.key)
    return frozenset(seals)
