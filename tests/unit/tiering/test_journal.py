"""The journal: every swap fenced by the version, a lease that others respect and its owner gives up in time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from l3kit.errors import LeaseLostError, LeaseTakenError, StoreError
from l3kit.tiering.format.chunk_filler import ChunkFiller
from l3kit.tiering.format.chunks import Chunk, Draft
from l3kit.tiering.journal import DEVICE_PREFIX, LEASE_MARGIN_SECONDS, LEASE_SECONDS, DeviceJournal, end_lease
from l3kit.tiering.journal_record import NEVER, from_row
from l3kit.tiering.ports import JournalRow, Page
from tests.support.memory_stores import MemoryJournalStore

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def draft() -> Draft:
    filler = ChunkFiller()
    filler.add(Page(["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"], [b'{"a":1}', b'{"a":2}'], None))
    return filler.draft()[0]


def chunk_of(draft: Draft, number: int) -> Chunk:
    return draft.chunk("d", number, "none", b'[{"a":1},{"a":2}]')


def journal(store: MemoryJournalStore, run_id: str, clock: Clock) -> DeviceJournal:
    return DeviceJournal(store, "d", run_id, clock)


def begun(store: MemoryJournalStore, run_id: str, clock: Clock) -> DeviceJournal:
    mine = journal(store, run_id, clock)

    async def steps() -> None:
        await mine.look()
        await mine.begin(chunk_of(draft(), mine.record.next_number), draft())

    asyncio.run(steps())
    return mine


def test_a_chunk_passes_through_writing_and_stored_to_none() -> None:
    store, clock = MemoryJournalStore(), Clock()
    mine = begun(store, "run-1", clock)

    async def states() -> list[str]:
        seen = [str(store.rows[DEVICE_PREFIX + "d"].attributes["entry_state"])]
        for step in (mine.stored, mine.close):
            await step()
            seen.append(str(store.rows[DEVICE_PREFIX + "d"].attributes["entry_state"]))
        await mine.release()
        return seen

    assert asyncio.run(states()) == ["writing", "stored", "none"]
    record = from_row(store.rows[DEVICE_PREFIX + "d"])
    assert (record.owner, record.next_number, record.moved_items, record.moved_chunks) == ("", 2, 2, 1)


def test_another_run_finds_the_device_taken_until_the_lease_is_over() -> None:
    store, clock = MemoryJournalStore(), Clock()
    begun(store, "run-1", clock)
    clock.pass_seconds(LEASE_SECONDS - 1)
    with pytest.raises(LeaseTakenError, match=r"run run-1 holds.*lease to expire at 12:02:00"):
        asyncio.run(journal(store, "run-2", clock).look())
    clock.pass_seconds(1)
    record = asyncio.run(journal(store, "run-2", clock).look())
    assert record.entry is not None
    assert record.entry.state == "writing"


@pytest.mark.parametrize("step", ["stored", "close", "keep_alive"])
def test_a_run_whose_lease_was_taken_over_is_fenced_out(step: str) -> None:
    store, clock = MemoryJournalStore(), Clock()
    old = begun(store, "run-1", clock)
    clock.pass_seconds(LEASE_SECONDS + 1)
    new = journal(store, "run-2", clock)

    async def take_over() -> None:
        await new.look()
        await new.acquire()

    asyncio.run(take_over())
    before = dict(store.rows)
    with pytest.raises(LeaseLostError):
        asyncio.run(getattr(old, step)())
    asyncio.run(old.release())
    assert store.rows == before


def test_of_two_runs_that_looked_at_once_only_one_begins() -> None:
    store, clock = MemoryJournalStore(), Clock()
    one, two = journal(store, "run-1", clock), journal(store, "run-2", clock)

    async def race() -> None:
        await one.look()
        await two.look()
        await one.begin(chunk_of(draft(), 1), draft())
        with pytest.raises(LeaseLostError):
            await two.begin(chunk_of(draft(), 1), draft())

    asyncio.run(race())
    assert from_row(store.rows[DEVICE_PREFIX + "d"]).owner == "run-1"


def test_an_owner_gives_its_lease_up_before_others_may_take_it() -> None:
    store, clock = MemoryJournalStore(), Clock()
    mine = begun(store, "run-1", clock)
    clock.pass_seconds(LEASE_SECONDS - LEASE_MARGIN_SECONDS - 1)
    mine.check_held()
    clock.pass_seconds(2)
    with pytest.raises(LeaseLostError, match="expired"):
        mine.check_held()


def test_a_long_step_renews_the_lease_half_way() -> None:
    store, clock = MemoryJournalStore(), Clock()
    mine = begun(store, "run-1", clock)
    writes = store.usage.requests["put"]
    asyncio.run(mine.keep_alive())
    assert store.usage.requests["put"] == writes
    clock.pass_seconds(LEASE_SECONDS / 2 + 1)
    asyncio.run(mine.keep_alive())
    assert store.usage.requests["put"] == writes + 1
    assert mine.record.lease_until == clock.now + timedelta(seconds=LEASE_SECONDS)


def test_a_swap_whose_answer_was_lost_is_recognised_as_done() -> None:
    store, clock = MemoryJournalStore(), Clock()
    mine = begun(store, "run-1", clock)

    class Twice(MemoryJournalStore):
        """The first try took effect and its answer was lost; the store's own retry is refused."""

        async def swap(self, name: str, row: JournalRow) -> bool:
            await store.swap(name, row)
            return await store.swap(name, row)

        async def load(self, name: str) -> JournalRow | None:
            return await store.load(name)

    mine._store = Twice()
    entry = asyncio.run(mine.stored())
    assert entry.state == "stored"
    assert from_row(store.rows[DEVICE_PREFIX + "d"]).entry == entry


def test_a_dead_runs_lease_can_be_ended_and_what_was_under_way_stays() -> None:
    clock, store = Clock(), MemoryJournalStore()
    dead = begun(store, "dead", clock)
    assert asyncio.run(end_lease(store, "d")) == "dead"
    record = from_row(asyncio.run(store.load(DEVICE_PREFIX + "d")))
    assert (record.owner, record.lease_until, record.version) == ("", NEVER, dead.record.version + 1)
    assert record.entry == dead.record.entry
    assert asyncio.run(journal(store, "next", clock).look()) == record
    with pytest.raises(LeaseLostError, match="another run has taken its lease"):
        asyncio.run(dead.stored())
    assert asyncio.run(end_lease(store, "d")) == ""
    assert asyncio.run(end_lease(store, "never moved")) == ""


def test_the_lease_of_a_run_that_writes_at_that_moment_is_not_ended() -> None:
    clock, store = Clock(), MemoryJournalStore()
    living = begun(store, "living", clock)

    class Slow(MemoryJournalStore):
        async def load(self, name: str) -> JournalRow | None:
            row = await store.load(name)
            await living.stored()
            return row

        async def swap(self, name: str, row: JournalRow) -> bool:
            return await store.swap(name, row)

    with pytest.raises(StoreError, match="run living is alive"):
        asyncio.run(end_lease(Slow(), "d"))
    assert from_row(asyncio.run(store.load(DEVICE_PREFIX + "d"))) == living.record
