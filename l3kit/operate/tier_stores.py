"""Stores of a deployed twin, opened for reading and writing from a notebook."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from l3kit.notebook.gaps import Gap, unreached
from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore
from l3kit.twin.layout import TIERS

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin


@dataclass(frozen=True, slots=True)
class TierStores:
    """Open stores of a twin; None for a tier on a cloud that this session does not reach."""

    hot: HotStore | None
    journal: JournalStore | None
    cold: ObjectStore | None
    archive: ObjectStore | None

    def unreached(self, twin: Twin) -> list[Gap]:
        """Tiers that this session does not reach, from hot to archive."""
        stores = zip(TIERS, (self.hot, self.cold, self.archive), strict=True)
        return [unreached(tier, twin.layout.tier(tier)) for tier, store in stores if store is None]


@asynccontextmanager
async def open_tiers(session: Session, twin: Twin) -> AsyncIterator[TierStores]:
    """Open the stores of all tiers; the end of the block closes them. Raises: SandboxError if the sandbox ended."""
    hot_cloud, cold_cloud, archive_cloud = (
        session.cloud(twin.layout.tier(tier)) for tier in ("hot", "cold", "archive")
    )
    async with AsyncExitStack() as stack:
        stack.enter_context(session.watching_sandbox())
        hot = hot_cloud.hot_store(twin) if hot_cloud else None
        journal = hot_cloud.journal_store(twin) if hot_cloud else None
        cold = cold_cloud.object_store(twin, "cold") if cold_cloud else None
        archive = archive_cloud.object_store(twin, "archive") if archive_cloud else None
        for store in (hot, journal, cold, archive):
            if store is not None:
                stack.push_async_callback(store.close)
        yield TierStores(hot, journal, cold, archive)
