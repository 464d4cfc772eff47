"""The journal and the objects of a tier as tables that a person can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from l3kit.coroutines import run
from l3kit.tier_stores import open_tiers
from l3kit.tiering.chunks import RESERVED_PREFIX
from l3kit.tiering.journal import DEVICE_PREFIX
from l3kit.tiering.journal_record import DeviceRecord, from_row
from l3kit.tiering.ports import Tier

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.session import Session
    from l3kit.twin import Twin


def journal_frame(session: Session, twin: Twin) -> pd.DataFrame:
    """One row per device: who holds it, what is under way, what has been moved."""
    import pandas as pd

    async def read() -> list[tuple[str, DeviceRecord]]:
        async with open_tiers(session, twin) as tiers:
            if tiers.journal is None:
                return []
            return [(d.id, from_row(await tiers.journal.load(DEVICE_PREFIX + d.id))) for d in twin.devices]

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
        for device, record in run(read())
    ]
    columns = ["device", "held by", "under way", "items moved", "chunks", "bytes", "last chunk"]
    return pd.DataFrame(rows, columns=columns)


def objects(session: Session, twin: Twin, tier: Tier) -> pd.DataFrame:
    """The chunks of the cold or archive tier: key, items, bytes, storage class."""
    import pandas as pd

    async def read() -> list[list[object]]:
        async with open_tiers(session, twin) as tiers:
            store = tiers.cold if tier == "cold" else tiers.archive
            if store is None:
                return []
            keys = [info.key async for info in store.list() if not info.key.startswith(RESERVED_PREFIX)]
            infos = [await store.head(key) for key in keys]
        return [[i.key, int(i.metadata.get("items", "0")), i.size, i.storage_class] for i in infos if i is not None]

    return pd.DataFrame(run(read()), columns=["key", "items", "bytes", "storage class"])
