"""Each due item is read once, whatever the sizes of chunks and pages; after a refused chunk only what it left is."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from l3kit.errors import ChunkRefusedError
from l3kit.tiering.format.chunks import Chunk
from l3kit.tiering.movers.local_target import LocalTarget
from l3kit.tiering.ports import Page
from l3kit.tiering.settings.tuning import Tuning
from tests.support.memory_stores import MemoryHotStore
from tests.support.moving import AtCall, Instead, World, item, readings
from tests.support.records import mover

ITEMS = 200
AHEAD = 1
"""Queries of a run for what is ahead of time."""


class Reads:
    """Counts what a store gives: queries, and how often each item."""

    def __init__(self, store: MemoryHotStore) -> None:
        self.queries = 0
        self.items: Counter[str] = Counter()
        self.store = Instead(store, "read_page", self._read)

    async def _read(self, own: Any, *args: Any, **kwargs: Any) -> Page:
        page: Page = await own(*args, **kwargs)
        self.queries += 1
        self.items.update(page.sort_keys)
        return page


@pytest.mark.parametrize("chunk_bytes", [1024, 3000, 100_000])
@pytest.mark.parametrize("page_items", [1, 7, 50, 1000])
def test_each_due_item_is_read_once_and_no_page_is_smaller_than_the_store_gives(
    chunk_bytes: int, page_items: int
) -> None:
    world = World(hot=MemoryHotStore(page_items))
    world.put("d", *readings("d", ITEMS))
    reads = Reads(world.hot)
    report = world.move("d", hot=reads.store, tuning=Tuning(max_chunk_bytes=chunk_bytes))
    assert (report.verdict, report.to_json()["items"]) == ("complete", ITEMS)
    assert set(reads.items.values()) == {1}
    assert reads.queries == AHEAD + -(-ITEMS // page_items)
    assert world.everywhere() == Counter(one.decode() for one in readings("d", ITEMS))


def test_what_stays_collected_is_deleted_only_unchanged() -> None:
    """A page holds many chunks: an item of the last one may be rewritten while the first one is stored."""
    old, new = item("d", ITEMS - 1), item("d", ITEMS - 1, rewritten=True)
    world = World(hot=MemoryHotStore(ITEMS))
    world.put("d", *readings("d", ITEMS))

    async def rewrite() -> None:
        await world.hot.put_items("d", [new])

    cold = AtCall(world.cold, [0], 1, after=rewrite)
    report = world.move("d", cold=cold)
    assert list(world.hot.devices["d"].values()) == [new]
    assert any("rewritten during the move" in note for note in report.devices[0].notes)
    world.move("d")
    assert world.everywhere() == Counter(one.decode() for one in [*readings("d", ITEMS - 1), old, new])


class Refusing(LocalTarget):
    """Refuses every chunk of more than ten items."""

    async def store(self, chunk: Chunk, *, again: bool = False) -> None:
        if chunk.count > 10:
            raise ChunkRefusedError("writer", "HTTP 413")
        await super().store(chunk, again=again)


def test_after_a_refused_chunk_nothing_is_lost_and_odd_keys_are_counted_once() -> None:
    world = World(hot=MemoryHotStore(ITEMS))
    odd = b'{"iotDeviceId":"d","id":"2026-01-01T00:00:30"}'
    world.put("d", odd, *readings("d", ITEMS))
    report = asyncio.run(mover(world, None, "run", target=Refusing(world.cold), devices=("d",)).run())
    assert report.to_json()["unmovable"] == 1
    assert list(world.hot.devices["d"].values()) == [odd]
    assert world.everywhere() == Counter(one.decode() for one in [odd, *readings("d", ITEMS)])
