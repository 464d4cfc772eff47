"""Count the contents of each tier in the stores themselves, with gaps for what could not be counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from l3kit.notebook.answer import Answer
from l3kit.notebook.gaps import Gap, gaps_clause, gaps_frame, gaps_tables, unwritable
from l3kit.notebook.tables import Displayable, Sheet, table
from l3kit.operate.coroutines import run
from l3kit.operate.hot_census import Budget, DeviceCensus, Unlisted, count_device, unlisted_devices
from l3kit.operate.tier_stores import TierStores, open_tiers
from l3kit.tiering.counts import MAX_NAMED, count_of
from l3kit.tiering.format.chunks import ChunkKey, is_own_key, parse_object_key
from l3kit.tiering.format.item_times import moment_of, why_unmovable
from l3kit.tiering.format.time_ranges import order_of
from l3kit.tiering.ports import ObjectInfo, ObjectStore
from l3kit.twin.layout import TIERS

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.session import Session
    from l3kit.twin.config import Twin

HEADS_AT_ONCE = 32
COLUMNS = ("device", "tier", "items", "objects", "bytes", "first", "last", "never moved", "ahead")


@dataclass(frozen=True, slots=True)
class Holding:
    """One device in one tier.

    Attributes:
        bytes: size of the items' JSON in the hot tier, of the objects in other tiers.
        first, last: keys of the earliest and the latest item; empty if no key is a time.
        never_moved: hot items whose key is not a movable time.
        ahead: hot items dated in the future.
    """

    device_id: str
    tier: str
    items: int
    objects: int
    bytes: int
    first: str
    last: str
    never_moved: int = 0
    ahead: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class TiersReport(Displayable, Answer):
    """The result of `tiers`: items per device and tier.

    Attributes:
        holdings: one for each device and tier with data.
        unlisted: devices in the hot tier that the twin's config does not list; they are never moved.
        forms: number of hot keys by form (docs/reference/items.md).
        notes: warnings about the counted items, with the remedy.
        gaps: parts that were not counted: unreached tiers, objects in other formats, refused items.
    """

    holdings: tuple[Holding, ...]
    unlisted: tuple[str, ...] = ()
    forms: dict[str, int] | None = None
    notes: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def complete(self) -> bool:
        """True if every tier was reached and everything in it was counted."""
        return not self.gaps

    def total(self, tier: str) -> int:
        """Return the number of items in a tier."""
        return sum(holding.items for holding in self.holdings if holding.tier == tier)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per device and tier, with the columns `COLUMNS`."""
        import pandas as pd

        rows = [
            [h.device_id, h.tier, h.items, h.objects, h.bytes, h.first, h.last, h.never_moved, h.ahead]
            for h in self.holdings
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def gaps_frame(self) -> pd.DataFrame:
        """Return what was not counted: columns tier, what, reason, remedy."""
        return gaps_frame(self.gaps)

    def sheet(self) -> Sheet:
        """Return each device in each tier, then what was not counted; all-zero columns are omitted."""
        frame = self.to_frame()
        frame = frame.drop(columns=[name for name in ("never moved", "ahead") if not frame[name].any()])
        return Sheet(self.summary(), (table(frame), *gaps_tables(self.gaps)), self.notes)

    def summary(self) -> str:
        counts = ", ".join(f"{count:,} {tier}" for tier in TIERS if (count := self.total(tier)))
        return f"{count_of(sum(map(self.total, TIERS)), 'item')}: {counts or 'none'}{gaps_clause(self.gaps)}"

    def to_json(self) -> dict[str, Any]:
        return {
            "summary": self.summary(),
            "complete": self.complete,
            "items": {tier: self.total(tier) for tier in TIERS},
            "holdings": [asdict(holding) for holding in self.holdings],
            "unlisted_devices": list(self.unlisted),
            "forms": dict(self.forms or {}),
            "notes": list(self.notes),
            "gaps": [asdict(gap) for gap in self.gaps],
        }


def tiers(session: Session, twin: Twin, *, now: datetime | None = None) -> TiersReport:
    """Count items, objects and bytes of every device in every tier; reads the hot tier whole and each object's head.

    Args:
        now: readings later than this are counted as future; default: the current time.
    Raises: StoreError if a store cannot be reached at all.
    """
    return run(_tiers(session, twin, moment_of(now or datetime.now(UTC))))


async def _tiers(session: Session, twin: Twin, now: int) -> TiersReport:
    async with open_tiers(session, twin) as stores:
        return await count_tiers(stores, twin, now)


async def count_tiers(stores: TierStores, twin: Twin, now: int) -> TiersReport:
    """Count the tiers of open stores. `now` is in nanoseconds since 1970. Raises: StoreError."""
    listed = [device.id for device in twin.devices]
    holdings: list[Holding] = []
    counted: list[DeviceCensus] = []
    unlisted = Unlisted()
    gaps = stores.unreached(twin)
    if stores.hot is not None:
        unlisted = await unlisted_devices(stores.hot, listed, Budget())
        counted = [await count_device(stores.hot, one, now, Budget()) for one in (*listed, *unlisted.device_ids)]
        holdings += map(_hot, counted)
        gaps += [*refused_items(counted), *([unlisted.gap] if unlisted.gap else [])]
    for tier, store in (("cold", stores.cold), ("archive", stores.archive)):
        if store is not None:
            held, left_out = await _objects(tier, store)
            holdings += held
            gaps += left_out
    order = {device: number for number, device in enumerate(listed)}
    return TiersReport(
        tuple(
            sorted(
                (holding for holding in holdings if holding.items),
                key=lambda h: (TIERS.index(h.tier), order.get(h.device_id, len(order)), h.device_id),
            )
        ),
        unlisted.device_ids,
        dict(sum((census.forms for census in counted), Counter())),
        tuple(notes_on(counted, unlisted.device_ids)),
        tuple(gaps),
    )


def _hot(census: DeviceCensus) -> Holding:
    c = census
    return Holding(c.device_id, "hot", c.items, c.items, c.bytes, c.first, c.last, c.never_moved, c.ahead)


def refused_items(counted: Sequence[DeviceCensus]) -> Iterator[Gap]:
    """Yield a gap for each device with hot items that cannot be written as JSON."""
    for census in counted:
        if census.refused:
            yield unwritable(census.refused, census.first_refused, census.device_id)


def notes_on(counted: Sequence[DeviceCensus], unlisted: Sequence[str]) -> Iterator[str]:
    """Yield warnings on hot keys and devices that the movers will not move, with the remedy."""
    odd = [census for census in counted if census.never_moved]
    if odd:
        number = sum(census.never_moved for census in odd)
        keys = [key for census in odd for key in census.unmovable][:MAX_NAMED]
        yield (
            f"{count_of(number, 'hot item is', 'hot items are')} never moved: {why_unmovable(keys[0])}. "
            f"{_named(keys, number)}. docs/reference/items.md says how to convert them"
        )
    ahead = [census for census in counted if census.ahead]
    if ahead:
        number = sum(census.ahead for census in ahead)
        devices = [census.device_id for census in ahead]
        yield (
            f"{count_of(number, 'hot item is', 'hot items are')} in the future, "
            f"the latest {max((c.last for c in ahead), key=order_of)}, "
            f"of {_named(devices, len(devices))}: check the clocks of these devices"
        )
    if unlisted:
        yield (
            f"{count_of(len(unlisted), 'device')} in the hot tier that the twin does not list, "
            f"whose items are never moved: {_named(unlisted, len(unlisted))}. "
            "Add them to config_iot_devices.json and run deploy_l3, or remove their items"
        )


def _named(names: Sequence[str], number: int) -> str:
    said = ", ".join(names[:MAX_NAMED])
    return f"{said} and {number - len(names[:MAX_NAMED]):,} more" if number > len(names[:MAX_NAMED]) else said


async def _objects(tier: str, store: ObjectStore) -> tuple[list[Holding], list[Gap]]:
    infos = [info async for info in store.list() if not is_own_key(info.key)]
    places = asyncio.Semaphore(HEADS_AT_ONCE)

    async def head(key: str) -> ObjectInfo | None:
        async with places:
            return await store.head(key)

    foreign = [info.key for info in infos if parse_object_key(info.key) is None]
    chunks = [(key, info) for info in infos if (key := parse_object_key(info.key)) is not None]
    heads = await asyncio.gather(*(head(info.key) for _, info in chunks))
    by_device: dict[str, Holding] = {}
    silent: list[str] = []
    for (key, listed), info in zip(chunks, heads, strict=True):
        if info is None:  # moved to the next tier during this count
            continue
        count = info.metadata.get("items", "")
        if not count.isdecimal():
            silent.append(listed.key)
        _add(by_device, tier, key, int(count) if count.isdecimal() else 0, listed.size)
    return list(by_device.values()), list(_left_out(tier, foreign, silent))


def _add(by_device: dict[str, Holding], tier: str, key: ChunkKey, items: int, size: int) -> None:
    held = by_device.get(key.device_id) or Holding(key.device_id, tier, 0, 0, 0, key.start, key.end)
    by_device[key.device_id] = replace(
        held,
        items=held.items + items,
        objects=held.objects + 1,
        bytes=held.bytes + size,
        first=min(held.first, key.start, key=order_of),
        last=max(held.last, key.end, key=order_of),
    )


def _left_out(tier: str, foreign: Sequence[str], silent: Sequence[str]) -> Iterator[Gap]:
    if foreign:
        what = f"{count_of(len(foreign), f'{tier} object')} ({_named(foreign, len(foreign))})"
        reason = "have no key of a chunk, so they were not counted"
        yield Gap(tier, what, reason, "Find out who wrote them, and move them elsewhere", uncounted=False)
    if silent:
        what = f"{count_of(len(silent), f'{tier} chunk')} ({_named(silent, len(silent))})"
        yield Gap(tier, what, "do not say how many items they hold", "Query the device to count them")
