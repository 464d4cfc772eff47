"""Set a hold on a twin or a device, and lift it.

A hold is written to the journal first and lifted there last, so one that was interrupted still stops `l3kit erase`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from l3kit.errors import ConfigurationError
from l3kit.operate.coroutines import run
from l3kit.operate.holds.report import HoldReport, holds_of, unreached_holds
from l3kit.operate.stopping import MAX_TEXT, change_record, check_listed, name_of, put_object, second_of_two
from l3kit.operate.tier_stores import TierStores, open_tiers
from l3kit.tiering.format.holds import Hold, Holds
from l3kit.tiering.journal import DEVICE_PREFIX
from l3kit.tiering.ports import JournalStore, ObjectStore

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

INSTEAD = "Hold the whole twin: l3kit hold TWIN --reason TEXT"

Work = Callable[[TierStores, JournalStore, ObjectStore], Awaitable[HoldReport]]


def hold(
    session: Session,
    twin: Twin,
    device: str | None = None,
    *,
    reason: str,
    by: str = "",
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> HoldReport:
    """Protect a twin, or one device, from permanent deletion until `release`. If repeated, the first hold is kept.

    Raises: ConfigurationError without a reason, for an unknown device, and where this session does not reach both
        places, before anything is written; StoreError, also if only one of the two was written, which a repeated call
        completes.
    """
    if not reason.strip():
        raise ConfigurationError("hold", "has no reason; nothing was changed", "Say why: --reason TEXT")
    wanted = Hold(now(), by[:MAX_TEXT], reason[:MAX_TEXT])

    async def work(stores: TierStores, journal: JournalStore, archive: ObjectStore) -> HoldReport:
        if device is not None:
            check_listed(device, await _known(journal, twin), twin)
        before, held = await change_record(journal, Holds, device, lambda there: there or wanted, instead=INSTEAD)
        assert held is not None
        outcome = "l3kit erase is stopped, the archive's expiry is not yet: hold again"
        await second_of_two(put_object(archive, Holds, device, held), outcome)
        done = f"{name_of(device)} was held already" if before else f"{name_of(device)} is held now"
        return await holds_of(stores, twin, done)

    return run(_with_both(session, twin, work))


def release(session: Session, twin: Twin, device: str | None = None) -> HoldReport:
    """Lift the hold of a twin, or of one device. Devices with a hold of their own stay held, and are listed.

    Raises: as `hold` does.
    """

    async def work(stores: TierStores, journal: JournalStore, archive: ObjectStore) -> HoldReport:
        there = (await holds_of(stores, twin)).holds
        if device is not None:
            check_listed(device, [*await _known(journal, twin), *there.devices], twin)
        await archive.delete(Holds.key(device))
        outcome = "the archive's expiry may delete again, l3kit erase is still stopped: release again"
        await second_of_two(_release_in_journal(journal, device), outcome)
        was = there.exactly(device) is not None
        done = f"the hold of {name_of(device)} is lifted" if was else f"{name_of(device)} was not held"
        return await holds_of(stores, twin, done)

    return run(_with_both(session, twin, work))


async def _release_in_journal(journal: JournalStore, device: str | None) -> None:
    await change_record(journal, Holds, device, lambda there: None, instead=INSTEAD)


async def _known(journal: JournalStore, twin: Twin) -> list[str]:
    """Return the devices of the config, and those that the journal knows."""
    names = await journal.names(DEVICE_PREFIX)
    return [*(one.id for one in twin.devices), *(name.removeprefix(DEVICE_PREFIX) for name in names)]


async def _with_both(session: Session, twin: Twin, work: Work) -> HoldReport:
    async with open_tiers(session, twin) as stores:
        for gap in unreached_holds(stores, twin):
            raise ConfigurationError(gap.what, f"{gap.reason}; nothing was changed", gap.remedy)
        assert stores.journal is not None
        assert stores.archive is not None
        return await work(stores, stores.journal, stores.archive)
