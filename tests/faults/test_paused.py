"""Deployed movers, killed, then paused, then resumed: nothing moves meanwhile, nothing is lost or doubled."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from l3kit.operate.pauses.changes import pause, resume
from tests.faults.conftest import MakeWorld
from tests.faults.rewrites import MOVE, PATIENT
from tests.faults.world import DEVICES, World, counted

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]


@pytest.mark.parametrize("call", [" PUT ", " DELETE"])
def test_a_killed_mover_s_chunk_stays_through_a_pause_and_is_finished_after_it(
    make_world: MakeWorld, tallied: Callable[[World], World], call: str
) -> None:
    world = tallied(make_world(**PATIENT))
    calls = MOVE.calls(world)
    at = next(number for number, one in enumerate(calls, 1) if call in f"{one} ")
    world.clear()
    items = counted(MOVE.prepare(world))
    armed = world.arm(world.name(MOVE.mover), "kill_after", at)
    world.run(MOVE.mover)
    world.tally.faults += armed.disarm()[1]
    world.free()
    before = world.everywhere()
    for device in (None, DEVICES[0]):
        try:
            pause(world.session, world.twin, device, by="ann")
            for mover in (MOVE.mover, "cold-to-archive-mover"):
                report = world.run(mover)  # type: ignore[arg-type]
                assert (report["verdict"], report["paused"][0]["device"]) == ("paused", device)
            if device is None:
                assert world.everywhere() == before
        finally:
            assert not resume(world.session, world.twin, device).pauses
    assert world.run(MOVE.mover)["verdict"] == "complete"
    world.check(items, f"paused after {calls[at - 1]}")
    assert world.hot_count() == 0
