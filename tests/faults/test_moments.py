"""While the deployed mover is held at a call an item is rewritten, arrives late, or another run starts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from l3kit.sandbox.faults import Action
from tests.faults.conftest import MakeWorld
from tests.faults.sweep import Setting, moments, shards
from tests.faults.world import DEVICES, World, counted, item

pytestmark = pytest.mark.sandbox
ORDERED = {"MAX_CHUNK_BYTES": 2400, "DEVICE_CONCURRENCY": 1}
COUNT = 30
"""Two chunks, each deleted by a single batch, one device after the other: so all calls come in one order."""
PATIENT = {**ORDERED, "REQUEST_TIMEOUT_SECONDS": 30}


def one_device(world: World) -> list[bytes]:
    items = world.items(COUNT)
    world.put(items)
    return items


MOVE = Setting("hot-to-cold-mover", one_device)


def held(world: World, setting: Setting, action: Action, at: int, happening: Callable[[], None]) -> dict[str, Any]:
    """Run the mover, hold it at a call, let something happen, let it go on. Returns: its report."""
    armed = world.arm(setting.disturbed(world), action, at)
    outcome = world.start(setting.mover)
    assert armed.wait_until_held(), f"{action} at {at}: {armed.calls()}"
    happening()
    armed.go_on()
    report = outcome.result()
    armed.disarm()
    world.tally.faults += 1
    return report


def rewriting(world: World, minutes: Sequence[int], **more: Any) -> tuple[list[bytes], Callable[[], None]]:
    new = [item(DEVICES[0], minute, case=world.number, rewritten=True, **more) for minute in minutes]
    return new, lambda: world.do(world.hot.put_items(DEVICES[0], new))


def check_rewritten(world: World, items: Sequence[bytes], new: Sequence[bytes], what: str) -> None:
    """The new versions are there once each; of the old ones only those that had been moved before."""
    rewritten = {json.loads(one)["id"] for one in new}
    olds = counted([one for one in items if json.loads(one)["id"] in rewritten])
    rest = counted([one for one in items if json.loads(one)["id"] not in rewritten])
    moved_before = world.everywhere() & olds
    world.check(rest + counted(new) + moved_before, what)


def survives_a_rewrite(world: World, action: Action, at: int, call: str) -> None:
    """Hold the mover at this call, rewrite three items, let it go on; all versions end where they must be."""
    world.clear()
    items = one_device(world)
    new, rewrite = rewriting(world, (0, 11, COUNT - 1))
    held(world, MOVE, action, at, rewrite)
    assert world.run(MOVE.mover)["verdict"] == "complete"
    check_rewritten(world, items, new, f"rewritten at {action} {at} ({call})")
    assert world.hot_count() == 0


@shards(8)
def test_an_item_rewritten_while_it_is_moved_survives_in_its_last_version(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    world = tallied(make_world(**PATIENT))
    for case in list(moments(MOVE.calls(world)))[shard[0] :: shard[1]]:
        survives_a_rewrite(world, *case)


@shards(2)
def test_an_item_rewritten_while_the_answer_to_its_delete_is_lost_survives(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    """The delete took effect, its answer does not come; a blind repetition would remove the new version."""
    world = tallied(make_world(**ORDERED))
    calls = MOVE.calls(world)
    deletes = [n for n, call in enumerate(calls, 1) if "BatchExecuteStatement" in call]
    assert deletes
    for at in deletes[shard[0] :: shard[1]]:
        world.clear()
        items = one_device(world)
        new, rewrite = rewriting(world, (0, 11, COUNT - 1))
        armed = world.arm(world.name(MOVE.mover), "silence_after", at)
        outcome = world.start(MOVE.mover)
        assert armed.wait_until_fired()
        rewrite()
        outcome.result()
        armed.disarm()
        world.tally.faults += 1
        world.run(MOVE.mover)
        check_rewritten(world, items, new, f"rewritten while the answer to call {at} was lost")


@shards(8)
def test_an_item_to_which_attributes_are_added_survives(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    """DynamoDB has no condition on the number of attributes: such an item is deleted and put back."""
    world = tallied(make_world(**PATIENT))
    calls = MOVE.calls(world)
    deletes = [n for n, call in enumerate(calls, 1) if "BatchExecuteStatement" in call]
    assert deletes
    for at in deletes[shard[0] :: shard[1]]:
        world.clear()
        items = one_device(world)
        new = [item(DEVICES[0], minute, case=world.number, zz_added=1) for minute in range(COUNT)]
        held(world, MOVE, "pause_before", at, lambda new=new: world.do(world.hot.put_items(DEVICES[0], new)))
        world.run(MOVE.mover)
        check_rewritten(world, items, new, f"attributes added at call {at}")


@shards(8)
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
        new, rewrite = rewriting(world, (0, 11, COUNT - 1))

        def take_over(rewrite: Callable[[], None] = rewrite) -> None:
            world.free()
            rewrite()
            world.run(MOVE.mover)

        held(world, MOVE, action, at, take_over)
        world.free()
        world.run(MOVE.mover)
        check_rewritten(world, items, new, f"taken over at {action} {at} ({call})")
        assert world.hot_count() == 0


ARCHIVE = Setting("cold-to-archive-mover", lambda world: _in_cold(world))


def _in_cold(world: World) -> list[bytes]:
    items = world.items(COUNT)
    world.put_chunks(items, max_bytes=2400)
    return items


@pytest.mark.parametrize("border", ["same", "archive"])
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
