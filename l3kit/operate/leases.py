"""End the lease of a dead run, for an operator who does not want to wait until it expires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from l3kit.errors import ConfigurationError
from l3kit.operate.coroutines import run
from l3kit.operate.tier_stores import open_tiers
from l3kit.tiering import journal
from l3kit.twin.device_limits import checked_device

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin


def end_lease(session: Session, twin: Twin, device_id: str) -> str:
    """Release a device held by a dead run. Its lease would expire two minutes after that run's last journal write.

    Only for a run that has certainly ended: check its function's log first.

    Returns: the id of the run that held the device; empty if none did.
    Raises: ConfigurationError if the journal is on a cloud that this session does not reach; StoreError, also if the
        run turns out to be alive.
    """

    checked_device(device_id)

    async def end() -> str:
        async with open_tiers(session, twin) as tiers:
            if tiers.journal is None:
                provider = twin.layout.hot
                raise ConfigurationError("journal", f"it is on {provider}, which this session does not reach")
            return await journal.end_lease(tiers.journal, device_id)

    return run(end())
