"""Killed at every call of a run that sends to another cloud; before the run after it the chunk is removed there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from l3kit.tiering.journal import DEVICE_PREFIX
from l3kit.tiering.journal_record import from_row
from tests.faults.conftest import MakeWorld
from tests.faults.prepared import three_chunks
from tests.faults.sweep import KILLS, Setting, shards
from tests.faults.world import DEVICES, World

pytestmark = pytest.mark.sandbox
HOT = Setting("hot-to-cold-mover", three_chunks)
ONE_BY_ONE = {"DEVICE_CONCURRENCY": 1, "REQUEST_TIMEOUT_SECONDS": 30}


def entry_keys(world: World) -> list[str]:
    """The object keys of the chunks that are under way."""
    records = [from_row(world.do(world.journal.load(DEVICE_PREFIX + device))) for device in DEVICES]
    return [str(record.entry.key) for record in records if record.entry]


@pytest.mark.slow
@shards(24)
def test_what_is_hot_when_the_object_of_an_interrupted_chunk_is_removed_ends_in_one_place(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    world = tallied(make_world("cold", **ONE_BY_ONE))
    calls = HOT.calls(world)
    cases = [(kill, at) for at in range(1, len(calls) + 1) for kill in KILLS]
    for kill, at in cases[shard[0] :: shard[1]]:
        world.clear()
        three_chunks(world)
        armed = world.arm(world.name(HOT.mover), kill, at)
        world.run(HOT.mover)
        world.tally.faults += armed.disarm()[1]
        for key in entry_keys(world):
            world.do(world.cold.delete(key))
        left = world.everywhere()
        world.free()
        report = world.run(HOT.mover)
        what = f"{kill} at call {at} ({calls[at - 1]}), then the object removed"
        world.check(left, what)
        assert world.hot_count() == 0, f"{what}: {report}"
