"""While a deployed mover is held at a call items arrive late, another run starts, an object is rewritten."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from tests.faults.conftest import MakeWorld
from tests.faults.rewrites import COUNT, MOVE, PATIENT, Rewrite, held, one_device
from tests.faults.sweep import Setting, moments, shards
from tests.faults.world import DEVICES, World, counted, item

pytestmark = pytest.mark.sandbox


@shards(16)
def test_late_items_end_in_exactly_one_place(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    world = tallied(make_world(**PATIENT))
    calls = MOVE.calls(world)
    for action, at, call in list(moments(calls))[shard[0] :: shard[1]]:
        world.clear()
        items = one_device(world)
        late = [item(DEVICES[0], minute, case=world.number, late=True) for minute in (-5, COUNT + 5)]
        late += [one.replace(b"00Z", b"30Z") for one in (item(DEVICES[0], n, case=world.number) for n in (4, 20))]
        held(world, MOVE, action, at, lambda late=late: world.do(world.hot.put_items(DEVICES[0], late)))
        world.run(MOVE.mover)
        world.check(counted([*items, *late]), f"late at {action} {at} ({call})")
        assert world.hot_count() == 0


@shards(8)
def test_a_run_that_lost_its_lease_and_wakes_up_later_does_no_harm(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    """While it is held, items are rewritten and another run takes its device over."""
    world = tallied(make_world(**PATIENT))
    calls = MOVE.calls(world)
    for action, at, call in list(moments(calls))[shard[0] :: shard[1]]:
        world.clear()
        items = one_device(world)
        rewrite = Rewrite.of(world)

        def take_over(rewrite: Rewrite = rewrite) -> None:
            world.free()
            rewrite.happen(world)
            world.run(MOVE.mover)

        held(world, MOVE, action, at, take_over)
        world.free()
        world.run(MOVE.mover)
        rewrite.check(world, items, f"taken over at {action} {at} ({call})")
        assert world.hot_count() == 0


ARCHIVE = Setting("cold-to-archive-mover", lambda world: _in_cold(world))


def _in_cold(world: World) -> list[bytes]:
    items = world.items(COUNT)
    world.put_chunks(items, max_bytes=2400)
    return items


@pytest.mark.parametrize("border", ["same", pytest.param("archive", marks=pytest.mark.slow)])
@shards(8)
def test_an_object_rewritten_while_it_is_archived_is_not_lost(
    make_world: MakeWorld, tallied: Callable[[World], World], border: str, shard: tuple[int, int]
) -> None:
    """The new content is in the archive, or still in the cold tier and reported; the old one at most in the archive."""
    world = tallied(make_world(border, **PATIENT))
    calls = ARCHIVE.calls(world)
    for action, at, call in list(moments(calls))[shard[0] :: shard[1]]:
        world.clear()
        items = _in_cold(world)
        key = world.do(_first_key(world))
        body = b"[" + item(DEVICES[0], 77, case=world.number, rewritten=True) + b"]"
        digest = hashlib.sha256(body).hexdigest()

        def rewrite(key: str = key, body: bytes = body, digest: str = digest) -> None:
            world.do(world.cold.delete(key))
            world.do(world.cold.create(key, body, sha256=digest, metadata={"items": "1"}))

        held(world, ARCHIVE, action, at, rewrite)
        world.run(ARCHIVE.mover)
        found = world.everywhere()
        world.tally.checks += 1
        new = counted([item(DEVICES[0], 77, case=world.number, rewritten=True)])
        assert found & new == new, f"the new content was lost at {action} {at} ({call})"
        assert max(found.values()) == 1, f"doubled at {action} {at} ({call})"
        assert not found - counted(items) - new


async def _first_key(world: World) -> str:
    return min([info.key async for info in world.cold.list() if not info.key.startswith("_l3kit/")])
