"""One odd item stays where it is and is told; all others of its device move, whichever side cannot take it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.errors import ChunkRefusedError
from l3kit.tiering.format.chunks import Chunk, parse_object_key
from l3kit.tiering.movers.local_target import LocalTarget
from l3kit.tiering.movers.narrowing import MAX_REFUSED_ALONE
from l3kit.tiering.settings.tuning import Tuning
from tests.support.memory_stores import MemoryObjectStore
from tests.support.moving import World, item, readings
from tests.support.records import alter, mover, stopped_before_its_deletes


class Picky(LocalTarget):
    """Refuses chunks with an odd item; says which one it is, or not."""

    def __init__(self, store: MemoryObjectStore, *, tells: bool, everything: bool = False) -> None:
        super().__init__(store)
        self._tells, self._everything = tells, everything
        self.posted: list[int] = []

    async def store(self, chunk: Chunk, *, again: bool = False) -> None:
        items = json.loads(chunk.body)
        self.posted.append(len(items))
        odd = [index for index, one in enumerate(items) if one.get("odd") or self._everything]
        if odd:
            raise ChunkRefusedError("writer", "HTTP 400 (odd)", index=odd[0] if self._tells else None)
        await super().store(chunk, again=again)


def moved_by(world: World, target: LocalTarget, *devices: str) -> Any:
    return asyncio.run(mover(world, None, "run", target=target, devices=devices).run())


@settings(max_examples=60, deadline=None)
@given(odd=st.sets(st.integers(0, 59), max_size=12), tells=st.booleans())
def test_all_good_items_move_and_exactly_the_odd_ones_stay_and_are_told(odd: set[int], tells: bool) -> None:
    world = World()
    items = [item("a", minute, **({"odd": True} if minute in odd else {})) for minute in range(60)]
    world.put("a", *items)
    world.put("b", *readings("b", 5))
    target = Picky(world.cold, tells=tells)
    report = moved_by(world, target, "a", "b")
    bad = [items[minute] for minute in sorted(odd)]
    assert list(world.hot.devices["a"].values()) == bad
    assert world.hot.devices["b"] == {}
    told = [one.key for device in report.devices for one in device.skipped]
    assert sorted(told) == [json.loads(one)["id"] for one in bad]
    assert world.everywhere() == Counter(one.decode() for one in [*items, *readings("b", 5)])
    numbers = [key.number for key in map(parse_object_key, world.cold.bodies()) if key and key.device_id == "a"]
    assert len(set(numbers)) == len(numbers)
    again = Picky(world.cold, tells=tells)
    moved_by(world, again, "a")
    assert sum(again.posted) <= 3 * len(odd) * (1 + len(odd).bit_length())


@pytest.mark.parametrize(("tells", "most"), [(True, 6), (False, 26)])
def test_one_odd_item_among_many_costs_few_requests(tells: bool, most: int) -> None:
    world = World()
    world.put("a", *(item("a", minute, **({"odd": True} if minute == 700 else {})) for minute in range(1000)))
    target = Picky(world.cold, tells=tells)
    report = asyncio.run(mover(world, None, "run", target=target, tuning=Tuning()).run())
    assert report.to_json()["items"] == 999
    assert len(target.posted) <= most, target.posted


def test_a_target_that_refuses_everything_is_given_up_after_some_small_requests() -> None:
    world = World()
    world.put("a", *readings("a", 400))
    target = Picky(world.cold, tells=False, everything=True)
    report = moved_by(world, target, "a")
    assert report.verdict == "failed"
    assert f"{MAX_REFUSED_ALONE} items in a row were refused" in report.devices[0].skipped[-1].reason
    assert sum(target.posted) < 3 * MAX_REFUSED_ALONE
    assert len(world.hot.devices["a"]) == 400
    assert not world.cold.bodies()


class Choosy(MemoryObjectStore):
    def key_fault(self, key: str) -> str | None:
        return "it holds no key of this time" if "T00:07:30Z" in key else None


def test_an_item_of_whose_time_the_cold_store_holds_no_key_stays_alone() -> None:
    world = World(cold=Choosy("cold"))
    odd = json.dumps({"iotDeviceId": "a", "id": "2026-01-01T00:07:30Z"}, separators=(",", ":")).encode()
    world.put("a", *readings("a", 8), odd)
    report = world.move("a")
    assert list(world.hot.devices["a"].values()) == [odd]
    (skipped,) = report.devices[0].skipped
    assert skipped.key == "2026-01-01T00:07:30Z"
    assert "it holds no key of this time" in skipped.reason


@pytest.mark.parametrize("state", ["writing", "stored"])
def test_an_interrupted_chunk_that_the_target_refuses_now_is_given_up_and_its_good_items_move(state: str) -> None:
    world = stopped_before_its_deletes()
    alter(world, entry_state=state)
    world.cold.objects.clear()
    target = Picky(world.cold, tells=True, everything=True)
    moved_by(world, target, "a")
    assert len(world.hot.devices["a"]) == 60
    assert moved_by(world, LocalTarget(world.cold), "a").verdict == "complete"
    assert world.everywhere() == Counter(one.decode() for one in readings("a", 60))
