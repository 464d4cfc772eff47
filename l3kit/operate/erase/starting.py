"""Plan the erase of a device, and carry it out, with everything that it needs from the session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, cast

from l3kit.clouds.ports.deployed_links import utc_now
from l3kit.clouds.ports.retention import Retention, retention_of
from l3kit.errors import ConfigurationError, L3Error, StoreError
from l3kit.operate.coroutines import run
from l3kit.operate.erase.apart import Stores
from l3kit.operate.erase.erasing import Erasing
from l3kit.operate.erase.pieces import Piece
from l3kit.operate.erase.record import open_record
from l3kit.operate.erase.report import ErasePlan, EraseReport, Unreached
from l3kit.operate.letters.chosen import Choice, Found
from l3kit.operate.letters.scan import Scan
from l3kit.operate.stopping import MAX_TEXT, check_listed
from l3kit.operate.tier_stores import open_tiers
from l3kit.tiering.counts import MAX_NAMED, count_of
from l3kit.tiering.format.chunks import is_reserved_device
from l3kit.tiering.journal import DEVICE_PREFIX
from l3kit.tiering.movers.hot_to_cold import REPORT_DAYS
from l3kit.twin.device_limits import checked_device

if TYPE_CHECKING:
    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.session import Session
    from l3kit.tiering.ports import ObjectStore
    from l3kit.tiering.settings.function_table import StoreName
    from l3kit.twin.config import Twin

LETTER_BATCH = 100
Sleep = Callable[[float], Awaitable[None]]
RetentionOf = Callable[[str], Retention]


@dataclass(frozen=True, slots=True)
class Opened:
    """An erase with its stores open. `before`: when the last erase of the device ended."""

    erasing: Erasing
    scan: _LetterScan
    before: datetime | None

    def unreached(self, retained: Iterable[Unreached]) -> tuple[Unreached, ...]:
        """Return what the erase does not reach, as far as it has looked. `retained`: by the clouds themselves."""
        sighting, found = self.erasing.sighting, [*retained]
        if sighting.kept:
            counted = count_of(len(sighting.kept), "object that is", "objects that are")
            found.append(Unreached(f"{counted} deleted softly", sighting.kept_until, "The store keeps them"))
        if sighting.foreign:
            counted = count_of(len(sighting.foreign), "other object", "other objects")
            named = ", ".join(sorted(sighting.foreign)[:MAX_NAMED])
            what = f"{counted} below the device's prefix that are not chunks"
            found.append(Unreached(what, None, f"Delete them by hand: {named}"))
        return (*found, *self.scan.unreached())


def plan_erase(
    session: Session,
    twin: Twin,
    device: str,
    *,
    now: Callable[[], datetime] = utc_now,
    retention: RetentionOf = retention_of,
) -> ErasePlan:
    """Count what `erase` would erase. Changes nothing.

    Raises: as `erase` does.
    """

    async def work() -> ErasePlan:
        async with _opened(session, twin, device, now) as opened:
            erasing = opened.erasing
            await erasing.check()
            tally = await erasing.survey()
            if not tally and opened.before is None and not erasing.record.begun:
                await _check_known(erasing, twin)
            look_again = await erasing.may_look_again()
            unreached = opened.unreached(_retained(session, twin, now(), retention))
            return ErasePlan(twin.name, device, tally, unreached, look_again)

    return run(work())


def erase(
    session: Session,
    twin: Twin,
    device: str,
    *,
    by: str = "",
    reason: str = "",
    wait: bool = True,
    now: Callable[[], datetime] = utc_now,
    sleep: Sleep = asyncio.sleep,
    retention: RetentionOf = retention_of,
    progress: Callable[[str], None] = lambda step: None,
) -> EraseReport:
    """Erase everything of a device, in all tiers, with a record of digests. Repeat the call if it is interrupted.

    Args:
        wait: wait for a run of a mover that may still put something back, instead of leaving the last look to a
            repeated call.
        retention: returns a cloud's port `Retention`, by the cloud's name.
    Raises: ConfigurationError for an unknown device, one with a chunk under way, and where a tier is not reached;
        HeldError; LeaseTakenError while a run has the device; StoreError.
    """

    async def work() -> EraseReport:
        async with _opened(session, twin, device, now, by[:MAX_TEXT], reason[:MAX_TEXT], sleep, progress) as opened:
            erasing, record = opened.erasing, opened.erasing.record
            if opened.before is None and not record.begun:
                await erasing.check()
                if not await erasing.anything_left():
                    await _check_known(erasing, twin)
            unreached = cache(lambda: opened.unreached(_retained(session, twin, now(), retention)))
            key = await erasing.run(wait=wait, unreached=unreached)
            look_again = None if key or not record.begun else record.look_again
            before = opened.before if not record.begun else None
            return EraseReport(twin.name, device, record.tally, key, unreached(), look_again, before)

    return run(work())


async def _check_known(erasing: Erasing, twin: Twin) -> None:
    """Check that the device exists. Raises: ConfigurationError for one that is not listed and has no data."""
    names = await erasing.stores.journal.names(DEVICE_PREFIX)
    known = [*(one.id for one in twin.devices), *(name.removeprefix(DEVICE_PREFIX) for name in names)]
    check_listed(erasing.device, known, twin)


@asynccontextmanager
async def _opened(
    session: Session,
    twin: Twin,
    device: str,
    now: Callable[[], datetime],
    by: str = "",
    reason: str = "",
    sleep: Sleep = asyncio.sleep,
    progress: Callable[[str], None] = lambda step: None,
) -> AsyncIterator[Opened]:
    if is_reserved_device(checked_device(device)):
        raise ConfigurationError(f"device {device!r}", "is reserved; nothing was erased", "Name a device of the twin")
    scan = _LetterScan(session, twin, device)
    async with open_tiers(session, twin) as tiers:
        for gap in tiers.unreached(twin):
            raise ConfigurationError(gap.what, f"{gap.reason}; nothing was erased", gap.remedy)
        assert tiers.hot is not None
        assert tiers.journal is not None
        assert tiers.cold is not None
        assert tiers.archive is not None
        stores = Stores(tiers.hot, tiers.journal, tiers.cold, tiers.archive)
        record, before = await open_record(stores.archive, device, now())
        erasing = Erasing(twin, device, stores, record, now, sleep, scan.each, by, reason, progress)
        yield Opened(erasing, scan, before)


class _LetterScan:
    """The device's dead letters on all clouds, read anew by each call of `each`."""

    def __init__(self, session: Session, twin: Twin, device: str) -> None:
        self._new = partial(Scan, session, twin, Choice(device=device))
        self._last: Scan | None = None

    async def each(self, work: Callable[[ObjectStore, Sequence[Piece], Sequence[str]], Awaitable[None]]) -> None:
        """Call `work` with the letters of each cloud, batch by batch.

        Raises: L3Error of `work`; StoreError if a letter could not be read, since it may be the device's.
        """
        self._last = self._new()
        failed: list[L3Error] = []

        async def of_cloud(cloud: Cloud, store: ObjectStore, found: AsyncIterator[Found]) -> None:
            batch: list[Found] = []
            try:
                async for one in found:
                    batch.append(one)
                    if len(batch) == LETTER_BATCH:
                        await work(store, [_letter(one) for one in batch], [one.info.key for one in batch])
                        batch = []
                if batch:
                    await work(store, [_letter(one) for one in batch], [one.info.key for one in batch])
            except L3Error as error:  # a scan makes a gap of it, and the erase must not end as if all was gone
                failed.append(error)

        await self._last.each_cloud(of_cloud)
        if failed:
            raise failed[0]
        for gap in self._last.unread:
            raise StoreError(gap.what, gap.reason, "Erase again: what it has not read may be this device's")

    def unreached(self) -> Iterable[Unreached]:
        """Dead letters on clouds that are not reached, and those that are not l3kit's or name no device."""
        if self._last is None:
            return
        for gap in self._last.all_gaps():
            yield Unreached(f"{gap.what}: {gap.reason}", None, gap.remedy)
        if count := self._last.passed.deviceless:
            counted = count_of(count, "dead letter that names", "dead letters that name")
            yield Unreached(f"{counted} no device", None, "They may be of this one: l3kit letters shows them")


def _letter(found: Found) -> Piece:
    info = found.info
    return Piece(f"letters on {found.cloud}", "dead letter", info.key, "", 0, info.size, f"etag:{info.etag}")


def _retained(session: Session, twin: Twin, now: datetime, retention: RetentionOf) -> Iterable[Unreached]:
    """Yield the reports that runs have yet to store, and the copies that each cloud of the twin keeps by itself."""
    last = now.astimezone(UTC) + timedelta(days=REPORT_DAYS)
    yield Unreached("reports of runs that were under way may name it", last, "Erase it again later")
    for name in twin.layout.clouds:
        cloud = session.cloud(name)
        if cloud is None:
            continue
        stores = (*twin.layout.stored_on(name), *(("journal",) if name == twin.layout.hot else ()))
        try:
            kept = retention(name).retained(cloud, twin, cast("tuple[StoreName, ...]", stores))
        except L3Error as error:
            yield Unreached(f"what {name} keeps of deleted data: {error.cause}", None, error.remedy)
            continue
        for one in kept:
            until = None if one.days is None else now.astimezone(UTC) + timedelta(days=one.days)
            yield Unreached(f"{one.what} ({name})", until, one.remedy)
