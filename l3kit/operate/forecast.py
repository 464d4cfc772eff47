"""The items that a run of a mover or the expirer would take now, counted in the stores, which are only read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from math import inf
from typing import TYPE_CHECKING, Any

from l3kit.notebook.answer import Answer
from l3kit.notebook.gaps import Gap, gaps_clause, gaps_tables, unreached
from l3kit.notebook.tables import Displayable, Sheet, table
from l3kit.operate.coroutines import READS_AT_ONCE, run
from l3kit.operate.explain.gather import MAX_HEADS
from l3kit.operate.hot_census import Budget
from l3kit.operate.movers import checked_mover
from l3kit.operate.pauses.report import pauses_of
from l3kit.operate.tier_stores import TierStores, open_tiers
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.chunks import is_own_key, parse_object_key
from l3kit.tiering.format.expiry import is_due
from l3kit.tiering.format.holds import Holds
from l3kit.tiering.format.item_times import moment_of
from l3kit.tiering.format.pauses import NOTHING, Pauses
from l3kit.tiering.format.time_ranges import due, movable_range, read_bound
from l3kit.tiering.hot_pages import hot_pages
from l3kit.tiering.movers.cold_to_archive import FOREIGN, end_of
from l3kit.tiering.movers.holding import holds_in_archive
from l3kit.tiering.movers.report import iso
from l3kit.tiering.ports import HotStore, ObjectInfo, ObjectStore
from l3kit.tiering.settings.function_table import EXPIRER
from l3kit.tiering.settings.tuning import Tuning
from l3kit.twin.layout import MOVERS

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.session import Session
    from l3kit.twin.config import Twin

MAX_BYTES = 256 * 1024 * 1024
"""Bytes of due items' JSON after which reading stops: on DynamoDB about 65,000 read units."""
DEVICES_SHOWN = 20
"""Devices that the table shows, those with most bytes first; `to_frame` and the JSON have all."""
COLUMNS = ("device", "items", "chunks", "bytes", "first", "last", "paused")


@dataclass(frozen=True, slots=True)
class DeviceForecast:
    """The items due of one device. `first` and `last` are sort keys; `paused`: no run takes it, paused or held."""

    device: str
    items: int
    chunks: int
    bytes: int
    first: str
    last: str
    paused: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Forecast(Displayable, Answer):
    """The result of `forecast`: what a run of a mover or the expirer would take; nothing was moved or deleted.

    Attributes:
        function: the mover, or the expirer.
        cutoff: what is older is due.
        devices: those with something due, in the order of the twin's config.
        pauses, holds: what is paused or held, which a run would leave.
        gaps: what could not be counted.
    """

    function: str
    cutoff: datetime
    devices: tuple[DeviceForecast, ...]
    pauses: Pauses = NOTHING
    holds: Holds = field(default_factory=Holds)
    gaps: tuple[Gap, ...] = field(default=())

    @property
    def complete(self) -> bool:
        """True if everything due was counted."""
        return not self.gaps

    @property
    def moving(self) -> tuple[DeviceForecast, ...]:
        """Devices that a run would take: those that are neither paused nor held."""
        return tuple(device for device in self.devices if not device.paused)

    def total(self, name: str) -> int:
        """Sum `items`, `chunks` or `bytes` of the devices that a run would take."""
        return sum(int(getattr(device, name)) for device in self.moving)

    def summary(self) -> str:
        least = "at least " if any(gap.uncounted for gap in self.gaps) else ""
        parts = ", ".join(count_of(self.total(name), name.removesuffix("s")) for name in ("items", "chunks", "bytes"))
        paused = "".join(f"; {stops.summary()}" for stops in (self.pauses, self.holds) if stops)
        done = "deleted from the archive" if self.function == EXPIRER else "moved"
        return (
            f"{self.function}, dry run: {least}{parts} of {count_of(len(self.moving), 'device')} would be {done}, "
            f"older than {iso(self.cutoff)}{paused}{gaps_clause(self.gaps)}"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per device with something due, with the columns `COLUMNS`."""
        import pandas as pd

        return pd.DataFrame([list(asdict(device).values()) for device in self.devices], columns=list(COLUMNS))

    def sheet(self) -> Sheet:
        """Return the devices with most bytes due, and the gaps."""
        most = sorted(self.devices, key=lambda one: -one.bytes)[:DEVICES_SHOWN]
        left = len(self.devices) - len(most)
        made = table(replace(self, devices=tuple(most)).to_frame())
        more = f"{count_of(left, 'more device')}; --json has all" if left else ""
        return Sheet(self.summary(), (replace(made, more=more), *gaps_tables(self.gaps)))

    def to_json(self) -> dict[str, Any]:
        return {
            "summary": self.summary(),
            "complete": self.complete,
            "function": self.function,
            "cutoff": iso(self.cutoff),
            "items": self.total("items"),
            "chunks": self.total("chunks"),
            "bytes": self.total("bytes"),
            "devices": [asdict(device) for device in self.devices],
            "paused": self.pauses.to_json(),
            "held": self.holds.to_json(),
            "gaps": [asdict(gap) for gap in self.gaps],
        }


def forecast(session: Session, twin: Twin, function: str, *, time: date | str | None = None) -> Forecast:
    """Count what a mover would move, or the expirer delete.

    Reads the due items, or lists the cold or archive tier; writes and deletes nothing.

    Args:
        function: `hot-to-cold-mover`, `cold-to-archive-mover` or `archive-expirer`.
        time: the moment the run would stand for, as in `run_mover`; None is now.
    Raises: L3Error for an unknown mover; ConfigurationError for an invalid time; StoreError.
    """
    checked_mover(function, twin)
    now = datetime.now(UTC) if time is None else _moment(time)

    async def work() -> Forecast:
        async with open_tiers(session, twin) as stores:
            return await forecast_of(stores, twin, function, now)

    return run(work())


async def forecast_of(
    stores: TierStores, twin: Twin, function: str, now: datetime, max_bytes: int = MAX_BYTES
) -> Forecast:
    """Forecast from open stores. Raises: StoreError."""
    if function == EXPIRER:
        return await _expiry(stores, twin, now)
    hot = function == MOVERS[0]
    report = await pauses_of(stores, twin)
    pauses = (report.hot if hot else report.cold) or NOTHING
    days = twin.config.hot_storage_size_in_days if hot else twin.config.cold_storage_size_in_days
    cutoff, tuning = now - timedelta(days=days), Tuning.from_env({k: str(v) for k, v in twin.config.tuning.items()})
    tier = "hot" if hot else "cold"
    if (stores.hot if hot else stores.cold) is None:
        return Forecast(function, cutoff, (), pauses, gaps=(unreached(tier, twin.layout.tier(tier)),))
    if stores.hot is not None and hot:
        found, gaps = await _due_items(stores.hot, [one.id for one in twin.devices], cutoff, tuning, Budget(max_bytes))
    else:
        assert stores.cold is not None
        old = [info async for info in stores.cold.list() if (end_of(info.key) or info.modified) < cutoff]
        found, gaps = await _due_objects(stores.cold, old, tuning.max_safe_object_size)
    marked = tuple(replace(one, paused=pauses.of(one.device) is not None) for one in found)
    return Forecast(function, cutoff, marked, pauses, gaps=tuple(gaps))


async def _expiry(stores: TierStores, twin: Twin, now: datetime) -> Forecast:
    cutoff = now - timedelta(days=twin.config.archive_storage_size_in_days or 0)
    archive = stores.archive
    if archive is None:
        return Forecast(EXPIRER, cutoff, (), gaps=(unreached("archive", twin.layout.archive),))
    holds = await holds_in_archive(archive)
    old = [info async for info in archive.list() if is_due(info.key, moment_of(cutoff))]
    found, gaps = await _due_objects(archive, old)
    marked = tuple(replace(one, paused=holds.of(one.device) is not None) for one in found)
    return Forecast(EXPIRER, cutoff, marked, holds=holds, gaps=tuple(gaps))


async def _due_items(
    hot: HotStore, devices: Iterable[str], cutoff: datetime, tuning: Tuning, budget: Budget
) -> tuple[list[DeviceForecast], list[Gap]]:
    found: list[DeviceForecast] = []
    unread: list[str] = []
    for device in devices:
        if budget.is_spent:
            unread.append(device)
            continue
        one, whole = await _due_of(hot, device, moment_of(cutoff), tuning.max_chunk_bytes, budget)
        found += [one] if one.items else []
        unread += [] if whole else [device]
    remedy = "run the mover, which moves them in as many runs as it takes"
    reason = f"were not counted, or not all of them, first {unread[0]}: {MAX_BYTES:,} bytes were read" if unread else ""
    what = f"due items of {count_of(len(unread), 'device')}"
    return found, [Gap("hot", what, reason, remedy)] if unread else []


async def _due_of(
    hot: HotStore, device: str, cutoff: int, max_chunk: int, budget: Budget
) -> tuple[DeviceForecast, bool]:
    """Count one device's due items, cut into chunks as the mover does. Returns: whether all were read."""
    items = size = chunks = filled = 0
    first = last = ""
    whole = True
    async for page in hot_pages(hot, device, before=movable_range(None, cutoff - 1).before):
        chosen = due(page.sort_keys, cutoff)
        numbers = range(len(page.items)) if chosen is None else chosen
        for number in numbers:
            length = len(page.items[number]) + 1
            if not filled or filled + length > max_chunk:
                chunks, filled = chunks + 1, 1
            filled += length
            items, size = items + 1, size + length
            first = first or page.sort_keys[number]
            last = page.sort_keys[number]
        budget.spend(sum(map(len, page.items)))
        if budget.is_spent and page.next_after is not None:
            whole = False
            break
    return DeviceForecast(device, items, chunks, size + chunks, first, last), whole


async def _due_objects(
    store: ObjectStore, due_ones: Iterable[ObjectInfo], max_bytes: float = inf
) -> tuple[list[DeviceForecast], list[Gap]]:
    old = [info for info in due_ones if not is_own_key(info.key)]
    large = [info for info in old if info.size > max_bytes]
    old = [info for info in old if info.size <= max_bytes]
    counts = await _item_counts(store, old[:MAX_HEADS])
    by_device: dict[str, DeviceForecast] = {}
    for info in old:
        key = parse_object_key(info.key)
        name, start, end = (key.device_id, key.start, key.end) if key else (FOREIGN, "", "")
        held = by_device.get(name) or DeviceForecast(name, 0, 0, 0, start, end)
        by_device[name] = replace(
            held,
            items=held.items + (counts.get(info.key) or 0),
            chunks=held.chunks + 1,
            bytes=held.bytes + info.size,
            first=min(held.first, start),
            last=max(held.last, end),
        )
    silent = [info.key for info in old if counts.get(info.key) is None]
    gaps = []
    if silent:
        what = f"the items of {count_of(len(silent), f'{store.tier} object')}"
        gaps.append(
            Gap(store.tier, what, f"are not counted; the first is {silent[0]}", "The run takes them all the same")
        )
    if large:
        what = count_of(len(large), "cold object")
        reason = f"exceed MAX_SAFE_OBJECT_SIZE and would be left; the first is {large[0].key}"
        gaps.append(Gap("cold", what, reason, "Raise the setting in config.json, or archive them yourself", False))
    return list(by_device.values()), gaps


async def _item_counts(store: ObjectStore, infos: list[ObjectInfo]) -> dict[str, int | None]:
    places = asyncio.Semaphore(READS_AT_ONCE)

    async def count(key: str) -> tuple[str, int | None]:
        async with places:
            info = await store.head(key)
        counted = info.metadata.get("items", "") if info else ""
        return key, int(counted) if counted.isdecimal() else None

    return dict(await asyncio.gather(*(count(info.key) for info in infos)))


def _moment(time: date | str) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=read_bound(time, is_end=False) // 1000)
