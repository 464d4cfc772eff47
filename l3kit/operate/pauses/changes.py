"""Pause and resume a twin's movers, for the whole twin or for one device.

Each mover has its own record where it keeps its state: in the journal, and in the cold tier. A pause writes the
journal's first and a resume removes it last, so one that was interrupted shows as a pause of the hot-to-cold mover
alone, until it is repeated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from l3kit.errors import ConfigurationError, KeyConflictError, L3Error, StoreError
from l3kit.given_values import first_and_nearest
from l3kit.operate.coroutines import run
from l3kit.operate.pauses.report import PauseReport, name_of, unreached_pauses
from l3kit.operate.tier_stores import open_tiers
from l3kit.tiering.format.pauses import Pause, Pauses
from l3kit.tiering.format.stops import MAX_RECORD_BYTES
from l3kit.tiering.movers.pausing import REREAD_SECONDS, pauses_in_cold, pauses_in_journal
from l3kit.tiering.ports import JournalStore, ObjectStore
from l3kit.twin.device_limits import checked_device
from l3kit.twin.layout import MOVERS

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

MAX_TEXT = 200
"""Maximum characters of the author and the reason of a pause."""
SWAP_TRIES = 10
UNDER_WAY = f"A run under way ends before its next chunk, within about {REREAD_SECONDS} s"
OLDER_CODE = (
    "A mover that an earlier version of l3kit deployed knows no pauses: l3kit plan shows whether its code changes"
)


def pause(
    session: Session,
    twin: Twin,
    device: str | None = None,
    *,
    by: str = "",
    reason: str = "",
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> PauseReport:
    """Pause both movers of a twin, or for one device, until `resume`. Repeated, the first pause stays.

    No new chunk is moved; a chunk under way stays as it is until after the resume.

    Raises: ConfigurationError for an unknown device, and if this session does not reach both records, before
        anything is written; StoreError, also if only one of the two was written, which a repeated call completes.
    """
    if device is not None:
        _check_listed(device, [one.id for one in twin.devices], twin)
    wanted = Pause(now(), by[:MAX_TEXT], reason[:MAX_TEXT])

    async def work(journal: JournalStore, cold: ObjectStore) -> PauseReport:
        held, new = await _pause_in_journal(journal, device, wanted)
        halfway = f"the {MOVERS[0]} is paused, the {MOVERS[1]} is not yet: pause again, or resume"
        await _second(_pause_in_cold(cold, device, held), halfway)
        done = f"{name_of(device)} is paused now" if new else f"{name_of(device)} was paused already"
        notes = (f"{UNDER_WAY}.", f"{OLDER_CODE}.")
        return PauseReport(twin.name, await pauses_in_journal(journal), await pauses_in_cold(cold), done, notes)

    return run(_with_both(session, twin, work))


def resume(session: Session, twin: Twin, device: str | None = None) -> PauseReport:
    """Lift the pause of a twin, or of one device. Devices that are paused by themselves stay so, and are listed.

    Raises: as `pause`. A device that was removed from the twin's config is known as long as it is paused.
    """

    async def work(journal: JournalStore, cold: ObjectStore) -> PauseReport:
        there = (await pauses_in_journal(journal)).joined(await pauses_in_cold(cold))
        if device is not None:
            _check_listed(device, [*(one.id for one in twin.devices), *there.devices], twin)
        await cold.delete(Pauses.key(device))
        halfway = f"the {MOVERS[1]} runs again, the {MOVERS[0]} is still paused: resume again"
        await _second(_resume_in_journal(journal, device), halfway)
        was = there.exactly(device) is not None
        done = f"{name_of(device)} is resumed" if was else f"{name_of(device)} was not paused"
        return PauseReport(twin.name, await pauses_in_journal(journal), await pauses_in_cold(cold), done)

    return run(_with_both(session, twin, work))


def _check_listed(device: str, known: list[str], twin: Twin) -> None:
    if checked_device(device) not in known:
        remedy = f"Devices: {first_and_nearest(device, known)}"
        raise ConfigurationError(f"device {device!r}", f"is not one of {twin.name}'s; nothing was changed", remedy)


async def _with_both(
    session: Session, twin: Twin, work: Callable[[JournalStore, ObjectStore], Awaitable[PauseReport]]
) -> PauseReport:
    async with open_tiers(session, twin) as stores:
        for gap in unreached_pauses(stores, twin):
            raise ConfigurationError(gap.what, f"{gap.reason}; nothing was changed", gap.remedy)
        assert stores.journal is not None
        assert stores.cold is not None
        return await work(stores.journal, stores.cold)


async def _second(step: Awaitable[None], halfway: str) -> None:
    """Do the second of two steps. Raises: StoreError saying that the first one is done."""
    try:
        await step
    except L3Error as error:
        raise StoreError(error.resource, f"{error.cause}; {halfway}", error.remedy) from None


async def _pause_in_journal(journal: JournalStore, device: str | None, wanted: Pause) -> tuple[Pause, bool]:
    """Record a pause unless there is one. Returns: the pause in force, and whether it is new."""
    before = Pauses.of_row(await journal.load(Pauses.record)).exactly(device)
    there = await _change(journal, device, lambda held: held or wanted)
    held = there.exactly(device)
    assert held is not None
    return held, before is None


async def _resume_in_journal(journal: JournalStore, device: str | None) -> None:
    await _change(journal, device, lambda held: None)


async def _change(journal: JournalStore, device: str | None, changed: Callable[[Pause | None], Pause | None]) -> Pauses:
    """Change one pause by compare-and-swap; after a lost answer the next round finds it done."""
    for _ in range(SWAP_TRIES):
        row = await journal.load(Pauses.record)
        pauses = Pauses.of_row(row)
        held = pauses.exactly(device)
        if changed(held) == held:
            return pauses
        wanted = pauses.changed(device, changed(held))
        after = wanted.row_after(row)
        if len(str(after.attributes["pauses"]).encode()) > MAX_RECORD_BYTES:
            cause = f"there are {len(wanted.devices):,} already, as many as one record can hold; nothing was changed"
            raise ConfigurationError("paused devices", cause, "Pause the whole twin: l3kit pause TWIN")
        if await journal.swap(Pauses.record, after):
            return wanted
    raise StoreError("journal", f"{Pauses.record} was changed by others {SWAP_TRIES} times", "Try again")


async def _pause_in_cold(cold: ObjectStore, device: str | None, held: Pause) -> None:
    """Create the object of a pause; any object under its key is one."""
    body = orjson.dumps({"device": device, **held.to_json()})
    try:
        await cold.create(Pauses.key(device), body, sha256=hashlib.sha256(body).hexdigest())
    except KeyConflictError:
        return
