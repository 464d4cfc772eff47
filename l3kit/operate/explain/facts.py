"""Facts on one device in the tiers: gathered by `gather`, shown by `page`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from l3kit.operate.erase.past import NEVER_ERASED, PastErases
from l3kit.operate.expired import NOTHING_EXPIRED, Expired
from l3kit.tiering.format.chunks import ChunkKey
from l3kit.tiering.journal_record import DeviceRecord
from l3kit.twin.schedules import Schedule

MISSING = Schedule("missing")


@dataclass(frozen=True, slots=True)
class Place:
    """Location of a tier. `store` is the table or bucket; empty if this session does not reach the cloud."""

    tier: str
    cloud: str
    store: str


@dataclass(frozen=True, slots=True)
class HotItems:
    """The device's items in the hot tier.

    Attributes:
        sort_keys: ascending, without those of `refused`; only the oldest unless `complete`.
        bytes: size of the items' JSON that was read.
        last: the greatest sort key in the table, read or not.
        refused: items that cannot be written as JSON and therefore never move: sort key and reason.
    """

    sort_keys: Sequence[str] = ()
    bytes: int = 0
    last: str = ""
    complete: bool = True
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """An object of the cold or archive tier. `items` is None if not requested or missing from its metadata."""

    key: ChunkKey
    bytes: int
    items: int | None
    sha256: str | None = None
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class EntryCheck:
    """State of the chunk under way, as the next run will find it.

    Attributes:
        same, rewritten: number of items in the hot tier that match the journal, and that do not.
        archived: the digest in its receipt, if it has already moved to the archive.
    """

    same: int
    rewritten: int
    archived: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """All facts of a page. None stands for a tier, or the hot tier's journal, that was not reached.

    Attributes:
        places: of hot, cold and archive.
        entry: set if the journal has a chunk under way.
        schedules: of the hot-to-cold and the cold-to-archive mover.
        configured: whether the device is in the twin's config.
        archive_days: age at which chunks are deleted; None if they never are.
        expired: chunks that were deleted for their age.
        expirer: schedule of the archive expirer.
        stopped: a sentence on a pause that stops its movers; empty without one.
        held: a sentence on a hold that forbids deleting its data; empty without one.
        erased: erases of the device, also one that has not ended.
        foreign: objects under the device's keys that are not chunks: tier and key.
    """

    twin: str
    device_id: str
    now: datetime
    hot_days: int
    cold_days: int
    places: tuple[Place, Place, Place]
    hot: HotItems | None
    cold: tuple[StoredChunk, ...] | None
    archive: tuple[StoredChunk, ...] | None
    record: DeviceRecord | None
    entry: EntryCheck | None
    schedules: tuple[Schedule, Schedule]
    configured: bool = True
    foreign: tuple[tuple[str, str], ...] = ()
    stopped: str = ""
    held: str = ""
    archive_days: int | None = None
    expired: Expired = NOTHING_EXPIRED
    expirer: Schedule = MISSING
    erased: PastErases = NEVER_ERASED
