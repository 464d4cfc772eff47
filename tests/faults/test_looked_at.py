"""Between a crash and the run after it, or in mid-run: an object is removed, a journal record is lost or altered."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from l3kit.tiering.chunks import parse_object_key
from l3kit.tiering.journal import DEVICE_PREFIX
from l3kit.tiering.journal_record import from_row
from tests.faults.conftest import MakeWorld
from tests.faults.sweep import KILLS, Setting, moments, shards
from tests.faults.test_moments import MOVE, held
from tests.faults.test_runs_at_once import three_chunks
from tests.faults.world import DEVICES, World, counted

pytestmark = pytest.mark.sandbox
HOT = Setting("hot-to-cold-mover", three_chunks)
ONE_BY_ONE = {"DEVICE_CONCURRENCY": 1, "REQUEST_TIMEOUT_SECONDS": 30}


def lose_record(world: World, device_id: str) -> None:
    world.session.aws.client("dynamodb").delete_item(
        TableName=world.session.aws_names(world.twin).journal_dynamodb_table(),
        Key={"name": {"S": DEVICE_PREFIX + device_id}},
    )


def entry_keys(world: World) -> list[str]:
    """The object keys of the chunks that are under way."""
    records = [from_row(world.do(world.journal.load(DEVICE_PREFIX + device))) for device in DEVICES]
    return [str(record.entry.key) for record in records if record.entry]


@pytest.mark.parametrize("border", ["same", "cold"])
@shards(24)
def test_what_is_hot_when_the_object_of_an_interrupted_chunk_is_removed_ends_in_one_place(
    make_world: MakeWorld, tallied: Callable[[World], World], border: str, shard: tuple[int, int]
) -> None:
    world = tallied(make_world(border, **ONE_BY_ONE))
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


@shards(12)
def test_a_record_lost_in_mid_run_loses_nothing_and_doubles_at_most_the_chunk_under_way(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    world = tallied(make_world(MAX_CHUNK_BYTES=2400, **ONE_BY_ONE))
    calls = MOVE.calls(world)
    for action, at, call in list(moments(calls))[shard[0] :: shard[1]]:
        world.clear()
        items = MOVE.prepare(world)
        held(world, MOVE, action, at, lambda: lose_record(world, DEVICES[0]))
        for _ in range(2):
            world.free()
            world.run(MOVE.mover)
        found, wanted = world.everywhere(), counted(items)
        world.tally.checks += 1
        what = f"record lost at {action} {at} ({call})"
        assert found.keys() == wanted.keys(), what
        assert sum(found.values()) - len(items) <= len(items) / 2, f"{what}: more than one chunk doubled"
        assert world.hot_count() == 0, what
        numbers = [key.number for key in map(parse_object_key, world.do(_keys(world))) if key]
        assert len(set(numbers)) == len(numbers), f"{what}: a number twice"


async def _keys(world: World) -> list[str]:
    return [info.key async for info in world.cold.list()]
