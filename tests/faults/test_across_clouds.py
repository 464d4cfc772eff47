"""The hot-to-cold mover and a cold writer on another cloud, over a Function URL: faults at the calls of either."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.conftest import MakeWorld
from tests.faults.sweep import Setting, double_faults, shards, single_faults
from tests.faults.world import World

pytestmark = pytest.mark.sandbox


def two_chunks(world: World) -> list[bytes]:
    items = world.items(50)
    world.put(items)
    return items


@shards(48)
def test_a_fault_at_the_sender_loses_and_doubles_nothing(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    world = tallied(make_world("cold", COMPRESSION="zstd"))
    assert single_faults(world, Setting("hot-to-cold-mover", two_chunks), shard) > 0


@shards(12)
def test_a_fault_at_the_receiver_loses_and_doubles_nothing(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    world = tallied(make_world("cold", COMPRESSION="zstd"))
    assert single_faults(world, Setting("hot-to-cold-mover", two_chunks, world.writer), shard) > 0


@pytest.mark.slow
@shards(60)
def test_a_fault_in_the_run_that_finishes_anothers_work_loses_and_doubles_nothing(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    world = tallied(make_world("cold"))
    assert double_faults(world, Setting("hot-to-cold-mover", two_chunks), shard) > 0
