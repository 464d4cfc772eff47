"""The deployed hot-to-cold mover within one cloud: every fault at every call, and at every call of the run after it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.conftest import MakeWorld
from tests.faults.sweep import Setting, double_faults, shards, single_faults
from tests.faults.world import World

pytestmark = pytest.mark.sandbox


def three_chunks(world: World) -> list[bytes]:
    """Two chunks of one device, more than one delete batch among them, and one chunk of another."""
    items = world.items(60, 20)
    world.put(items)
    return items


def few(world: World) -> list[bytes]:
    items = world.items(6, 3)
    world.put(items)
    return items


THREE_CHUNKS = Setting("hot-to-cold-mover", three_chunks)


@shards(24)
def test_one_fault_loses_and_doubles_nothing(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    assert single_faults(tallied(make_world()), THREE_CHUNKS, shard) > 0


@pytest.mark.slow
@shards(60)
def test_a_fault_in_the_run_that_finishes_anothers_work_loses_and_doubles_nothing(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    assert double_faults(tallied(make_world()), THREE_CHUNKS, shard) > 0
