"""What each tier holds, counted in the stores themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from l3kit.coroutines import run
from l3kit.tier_stores import open_tiers
from l3kit.tiering.chunks import RESERVED_PREFIX, parse_object_key
from l3kit.tiering.ports import HotStore, ObjectStore

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.session import Session
    from l3kit.twin import Twin

BEHIND_ALL = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Holding:
    """One device in one tier. `bytes` are of the items' JSON in the hot tier, of the objects elsewhere."""

    device_id: str
    tier: str
    items: int
    objects: int
    bytes: int
    first: str
    last: str


def holdings(session: Session, twin: Twin) -> list[Holding]:
    """Count items, objects and bytes of every device in every tier; reads the hot tier whole and each object's head."""
    return run(_holdings(session, twin))


def tiers(session: Session, twin: Twin) -> pd.DataFrame:
    """`holdings` as a table: one row per device and tier."""
    import pandas as pd

    rows = [[h.device_id, h.tier, h.items, h.objects, h.bytes, h.first, h.last] for h in holdings(session, twin)]
    return pd.DataFrame(rows, columns=["device", "tier", "items", "objects", "bytes", "first", "last"])


async def _holdings(session: Session, twin: Twin) -> list[Holding]:
    async with open_tiers(session, twin) as stores:
        found: list[Holding] = []
        if stores.hot is not None:
            found += [await _hot(stores.hot, device.id) for device in twin.devices]
        for tier, store in (("cold", stores.cold), ("archive", stores.archive)):
            if store is not None:
                found += await _objects(tier, store)
    order = {device.id: n for n, device in enumerate(twin.devices)}
    return sorted(
        (holding for holding in found if holding.items),
        key=lambda h: (("hot", "cold", "archive").index(h.tier), order.get(h.device_id, len(order)), h.device_id),
    )


async def _hot(hot: HotStore, device_id: str) -> Holding:
    count = size = 0
    first = last = ""
    after: str | None = None
    while True:
        page = await hot.read_page(device_id, before=BEHIND_ALL, after=after)
        if page.sort_keys:
            first = first or page.sort_keys[0]
            last = page.sort_keys[-1]
        count += len(page.items)
        size += sum(map(len, page.items))
        if page.next_after is None:
            return Holding(device_id, "hot", count, count, size, first, last)
        after = page.next_after


async def _objects(tier: str, store: ObjectStore) -> list[Holding]:
    by_device: dict[str, list[tuple[str, str, int, int]]] = {}
    infos = [info async for info in store.list() if not info.key.startswith(RESERVED_PREFIX)]
    for info in infos:
        key = parse_object_key(info.key)
        if key is not None:
            head = await store.head(info.key)
            count = int(head.metadata.get("items", "0")) if head else 0
            by_device.setdefault(key.device_id, []).append((key.start, key.end, count, info.size))
    return [
        Holding(
            device_id,
            tier,
            sum(count for *_, count, _ in parts),
            len(parts),
            sum(size for *_, size in parts),
            min(start for start, *_ in parts),
            max(end for _, end, *_ in parts),
        )
        for device_id, parts in by_device.items()
    ]
