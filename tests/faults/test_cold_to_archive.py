"""The cold-to-archive mover, by server-side copy and by an archive writer on another cloud: faults at every call."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from l3kit.tiering.movers.archive_targets import PART_BYTES, WHOLE_BYTES
from tests.faults.conftest import MakeWorld
from tests.faults.sweep import Setting, double_faults, shards, single_faults
from tests.faults.world import DEVICES, World, item

pytestmark = pytest.mark.sandbox


def three_chunks_and_a_foreign_object(world: World) -> list[bytes]:
    items = world.items(50, 8)
    world.put_chunks(items)
    foreign = item(DEVICES[0], 99, case=world.number, foreign=True)
    body = b"[" + foreign + b"]"
    world.do(world.cold.create("by-hand.json", body, sha256=hashlib.sha256(body).hexdigest()))
    return [*items, foreign]


def one_object_of_several_parts(world: World) -> list[bytes]:
    """Larger than what goes in one request, so it is sent in parts of 4 MiB."""
    items = [item(DEVICES[0], minute, case=world.number, text="x" * 65_536) for minute in range(84)]
    assert sum(map(len, items)) > max(WHOLE_BYTES, PART_BYTES)
    world.put_chunks(items, max_bytes=2 * WHOLE_BYTES)
    return items


def archive_all(prepare: Callable[[World], list[bytes]], caller: str | None = None) -> Setting:
    return Setting("cold-to-archive-mover", prepare, caller)


@shards(60)
def test_one_fault_loses_and_doubles_nothing(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    assert single_faults(tallied(make_world()), archive_all(three_chunks_and_a_foreign_object), shard) > 0


@pytest.mark.slow
@shards(80)
def test_a_fault_in_the_next_run_as_well_loses_and_doubles_nothing(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    world = tallied(make_world())
    assert double_faults(world, archive_all(three_chunks_and_a_foreign_object), shard) > 0


@pytest.mark.slow
@shards(60)
def test_a_fault_at_the_sender_to_another_cloud_loses_and_doubles_nothing(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    assert single_faults(tallied(make_world("archive")), archive_all(three_chunks_and_a_foreign_object), shard) > 0


@pytest.mark.slow
@shards(8)
def test_a_fault_at_the_archive_writer_loses_and_doubles_nothing(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    world = tallied(make_world("archive"))
    assert single_faults(world, archive_all(three_chunks_and_a_foreign_object, world.writer), shard) > 0


@pytest.mark.slow
@shards(60)
def test_a_fault_while_an_object_is_sent_in_parts_loses_and_doubles_nothing(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    assert single_faults(tallied(make_world("archive")), archive_all(one_object_of_several_parts), shard) > 0


@pytest.mark.slow
@shards(60)
def test_a_fault_at_the_writer_that_joins_parts_loses_and_doubles_nothing(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    world = tallied(make_world("archive"))
    assert single_faults(world, archive_all(one_object_of_several_parts, world.writer), shard) > 0
