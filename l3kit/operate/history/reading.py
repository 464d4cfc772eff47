"""Reading the stored reports of mover runs, and the rest of a twin's history."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from l3kit.errors import L3Error
from l3kit.notebook.gaps import Gap, unreached
from l3kit.operate.coroutines import run
from l3kit.operate.history.answer import Lag, PastRun, RunHistory
from l3kit.operate.history.todo import Situation, findings
from l3kit.operate.letters.chosen import PROBLEMS
from l3kit.operate.letters.listing import letters
from l3kit.operate.logs.choice import moment_since
from l3kit.operate.movers import checked_mover
from l3kit.operate.pauses.report import PauseReport, pauses_of
from l3kit.operate.tier_stores import TierStores, open_tiers
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.holds import Holds
from l3kit.tiering.format.item_times import movable_moment
from l3kit.tiering.format.time_ranges import movable_range
from l3kit.tiering.movers.archive_expirer import REPORT_PREFIX as EXPIRER_REPORTS
from l3kit.tiering.movers.cold_to_archive import REPORT_PREFIX as COLD_REPORTS
from l3kit.tiering.movers.holding import holds_in_archive, holds_in_journal
from l3kit.tiering.movers.hot_to_cold import REPORT_PREFIX as HOT_REPORTS
from l3kit.tiering.movers.hot_to_cold import read_report
from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore
from l3kit.tiering.settings.function_table import EXPIRER, FUNCTIONS
from l3kit.tiering.stream.letters import SKIPPED_IN_REPLAYS
from l3kit.twin.layout import MOVERS, SCHEDULED
from l3kit.twin.schedules import Schedule

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

SINCE = "30d"
MAX_REPORTS = 2_000
"""Maximum reports read of a mover, the newest, one request each."""
MAX_DEVICES = 1_000
"""Maximum devices whose oldest hot item is read, one request each."""
AT_ONCE = 16
OLDEST_OF = 10
"""Hot items that are read of a device to find the oldest that can be moved."""
UNKNOWN_START = datetime.max.replace(tzinfo=UTC)
"""Start of a run whose report's name does not have it."""
_ATTEMPTS = (KeyError, TypeError, ValueError)


def runs(
    session: Session,
    twin: Twin,
    *,
    since: date | str | None = SINCE,
    mover: str | None = None,
    now: datetime | None = None,
) -> RunHistory:
    """Return the runs of movers and expirer, the lag of each device, and the problems by urgency. Writes nothing.

    Args:
        since: runs that started from then on: a duration before now such as `30d`, a time or a date; None is all that
            are kept, which is 90 days.
        mover: only of this one.
        now: the answer's time of reference; None is the present.
    Raises: ConfigurationError for an invalid time; L3Error for an unknown mover; StoreError.
    """
    if mover is not None:
        checked_mover(mover)
    moment = now or datetime.now(UTC)
    start = moment_since(since, moment) or datetime.fromtimestamp(0, UTC)
    chosen = (mover,) if mover else SCHEDULED if twin.layout.expires else MOVERS

    async def work() -> Stored:
        async with open_tiers(session, twin) as stores:
            return await history_of(stores, twin, start, chosen, moment)

    stored = run(work())
    dead, more = _dead_letters(session, twin)
    schedules = {name: _schedule(session, twin, name, moment) for name in chosen}
    situation = Situation(
        moment,
        stored.runs,
        stored.kept,
        schedules,
        stored.lags,
        stored.pauses.pauses,
        stored.holds,
        stored.pauses.halves,
        dead,
        more_letters=bool(more),
    )
    gaps = (*stored.gaps, *more)
    return RunHistory(twin.name, start, tuple(stored.runs), tuple(stored.lags), findings(situation), gaps)


@dataclass(frozen=True, slots=True)
class Stored:
    """The part of the history that is in the twin's stores.

    Attributes:
        runs: since the time asked for, the newest first.
        kept: for each mover with a report, the start of its oldest and of its newest run.
        lags: those that lag most first.
        holds: those in the journal, and, where data expire, those in the archive tier.
    """

    runs: Sequence[PastRun]
    kept: Mapping[str, tuple[datetime, datetime]]
    lags: Sequence[Lag]
    pauses: PauseReport
    holds: Holds
    gaps: Sequence[Gap]


async def history_of(stores: TierStores, twin: Twin, since: datetime, movers: tuple[str, ...], now: datetime) -> Stored:
    """Read the history from open stores. Raises: StoreError."""
    gaps: list[Gap] = []
    found: list[PastRun] = []
    kept: dict[str, tuple[datetime, datetime]] = {}

    async def read_runs(mover: str, names: list[str], read: Read, prefix: str) -> None:
        started = {name: _started(name, prefix) for name in names}
        if times := [moment for moment in started.values() if moment != UNKNOWN_START]:
            kept[mover] = min(times), max(times)
        found.extend(await _read_all([name for name in names if started[name] >= since], read, mover, gaps))

    if MOVERS[0] in movers:
        if stores.journal is None:
            gaps.append(unreached("hot", twin.layout.hot, f"runs of the {MOVERS[0]}"))
        else:
            await read_runs(MOVERS[0], *await _hot_reports(stores.journal), HOT_REPORTS)
    if MOVERS[1] in movers:
        if stores.cold is None:
            gaps.append(unreached("cold", twin.layout.cold, f"runs of the {MOVERS[1]}"))
        else:
            await read_runs(MOVERS[1], *await _object_reports(stores.cold, COLD_REPORTS), COLD_REPORTS)
    if EXPIRER in movers:
        if stores.archive is None:
            gaps.append(unreached("archive", twin.layout.archive, f"runs of the {EXPIRER}"))
        else:
            await read_runs(EXPIRER, *await _object_reports(stores.archive, EXPIRER_REPORTS), EXPIRER_REPORTS)
    lags: list[Lag] = []
    if stores.hot is not None and MOVERS[0] in movers:
        devices = [device.id for device in twin.devices]
        hot_days = timedelta(days=twin.config.hot_storage_size_in_days)
        lags = await _lags(stores.hot, devices[:MAX_DEVICES], hot_days, now)
        if len(devices) > MAX_DEVICES:
            what = f"lags of {count_of(len(devices) - MAX_DEVICES, 'device')}"
            gaps.append(Gap("hot", what, "were not read", "l3kit explain DEVICE shows each"))
    config = twin.config
    last = config.archive_storage_size_in_days or 0
    each = (config.hot_storage_size_in_days, config.cold_storage_size_in_days, last)
    days = dict(zip(SCHEDULED, each, strict=True))

    def order(one: PastRun) -> tuple[datetime, datetime, int]:
        """Sort by start, and within a second by the run's time of reference."""
        return one.started, one.cutoff + timedelta(days=days[one.mover]), SCHEDULED.index(one.mover)

    holds = await holds_in_journal(stores.journal) if stores.journal else Holds()
    if EXPIRER in movers and stores.archive is not None:
        holds = holds.joined(await holds_in_archive(stores.archive))
    pauses = await pauses_of(stores, twin)
    return Stored(sorted(found, key=order, reverse=True), kept, lags, pauses, holds, gaps)


Read = Callable[[str], Awaitable[dict[str, Any] | None]]


async def _hot_reports(journal: JournalStore) -> tuple[list[str], Read]:
    names = list(await journal.names(HOT_REPORTS))

    async def read(name: str) -> dict[str, Any] | None:
        row = await journal.load(name)
        return None if row is None else dict(read_report(row))  # expired since it was listed

    return names, read


async def _object_reports(store: ObjectStore, prefix: str) -> tuple[list[str], Read]:
    keys = [info.key async for info in store.list(prefix)]

    async def read(key: str) -> dict[str, Any] | None:
        content: dict[str, Any] = orjson.loads(await store.read(key))
        return content

    return keys, read


def _started(name: str, prefix: str) -> datetime:
    """Return the start of a report's run, by its name; the far future if it has none, so that the report is read."""
    try:
        return datetime.fromisoformat(name.removeprefix(prefix)[:20])
    except ValueError:
        return UNKNOWN_START


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
        gaps.append(Gap("", what, f"cannot be read, first {min(bad)}", "Find out who changed it; it expires by itself"))
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


def _dead_letters(session: Session, twin: Twin) -> tuple[Mapping[str, int], Sequence[Gap]]:
    """Return the number of dead letters by problem, without superseded ones, and what could not be read."""
    if not twin.layout.l1:
        return {}, ()
    try:
        found = letters(session, twin, problem=sorted({*PROBLEMS} - SKIPPED_IN_REPLAYS))
    except L3Error as error:
        return {}, (Gap("", "dead letters", f"cannot be listed: {error.cause}", error.remedy),)
    return found.counts(), found.gaps


def _schedule(session: Session, twin: Twin, mover: str, now: datetime) -> Schedule:
    if not twin.layout.host_of(mover):  # the expirer of a twin whose data expire no more
        return Schedule("unreached")
    cloud = session.cloud(twin.layout.tier(FUNCTIONS[mover].tier))
    return cloud.schedule(twin, mover, now) if cloud else Schedule("unreached")
