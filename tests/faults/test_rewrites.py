"""A rewrite aimed at every gap of the deployed hot-to-cold mover: by itself, before a fault, before a second delivery.

docs/reference/journal.md, "Rewritten items", names the one gap on DynamoDB; here it is shown to be the only one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from l3kit.sandbox.faults.arranged import Action, ArmedFault
from tests.faults.conftest import MakeWorld
from tests.faults.rewrites import GAINED, MOVE, ORDERED, PATIENT, Rewrite, hold, one_device, survives_a_rewrite
from tests.faults.sweep import moments, shards
from tests.faults.world import World, counted

pytestmark = pytest.mark.sandbox
PARTS = 3
"""Into so many tests the faults after a rewrite are cut."""


@shards(12)
def test_an_item_rewritten_while_it_is_moved_survives_in_its_last_version(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    world = tallied(make_world(**PATIENT))
    for case in list(moments(MOVE.calls(world)))[shard[0] :: shard[1]]:
        survives_a_rewrite(world, *case)


def deletes(calls: Sequence[str]) -> list[int]:
    """The numbers of the calls that delete a batch."""
    found = [number for number, call in enumerate(calls, 1) if call.endswith(" DELETE")]
    assert len(found) == 2, calls
    return found


@pytest.mark.slow
@shards(2)
def test_an_item_rewritten_while_the_answer_to_its_delete_is_lost_survives(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    """The delete took effect, its answer does not come; a blind repetition would remove the new version."""
    world = tallied(make_world(**ORDERED))
    for at in deletes(MOVE.calls(world))[shard[0] :: shard[1]]:
        world.clear()
        items = one_device(world)
        rewrite = Rewrite.of(world)
        armed = world.arm(world.name(MOVE.mover), "silence_after", at)
        outcome = world.start(MOVE.mover)
        assert armed.wait_until_fired()
        rewrite.happen(world)
        outcome.result()
        armed.disarm()
        world.tally.faults += 1
        world.run(MOVE.mover)
        rewrite.check(world, items, f"rewritten while the answer to call {at} was lost")


# --- a rewrite, then a fault ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("action", "later"), [("kill_after", 0), ("lose_answer", 0), ("kill_before", 1)])
def test_a_version_that_gained_attributes_is_lost_where_nobody_reads_what_its_delete_returned(
    make_world: MakeWorld, tallied: Callable[[World], World], action: Action, later: int
) -> None:
    """The documented gap. `later`: 0 is the delete, 1 the call after it, which puts back."""
    world = tallied(make_world(**PATIENT))
    at = deletes(MOVE.calls(world))[0]
    assert rewritten_then(world, at, action, at + later, in_gap=True)


@pytest.mark.slow
@shards(60)
def test_a_rewrite_and_then_a_fault_lose_nothing_outside_the_one_gap(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    """A rewrite right before each call, and each fault at that call and at all that follow.

    A run that is only rewritten under shows where the gap is: where a delete is followed by a put-back.
    """
    world = tallied(make_world(**PATIENT))
    parts = [(at, part) for at in range(1, len(MOVE.calls(world)) + 1) for part in range(PARTS)]
    for at, part in parts[shard[0] :: shard[1]]:
        calls = rewritten_calls(world, at)
        for then in range(at + part, len(calls) + 1, PARTS):
            put_back_follows = calls[then : then + 1] and calls[then].endswith(" INSERT")
            rewritten_then(world, at, "lose_answer", then, in_gap=bool(put_back_follows))
            rewritten_then(world, at, "kill_before", then, in_gap=calls[then - 1].endswith(" INSERT"))


def rewritten_calls(world: World, at: int) -> list[str]:
    """The calls of a run under which items are rewritten right before one of them."""
    world.clear()
    one_device(world)
    rewrite = Rewrite.of(world)

    def rewrite_and_go_on(armed: ArmedFault) -> None:
        rewrite.happen(world)
        armed.go_on()

    return hold(world, MOVE, "pause_before", at, rewrite_and_go_on)[1]


def rewritten_then(world: World, at: int, action: Action, then: int, *, in_gap: bool) -> Sequence[bytes]:
    """A rewrite right before a call, a fault at one that follows, a quiet run and the check.

    Args:
        in_gap: versions that only gained attributes must be lost; else nothing may be.
    Returns: what was lost.
    """
    world.clear()
    items = one_device(world)
    rewrite = Rewrite.of(world)

    def rewrite_and_go_on(armed: ArmedFault) -> None:
        rewrite.happen(world)
        armed.go_on(action, then)

    _, calls = hold(world, MOVE, "pause_before", at, rewrite_and_go_on)
    lost = settled(world, rewrite) if in_gap else settled(world, rewrite)[:0]
    what = f"rewritten before call {at}, {action} at call {then}, {calls}"
    assert bool(lost) == in_gap, what
    rewrite.check(world, items, what, lost)
    assert world.hot_count() == 0, what
    return lost


def settled(world: World, rewrite: Rewrite) -> list[bytes]:
    """An ordinary run. Returns: the versions that only gained attributes and are gone."""
    world.free()
    assert world.run(MOVE.mover)["verdict"] == "complete"
    found = world.everywhere()
    return [one for one in rewrite.gained if not counted([one]) <= found]


# --- a call that is delivered twice ---------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["in the run", "when it has ended"])
@shards(2)
def test_a_delete_that_is_delivered_twice_destroys_only_versions_that_gained_attributes(
    make_world: MakeWorld, tallied: Callable[[World], World], when: str, shard: tuple[int, int]
) -> None:
    """Rewritten before the delete and delivered again after the put-back, or rewritten and delivered after the run."""
    world = tallied(make_world(**PATIENT))
    at = deletes(MOVE.calls(world))[shard[0]]
    world.clear()
    items = one_device(world)
    rewrite = Rewrite.of(world)

    def rewrite_and_go_on(armed: ArmedFault) -> None:
        rewrite.happen(world)
        armed.go_on("deliver_again", at)

    if when == "in the run":
        _, calls = hold(world, MOVE, "pause_before", at, rewrite_and_go_on, after=1)
        assert calls[at].endswith(" INSERT"), calls
    else:
        armed = world.arm(world.name(MOVE.mover), "deliver_again", at)
        assert world.run(MOVE.mover)["verdict"] == "complete"
        rewrite.happen(world)
        armed.go_on()
        assert armed.delivered() == 1
        world.tally.faults += armed.disarm()[1]
    lost = settled(world, rewrite)
    assert 0 < len(lost) < len(GAINED), "those of one of the two chunks"
    rewrite.check(world, items, f"delete at call {at} delivered again {when}", lost)
    assert world.hot_count() == 0


def test_a_put_back_that_is_delivered_again_after_its_item_was_moved_brings_it_back_once_more(
    make_world: MakeWorld, tallied: Callable[[World], World]
) -> None:
    world = tallied(make_world(**PATIENT))
    at = deletes(MOVE.calls(world))[0]
    world.clear()
    items = one_device(world)
    rewrite = Rewrite.of(world)
    armed = world.arm(world.name(MOVE.mover), "pause_before", at)
    outcome = world.start(MOVE.mover)
    assert armed.wait_until_held()
    rewrite.happen(world)
    armed.go_on("deliver_again", at + 1)
    outcome.result()
    assert settled(world, rewrite) == []
    rewrite.check(world, items, "before the put-back comes again")
    armed.go_on()
    world.tally.faults += armed.disarm()[1]
    back = [one for one in rewrite.gained if counted([one]) <= world.in_hot()]
    assert 0 < len(back) == world.hot_count()
    settled(world, rewrite)
    assert all(world.everywhere()[text] == 2 for text in counted(back))
