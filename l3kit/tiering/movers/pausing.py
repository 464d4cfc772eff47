"""A mover's view of pauses, read at the start of a run and periodically during it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from l3kit.errors import L3Error
from l3kit.tiering.format.pauses import NOTHING, Pauses
from l3kit.tiering.ports import JournalStore, ObjectStore

REREAD_SECONDS = 60
"""Time after which a run reads the pauses again before the next chunk: at most 15 reads in 15 minutes."""

log = logging.getLogger(__name__)


async def pauses_in_journal(journal: JournalStore) -> Pauses:
    """One strongly consistent read of one record. Raises: StoreError."""
    return Pauses.of_row(await journal.load(Pauses.record))


async def pauses_in_cold(cold: ObjectStore) -> Pauses:
    """One listing of the objects that stand for pauses. Raises: StoreError."""
    return Pauses.of_objects([info async for info in cold.list(Pauses.prefix)])


class PauseWatch:
    """One run's view of the pauses.

    Args:
        read: reads them.
        clock: wall clock, UTC.
    """

    def __init__(self, read: Callable[[], Awaitable[Pauses]], clock: Callable[[], datetime]) -> None:
        self._read = read
        self._clock = clock
        self._now = NOTHING
        self._next = clock()
        self.seen = NOTHING
        """All pauses seen by the run, also those lifted since."""

    async def begin(self) -> bool:
        """Read the pauses. Returns: whether the whole twin is paused. Raises: StoreError."""
        self._next = self._clock() + timedelta(seconds=REREAD_SECONDS)
        self._take(await self._read())
        return self._now.twin is not None

    async def paused(self, device_id: str) -> bool:
        """Return whether no further chunk of this device may begin. A failed read keeps the earlier result."""
        if self._clock() >= self._next:
            self._next = self._clock() + timedelta(seconds=REREAD_SECONDS)
            try:
                self._take(await self._read())
            except L3Error as error:
                log.warning("pauses could not be read again: %s", error)
        return self._now.of(device_id) is not None

    def _take(self, pauses: Pauses) -> None:
        self._now = pauses
        self.seen = pauses.joined(self.seen)
