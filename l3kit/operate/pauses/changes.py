"""Pause and resume a twin's movers, for the whole twin or for one device.

Each mover has its own record where it keeps its state: in the journal, and in the cold tier. A pause writes the
journal's first and a resume removes it last, so one that was interrupted shows as a pause of the hot-to-cold mover
alone, until it is repeated.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from l3kit.errors import ConfigurationError
from l3kit.operate.coroutines import run
from l3kit.operate.pauses.report import PauseReport, unreached_pauses
from l3kit.operate.stopping import MAX_TEXT, change_record, check_listed, name_of, put_object, second_of_two
from l3kit.operate.tier_stores import open_tiers
from l3kit.tiering.format.pauses import Pause, Pauses
from l3kit.tiering.movers.pausing import REREAD_SECONDS, pauses_in_cold, pauses_in_journal
from l3kit.tiering.ports import JournalStore, ObjectStore
from l3kit.twin.layout import MOVERS

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

INSTEAD = "Pause the whole twin: l3kit pause TWIN"
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
    """Pause both movers of a twin, or for one device, until `resume`. If repeated, the first pause is kept.

    No new chunk is moved; a chunk under way stays as it is until after the resume.

    Raises: ConfigurationError for an unknown device, and if this session does not reach both records, before
        anything is written; StoreError, also if only one of the two was written, which a repeated call completes.
    """
    if device is not None:
        check_listed(device, [one.id for one in twin.devices], twin)
    wanted = Pause(now(), by[:MAX_TEXT], reason[:MAX_TEXT])

    async def work(journal: JournalStore, cold: ObjectStore) -> PauseReport:
        before, held = await change_record(journal, Pauses, device, lambda there: there or wanted, instead=INSTEAD)
        assert held is not None
        outcome = f"the {MOVERS[0]} is paused, the {MOVERS[1]} is not yet: pause again, or resume"
        await second_of_two(put_object(cold, Pauses, device, held), outcome)
        done = f"{name_of(device)} was paused already" if before else f"{name_of(device)} is paused now"
        notes = (f"{UNDER_WAY}.", f"{OLDER_CODE}.")
        return PauseReport(twin.name, await pauses_in_journal(journal), await pauses_in_cold(cold), done, notes)

    return run(_with_both(session, twin, work))


def resume(session: Session, twin: Twin, device: str | None = None) -> PauseReport:
    """Lift the pause of a twin, or of one device. Devices with a pause of their own stay paused, and are listed.

    Raises: as `pause` does. A device that was removed from the twin's config is known as long as it is paused.
    """

    async def work(journal: JournalStore, cold: ObjectStore) -> PauseReport:
        there = (await pauses_in_journal(journal)).joined(await pauses_in_cold(cold))
        if device is not None:
            check_listed(device, [*(one.id for one in twin.devices), *there.devices], twin)
        await cold.delete(Pauses.key(device))
        outcome = f"the {MOVERS[1]} runs again, the {MOVERS[0]} is still paused: resume again"
        await second_of_two(_resume_in_journal(journal, device), outcome)
        was = there.exactly(device) is not None
        done = f"{name_of(device)} is resumed" if was else f"{name_of(device)} was not paused"
        return PauseReport(twin.name, await pauses_in_journal(journal), await pauses_in_cold(cold), done)

    return run(_with_both(session, twin, work))


async def _resume_in_journal(journal: JournalStore, device: str | None) -> None:
    await change_record(journal, Pauses, device, lambda there: None, instead=INSTEAD)


async def _with_both(
    session: Session, twin: Twin, work: Callable[[JournalStore, ObjectStore], Awaitable[PauseReport]]
) -> PauseReport:
    async with open_tiers(session, twin) as stores:
        for gap in unreached_pauses(stores, twin):
            raise ConfigurationError(gap.what, f"{gap.reason}; nothing was changed", gap.remedy)
        assert stores.journal is not None
        assert stores.cold is not None
        return await work(stores.journal, stores.cold)
