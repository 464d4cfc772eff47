"""Separation of a device under erasure from movers and expirer: its pause, and the time when no old run is left.

A run that began before the pause may hold no lease of the device: the archive mover may still put a chunk back,
the expirer a record. No run lasts longer than `LONGEST_RUN`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from l3kit.operate.erase.finding import Cutoffs, Sighting, versions_of
from l3kit.operate.stopping import change_record, put_object
from l3kit.tiering.format.holds import Holds
from l3kit.tiering.format.pauses import Pause, Pauses
from l3kit.tiering.object_versions import delete_permanently, former_first
from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore

if TYPE_CHECKING:
    from l3kit.twin.config import Twin

LONGEST_RUN = timedelta(seconds=960)
"""Time after the pause: no run of a mover lasts longer than 900 s, and its writer's last request 50 s."""
LONGEST_REQUEST = timedelta(seconds=60)
"""Time after an object was stored: a request that was sent twice may store it again up to 50 s later."""


@dataclass(frozen=True, slots=True)
class Stores:
    """The open stores of all tiers."""

    hot: HotStore
    journal: JournalStore
    cold: ObjectStore
    archive: ObjectStore


@dataclass(frozen=True, slots=True)
class Apart:
    """One device, apart from everything that moves or deletes it. `clock`: wall clock, UTC."""

    twin: Twin
    device: str
    stores: Stores
    clock: Callable[[], datetime]

    def cutoffs(self) -> Cutoffs:
        config = self.twin.config
        return Cutoffs.at(self.clock(), config.cold_storage_size_in_days, config.archive_storage_size_in_days)

    async def pause(self, by: str) -> datetime:
        """Pause the device for both movers. Returns: since when the archive mover has been able to see it."""
        pause = Pause(self.clock(), by, f"it is being erased; l3kit erase {self.device} again completes that")
        await change_record(self.stores.journal, Pauses, self.device, lambda there: there or pause, instead="")
        since = await self.paused_since()
        await put_object(self.stores.cold, Pauses, self.device, pause)
        return since or pause.since

    async def paused_since(self) -> datetime | None:
        """Return the time from which the archive mover was paused, for the device or the twin; None if it is not."""
        there = [await self.stores.cold.head(Pauses.key(device)) for device in (self.device, None)]
        return min([info.modified for info in there if info is not None], default=None)

    async def alone_from(self, paused: datetime) -> datetime | None:
        """Return the moment from which nothing can be put back; None if nothing is under way. Raises: StoreError."""
        now, due, seen = self.clock(), self.cutoffs(), Sighting()
        for store in (self.stores.cold, self.stores.archive):
            async for _ in versions_of(store, self.device, seen, due):
                pass
        moments = [seen.newest + LONGEST_REQUEST] if seen.newest else []
        moments += [seen.recorded + LONGEST_RUN] if seen.recorded else []
        moments += [paused + LONGEST_RUN] if seen.moving else []
        moments += [now + LONGEST_RUN] if seen.expiring else []
        latest = max(moments, default=None)
        return latest if latest is not None and latest > now else None

    async def end(self) -> None:
        """Lift the pause, and remove every trace that the device was paused or held. A repeated call continues."""
        await change_record(self.stores.journal, Pauses, self.device, lambda there: None, instead="")
        await delete_permanently(self.stores.cold, Pauses.key(self.device))
        await self._forget_former_holds()

    async def _forget_former_holds(self) -> None:
        """Delete the versions of a hold that was lifted; one that was set in the meantime is left untouched."""
        key = Holds.key(self.device)
        found = [one async for one in self.stores.archive.versions(key) if one.key == key]
        if not any(one.current and one.etag for one in found):
            for one in former_first(found):
                await self.stores.archive.delete_version(one)
