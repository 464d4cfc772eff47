"""Read the reports that mover runs have stored, and what else the history of a twin is told by."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from l3kit.errors import L3Error
from l3kit.notebook.gaps import Gap, unreached
from l3kit.operate.coroutines import run
from l3kit.operate.history.answer import Lag, PastRun, RunHistory
from l3kit.operate.history.todo import findings
from l3kit.operate.letters.listing import letters
from l3kit.operate.logs.choice import moment_since
from l3kit.operate.movers import checked_mover
from l3kit.operate.pauses.report import pauses_of
from l3kit.operate.tier_stores import TierStores, open_tiers
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.item_times import movable_moment
from l3kit.tiering.format.pauses import Pauses
from l3kit.tiering.format.time_ranges import movable_range
from l3kit.tiering.movers.archive_expirer import REPORT_PREFIX as EXPIRER_REPORTS
from l3kit.tiering.movers.cold_to_archive import REPORT_PREFIX as COLD_REPORTS
from l3kit.tiering.movers.hot_to_cold import REPORT_PREFIX as HOT_REPORTS
from l3kit.tiering.movers.hot_to_cold import read_report
from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore
from l3kit.tiering.settings.function_table import EXPIRER, FUNCTIONS
from l3kit.twin.layout import MOVERS, SCHEDULED
from l3kit.twin.schedules import Schedule

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

SINCE = "30d"
MAX_REPORTS = 2_000
"""Reports of a mover that are read, the newest, one request each."""
MAX_DEVICES = 1_000
"""Devices whose oldest hot item is asked for, one request each."""
AT_ONCE = 16
OLDEST_OF = 10
"""Hot items that are read of a device to find the oldest that can be moved."""
_ATTEMPTS = (KeyError, TypeError, ValueError)


def runs(
    session: Session,
    twin: Twin,
    *,
    since: date | str | None = SINCE,
    mover: str | None = None,
    now: datetime | None = None,
) -> RunHistory:
    """Tell of the runs of movers and expirer, how far each device lags, and what needs doing first. Writes nothing.

    Args:
        since: runs that started from then on: a duration before now such as `30d`, a time or a date; None is all that
            are kept, which is 90 days.
        mover: only of this one.
        now: the moment the answer stands for; None is the present.
    Raises: ConfigurationError for what is no time; L3Error for what is no mover; StoreError.
    """
    if mover is not None:
        checked_mover(mover)
    moment = now or datetime.now(UTC)
    start = moment_since(since, moment) or datetime.fromtimestamp(0, UTC)
    chosen = (mover,) if mover else SCHEDULED if twin.layout.expires else MOVERS

    async def work() -> tuple[list[PastRun], list[Lag], Pauses, list[Gap]]:
        async with open_tiers(session, twin) as stores:
            return await history_of(stores, twin, start, chosen, moment)

    past, lags, pauses, gaps = run(work())
    dead, more = _dead_letters(session, twin)
    schedules = {name: _schedule(session, twin, name, moment) for name in chosen}
    todo = findings(past, schedules, lags, pauses, dead, moment)
    return RunHistory(twin.name, start, tuple(past), tuple(lags), todo, (*gaps, *more))


async def history_of(
    stores: TierStores, twin: Twin, since: datetime, movers: tuple[str, ...], now: datetime
) -> tuple[list[PastRun], list[Lag], Pauses, list[Gap]]:
    """Return runs, the newest first, lags, pauses and gaps, from open stores. Raises: StoreError."""
    gaps: list[Gap] = []
    found: list[PastRun] = []
    if MOVERS[0] in movers:
        if stores.journal is None:
            gaps.append(unreached("hot", twin.layout.hot, f"runs of the {MOVERS[0]}"))
        else:
            found += await _read_all(*await _hot_reports(stores.journal, since), MOVERS[0], gaps)
    if MOVERS[1] in movers:
        if stores.cold is None:
            gaps.append(unreached("cold", twin.layout.cold, f"runs of the {MOVERS[1]}"))
        else:
            found += await _read_all(*await _object_reports(stores.cold, COLD_REPORTS, since), MOVERS[1], gaps)
    if EXPIRER in movers:
        if stores.archive is None:
            gaps.append(unreached("archive", twin.layout.archive, f"runs of the {EXPIRER}"))
        else:
            found += await _read_all(*await _object_reports(stores.archive, EXPIRER_REPORTS, since), EXPIRER, gaps)
    lags: list[Lag] = []
    if stores.hot is not None and MOVERS[0] in movers:
        devices = [device.id for device in twin.devices]
        hot_days = timedelta(days=twin.config.hot_storage_size_in_days)
        lags = await _lags(stores.hot, devices[:MAX_DEVICES], hot_days, now)
        if len(devices) > MAX_DEVICES:
            what = f"lags of {count_of(len(devices) - MAX_DEVICES, 'device')}"
            gaps.append(Gap("hot", what, "were not looked at", "l3kit explain DEVICE tells of each"))
    config = twin.config
    last = config.archive_storage_size_in_days or 0
    each = (config.hot_storage_size_in_days, config.cold_storage_size_in_days, last)
    days = dict(zip(SCHEDULED, each, strict=True))

    def order(one: PastRun) -> tuple[datetime, datetime, int]:
        """By start, and within a second by the time that the run stands for."""
        return one.started, one.cutoff + timedelta(days=days[one.mover]), SCHEDULED.index(one.mover)

    return sorted(found, key=order, reverse=True), lags, (await pauses_of(stores, twin)).pauses, gaps


Read = Callable[[str], Awaitable[dict[str, Any] | None]]


async def _hot_reports(journal: JournalStore, since: datetime) -> tuple[list[str], Read]:
    names = [name for name in await journal.names(HOT_REPORTS) if _started(name, HOT_REPORTS) >= since]

    async def read(name: str) -> dict[str, Any] | None:
        row = await journal.load(name)
        return None if row is None else dict(read_report(row))  # expired since it was listed

    return names, read


async def _object_reports(store: ObjectStore, prefix: str, since: datetime) -> tuple[list[str], Read]:
    keys = [info.key async for info in store.list(prefix) if _started(info.key, prefix) >= since]

    async def read(key: str) -> dict[str, Any] | None:
        content: dict[str, Any] = orjson.loads(await store.read(key))
        return content

    return keys, read


def _started(name: str, prefix: str) -> datetime:
    """Return when a report's run started, by its name; far ahead where it does not tell, so that it is read."""
    try:
        return datetime.fromisoformat(name.removeprefix(prefix)[:20])
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)


async def _read_all(names: list[str], read: Read, mover: str, gaps: list[Gap]) -> list[PastRun]:
    newest = sorted(names, reverse=True)[:MAX_REPORTS]
    if left := len(names) - len(newest):
        gaps.append(Gap("", f"{left:,} older runs of the {mover}", "were not read", "Name a later --since"))
    places, bad = asyncio.Semaphore(AT_ONCE), []

    async def one(name: str) -> PastRun | None:
        async with places:
            try:
                content = await read(name)
                past = None if content is None else PastRun.of(content)
            except _ATTEMPTS:
                past = None
                bad.append(name)
            if past is not None and past.mover != mover:
                past = None
                bad.append(name)
            return past

    found = [one for one in await asyncio.gather(*map(one, newest)) if one is not None]
    if bad:
        what = f"{count_of(len(bad), 'report')} of the {mover}"
        gaps.append(Gap("", what, f"cannot be read, first {min(bad)}", "Who changed it? It expires by itself"))
    return found


async def _lags(hot: HotStore, devices: list[str], hot_days: timedelta, now: datetime) -> list[Lag]:
    places = asyncio.Semaphore(AT_ONCE)
    every = movable_range(None, None)

    async def one(device: str) -> Lag | None:
        async with places:
            page = await hot.read_page(device, since=every.since, before=every.before, limit=OLDEST_OF)
        moments = [moment for key in page.sort_keys if (moment := movable_moment(key)) is not None]
        if not moments:
            return None
        oldest = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=min(moments) // 1000)
        return Lag(device, oldest, now - oldest - hot_days)

    found = [lag for lag in await asyncio.gather(*map(one, devices)) if lag is not None]
    return sorted(found, key=lambda lag: (-lag.over, lag.device))


def _dead_letters(session: Session, twin: Twin) -> tuple[int, list[Gap]]:
    """Return how many dead letters there are but superseded ones, as far as they are read, and what was not."""
    if not twin.layout.l1:
        return 0, []
    try:
        found = letters(session, twin)
    except L3Error as error:
        return 0, [Gap("", "dead letters", f"cannot be listed: {error.cause}", error.remedy)]
    unreached_clouds = [gap for gap in found.gaps if not found.rows]
    return sum(row.problem != "superseded" for row in found.rows), unreached_clouds


def _schedule(session: Session, twin: Twin, mover: str, now: datetime) -> Schedule:
    if not twin.layout.host_of(mover):  # the expirer of a twin whose data expire no more
        return Schedule("unreached")
    cloud = session.cloud(twin.layout.tier(FUNCTIONS[mover].tier))
    return cloud.schedule(twin, mover, now) if cloud else Schedule("unreached")
