"""The journal and the objects of a tier as readable tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from l3kit.errors import L3Error, StoreError
from l3kit.notebook.gaps import Gap, gaps_frame, gaps_tables, told, unreached
from l3kit.notebook.tables import Sheet, Shown, table
from l3kit.operate.coroutines import run
from l3kit.operate.tier_stores import TierStores, open_tiers
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.chunks import RESERVED_PREFIX
from l3kit.tiering.journal import DEVICE_PREFIX
from l3kit.tiering.journal_record import DeviceRecord, from_row
from l3kit.tiering.ports import JournalStore, Tier

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.session import Session
    from l3kit.twin.config import Twin


@dataclass(frozen=True, slots=True, repr=False)
class JournalReport(Shown):
    """Result of `read_journal`: each device's record, and what could not be read."""

    records: tuple[tuple[str, DeviceRecord], ...]
    gaps: tuple[Gap, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the journal was reached and every record in it could be read."""
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
        """Return one row per device, then what could not be read."""
        return Sheet(self.sentence(), (table(self.to_frame()), *gaps_tables(self.gaps)))

    def sentence(self) -> str:
        """One-line summary."""
        moved = sum(record.moved_items for _, record in self.records)
        under_way = sum(record.entry is not None for _, record in self.records)
        devices, items = count_of(len(self.records), "device"), count_of(moved, "item")
        text = f"{devices} in the journal, {items} moved, {count_of(under_way, 'chunk')} under way"
        return text + told(self.gaps)

    def to_json(self) -> dict[str, Any]:
        """Return the content of the result file."""
        return {
            "summary": self.sentence(),
            "complete": self.complete,
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
    found = [await _record(stores.journal, one) for one in (*listed, *sorted({*kept} - {*listed}))]
    records = tuple(one for one in found if not isinstance(one, Gap))
    return JournalReport(records, tuple(one for one in found if isinstance(one, Gap)))


async def _record(journal: JournalStore, device_id: str) -> tuple[str, DeviceRecord] | Gap:
    row = await journal.load(DEVICE_PREFIX + device_id)
    try:
        return device_id, from_row(row)
    except StoreError as error:
        return Gap("hot", f"the record of {device_id}", error.cause, error.remedy)


def objects(session: Session, twin: Twin, tier: Tier) -> pd.DataFrame:
    """List the objects of the cold or archive tier: key, items (empty if unknown), bytes, storage class.

    Raises: L3Error if this session does not reach the tier's cloud.
    """
    import pandas as pd

    async def read() -> list[list[object]]:
        async with open_tiers(session, twin) as tiers:
            store = tiers.cold if tier == "cold" else tiers.archive
            if store is None:
                gap = unreached(tier, twin.layout.tier(tier))
                raise L3Error(gap.what, gap.reason, gap.remedy)
            keys = [info.key async for info in store.list() if not info.key.startswith(RESERVED_PREFIX)]
            infos = [info for key in keys if (info := await store.head(key)) is not None]
        return [[i.key, _count(i.metadata.get("items", "")), i.size, i.storage_class] for i in infos]

    frame = pd.DataFrame(run(read()), columns=["key", "items", "bytes", "storage class"])
    return frame.astype({"items": "Int64"})


def _count(text: str) -> int | None:
    return int(text) if text.isdecimal() else None
