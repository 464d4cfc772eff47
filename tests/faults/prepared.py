"""What a case puts into an empty world before its runs; each returns the items."""

from __future__ import annotations

import hashlib

from l3kit.tiering.movers.archive_targets import PART_BYTES, WHOLE_BYTES
from tests.faults.world import DEVICES, World, item


def three_chunks(world: World) -> list[bytes]:
    """Two chunks of one device, more than one delete batch among them, and one chunk of another."""
    return _in_hot(world, 60, 20)


def two_chunks(world: World) -> list[bytes]:
    return _in_hot(world, 50)


def few(world: World) -> list[bytes]:
    return _in_hot(world, 6, 3)


def few_chunks(world: World) -> list[bytes]:
    """As they are in the cold tier."""
    items = world.items(12, 5)
    world.put_chunks(items)
    return items


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


def _in_hot(world: World, *counts: int) -> list[bytes]:
    items = world.items(*counts)
    world.put(items)
    return items
