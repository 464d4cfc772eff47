"""Holds as a permanent deletion sees them: read before it begins, and again while it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from l3kit.tiering.format.holds import Hold, Holds
from l3kit.tiering.ports import JournalStore, ObjectStore

REREAD_SECONDS = 20
"""Holds are read again before the next deletion when this time has passed."""


async def holds_in_journal(journal: JournalStore) -> Holds:
    """One strongly consistent read of one record. Raises: StoreError."""
    return Holds.of_row(await journal.load(Holds.record))


async def holds_in_archive(archive: ObjectStore) -> Holds:
    """One listing of the objects that stand for holds. Raises: StoreError."""
    return Holds.of_objects([info async for info in archive.list(Holds.prefix)])


class HoldWatch:
    """One run's view of the holds. Unlike a pause, a hold that cannot be read stops the run.

    Args:
        read: reads them.
        clock: wall clock, UTC.
    """

    def __init__(self, read: Callable[[], Awaitable[Holds]], clock: Callable[[], datetime]) -> None:
        self._read = read
        self._clock = clock
        self._now = Holds()
        self._next: datetime | None = None

    async def of(self, device_id: str) -> Hold | None:
        """Return the hold that forbids deleting anything of this device now; None without one. Raises: StoreError."""
        return (await self._current()).of(device_id)

    async def of_twin(self) -> Hold | None:
        """Return the hold of the whole twin; None without one. Raises: StoreError."""
        return (await self._current()).twin

    async def _current(self) -> Holds:
        now = self._clock()
        if self._next is None or now >= self._next:
            self._now = await self._read()
            self._next = now + timedelta(seconds=REREAD_SECONDS)
        return self._now
