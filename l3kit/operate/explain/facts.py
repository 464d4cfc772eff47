"""What is known of one device in the tiers: gathered by `gather`, shown by `page`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from l3kit.tiering.format.chunks import ChunkKey
from l3kit.tiering.journal_record import DeviceRecord
from l3kit.twin.schedules import Schedule


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tier is. `store` is the table's or bucket's name; empty where this session does not reach the cloud."""

    tier: str
    cloud: str
    store: str


@dataclass(frozen=True, slots=True)
class HotItems:
    """The device's items in the hot tier.

    Attributes:
        sort_keys: ascending, without those of `refused`; only the oldest where not `complete`.
        bytes: of the items' JSON that was read.
        last: the greatest sort key in the table, read or not.
        refused: items that cannot be written as JSON, hence never move: sort key and reason.
    """

    sort_keys: Sequence[str] = ()
    bytes: int = 0
    last: str = ""
    complete: bool = True
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """An object of the cold or archive tier. `items` is None where nobody asked or its metadata do not tell."""

    key: ChunkKey
    bytes: int
    items: int | None
    sha256: str | None = None
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class EntryCheck:
    """What the next run will find of the chunk under way.

    Attributes:
        same, rewritten: items in the hot tier that are as the journal notes them, and that are not.
        archived: the digest in its receipt, where it has gone on to the archive meanwhile.
    """

    same: int
    rewritten: int
    archived: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What a page is made of. None stands for a tier, or the journal beside the hot one, that was not reached.

    Attributes:
        places: of hot, cold and archive.
        entry: set where the journal has a chunk under way.
        schedules: of the hot-to-cold and the cold-to-archive mover.
        configured: whether the device is in the twin's config.
        foreign: objects among the device's that are no chunks: tier and key.
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
