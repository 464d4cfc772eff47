"""The journal and the objects of a tier as readable tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from l3kit.errors import L3Error, StoreError
from l3kit.notebook.answer import Answer
from l3kit.notebook.gaps import Gap, gaps_clause, gaps_frame, gaps_tables, unreached
from l3kit.notebook.tables import Displayable, Sheet, table
from l3kit.operate.coroutines import run
from l3kit.operate.tier_stores import TierStores, open_tiers
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.chunks import CANARY_DEVICE, is_own_key
from l3kit.tiering.format.pauses import NOTHING, Pauses
from l3kit.tiering.journal import DEVICE_PREFIX
from l3kit.tiering.journal_record import DeviceRecord, from_row
from l3kit.tiering.movers.pausing import pauses_in_journal
from l3kit.tiering.ports import JournalStore, ObjectInfo, Tier

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.session import Session
    from l3kit.twin.config import Twin


@dataclass(frozen=True, slots=True, repr=False)
class JournalReport(Displayable, Answer):
    """The journal's records.

    Attributes:
        records: by device, first those of the twin's config in its order, then records left of other devices.
        gaps: records that could not be read.
        pauses: of the hot-to-cold mover.
    """

    records: tuple[tuple[str, DeviceRecord], ...]
    gaps: tuple[Gap, ...] = ()
    pauses: Pauses = NOTHING

    @property
    def complete(self) -> bool:
        """True if the journal was reached and every record in it could be read."""
        return not self.gaps

    def to_frame(self) -> pd.DataFrame:
        """Return one row per device: lease holder, chunk under way, progress."""
        import pandas as pd

        rows = [
            [
                device,
                record.owner or "free",
                f"{record.entry.state} {record.entry.key}" if record.entry else "nothing",
                record.moved_items,
                record.moved_chunks,
                record.moved_bytes,
                record.last_key,
            ]
            for device, record in self.records
        ]
        columns = ["device", "held by", "under way", "items moved", "chunks", "bytes", "last chunk"]
        return pd.DataFrame(rows, columns=columns)

    def gaps_frame(self) -> pd.DataFrame:
        """Return what could not be read: columns tier, what, reason, remedy."""
        return gaps_frame(self.gaps)

    def sheet(self) -> Sheet:
        """One row per device, then what could not be read."""
        return Sheet(self.summary(), (table(self.to_frame()), *gaps_tables(self.gaps)))

    def summary(self) -> str:
        moved = sum(record.moved_items for _, record in self.records)
        under_way = sum(record.entry is not None for _, record in self.records)
        devices, items = count_of(len(self.records), "device"), count_of(moved, "item")
        text = f"{devices} in the journal, {items} moved, {count_of(under_way, 'chunk')} under way"
        return text + (f"; {self.pauses.summary()}" if self.pauses else "") + gaps_clause(self.gaps)

    def to_json(self) -> dict[str, Any]:
        return {
            "summary": self.summary(),
            "complete": self.complete,
            "paused": self.pauses.to_json(),
            "devices": self.to_frame().to_dict("records"),
            "gaps": [asdict(gap) for gap in self.gaps],
        }


def read_journal(session: Session, twin: Twin) -> JournalReport:
    """Read the journal of all devices: the twin's in config order, then others that still have a record."""
    return run(_read(session, twin))


async def _read(session: Session, twin: Twin) -> JournalReport:
    async with open_tiers(session, twin) as stores:
        return await read_records(stores, twin)


async def read_records(stores: TierStores, twin: Twin) -> JournalReport:
    """Read the journal from open stores. Raises: StoreError if the journal cannot be read at all."""
    if stores.journal is None:
        return JournalReport((), (unreached("hot", twin.layout.hot, "the journal"),))
    listed = [device.id for device in twin.devices]
    kept = [name.removeprefix(DEVICE_PREFIX) for name in await stores.journal.names(DEVICE_PREFIX)]
    found = [await _record(stores.journal, one) for one in (*listed, *sorted({*kept} - {*listed, CANARY_DEVICE}))]
    records = tuple(one for one in found if not isinstance(one, Gap))
    pauses = await pauses_in_journal(stores.journal)
    return JournalReport(records, tuple(one for one in found if isinstance(one, Gap)), pauses)


async def _record(journal: JournalStore, device_id: str) -> tuple[str, DeviceRecord] | Gap:
    row = await journal.load(DEVICE_PREFIX + device_id)
    try:
        return device_id, from_row(row)
    except StoreError as error:
        return Gap("hot", f"the record of {device_id}", error.cause, error.remedy)


@dataclass(frozen=True, slots=True, repr=False)
class TierObjects(Displayable, Answer):
    """The objects of the cold or archive tier.

    Attributes:
        tier: `cold` or `archive`.
        objects: the store's descriptions, in the order of their keys.
    """

    tier: Tier
    objects: tuple[ObjectInfo, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row per object: key, items (missing if the object does not record it), bytes, storage class."""
        import pandas as pd

        rows = [[o.key, _items(o), o.size, o.storage_class] for o in self.objects]
        return pd.DataFrame(rows, columns=["key", "items", "bytes", "storage class"]).astype({"items": "Int64"})

    def sheet(self) -> Sheet:
        """One row per object."""
        return Sheet(self.summary(), (table(self.to_frame()),))

    def summary(self) -> str:
        size, items = sum(o.size for o in self.objects), sum(_items(o) or 0 for o in self.objects)
        silent = sum(_items(o) is None for o in self.objects)
        unknown = f" and those of {count_of(silent, 'object')} of unknown count" if silent else ""
        held = f"{count_of(items, 'item')}{unknown} in {count_of(size, 'byte')}"
        return f"{count_of(len(self.objects), f'{self.tier} object')}: {held}"

    def to_json(self) -> dict[str, Any]:
        objects = [
            {"key": o.key, "items": _items(o), "bytes": o.size, "storage_class": o.storage_class} for o in self.objects
        ]
        return {"summary": self.summary(), "tier": self.tier, "objects": objects}


def objects(session: Session, twin: Twin, tier: Tier) -> TierObjects:
    """List the objects of the cold or archive tier, with one request for each.

    Raises: L3Error if this session does not reach the tier's cloud.
    """

    async def read() -> tuple[ObjectInfo, ...]:
        async with open_tiers(session, twin) as tiers:
            store = tiers.cold if tier == "cold" else tiers.archive
            if store is None:
                gap = unreached(tier, twin.layout.tier(tier))
                raise L3Error(gap.what, gap.reason, gap.remedy)
            keys = [info.key async for info in store.list() if not is_own_key(info.key)]
            return tuple([info for key in keys if (info := await store.head(key)) is not None])

    return TierObjects(tier, run(read()))


def _items(info: ObjectInfo) -> int | None:
    count = info.metadata.get("items", "")
    return int(count) if count.isdecimal() else None
