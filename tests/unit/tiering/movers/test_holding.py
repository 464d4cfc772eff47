"""How permanent deletion learns of holds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from l3kit.errors import StoreError
from l3kit.tiering.format.holds import Hold, Holds
from l3kit.tiering.movers.holding import REREAD_SECONDS, HoldWatch, holds_in_archive, holds_in_journal
from tests.support import archiving
from tests.support.memory_stores import MemoryJournalStore, MemoryObjectStore

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
HOLD = Hold(NOW, "ann", "audit")


class Told:
    """Holds that change, and a clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.holds, self.now, self.reads = Holds(), NOW, 0

    async def read(self) -> Holds:
        self.reads += 1
        return self.holds

    def clock(self) -> datetime:
        return self.now


def test_holds_are_found_in_the_journal_and_in_the_archive() -> None:
    journal, archive = MemoryJournalStore(), MemoryObjectStore("archive")
    asyncio.run(journal.swap(Holds.record, Holds(None, {"a": HOLD}).row_after(None)))
    archiving.put(archive, Holds.key("b"), b"{}")
    assert list(asyncio.run(holds_in_journal(journal)).devices) == ["a"]
    assert list(asyncio.run(holds_in_archive(archive)).devices) == ["b"]


def test_a_hold_set_meanwhile_is_seen_at_the_next_reading() -> None:
    async def seen() -> list[Hold | None]:
        told = Told()
        watch = HoldWatch(told.read, told.clock)
        first = await watch.of("a")
        told.holds = Holds(None, {"a": HOLD})
        second = await watch.of("a")
        told.now += timedelta(seconds=REREAD_SECONDS)
        return [first, second, await watch.of("a"), await watch.of("b"), await watch.of_twin()]

    assert asyncio.run(seen()) == [None, None, HOLD, None, None]


def test_holds_that_cannot_be_read_stop_the_run() -> None:
    async def refuse() -> Holds:
        raise StoreError("archive", "is not readable")

    with pytest.raises(StoreError):
        asyncio.run(HoldWatch(refuse, lambda: NOW).of("a"))
