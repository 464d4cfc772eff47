"""`l3kit erase` of a deployed twin, interrupted at any of its calls, with movers that run in between or meanwhile.

Afterwards nothing of the other device is lost, doubled or altered; a repeated erase finishes; nothing of the erased
device is left in any tier, and the record names all of it with the digests that it had.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from l3kit.operate.erase.starting import erase
from tests.faults.conftest import MakeWorld
from tests.faults.erasable_world import ERASED, Erasable
from tests.faults.eraser import FAULTS, Ended, disturbed
from tests.faults.sweep import shards
from tests.faults.world import Mover, World
from tests.support.erasable import Ahead

pytestmark = pytest.mark.sandbox
MOVERS: tuple[Mover, ...] = ("hot-to-cold-mover", "cold-to-archive-mover")
OWN = {"REQUEST_TIMEOUT_SECONDS": 20}
"""Makes a twin of its own, since an erase reads all reports of all runs."""
MEANWHILE = ("nothing runs", "movers run in between", "movers run at once")
CASES, SHARDS = 96, 16


def one_case(world: World, fault: int, at: int, meanwhile: str) -> Ended:
    """One disturbed erase, perhaps runs of the movers, a quiet erase; then every check. Returns: the disturbed one."""
    case = Erasable.prepared(world)
    what = f"{FAULTS[fault][0]} at call {at}, {meanwhile}"
    running = [world.start(mover) for mover in MOVERS] if meanwhile == "movers run at once" else []
    assert world.session.sandbox_home is not None
    ended = disturbed(
        world.session.sandbox_endpoint, world.session.sandbox_home, world.twin, ERASED, FAULTS[fault], at, running
    )
    for one in running:
        one.result()
    world.tally.faults += ended.fired
    if meanwhile != "nothing runs":
        for mover in MOVERS:
            world.run(mover)
    case.look()
    case.check_other(f"{what}; {ended.told}")
    ahead = Ahead()
    report = erase(world.session, world.twin, ERASED, now=ahead.clock, sleep=ahead.sleep)
    assert report.complete, f"{what}; {ended.told}: {report.summary()}"
    case.check_other(what)
    assert case.traces() == [], what
    case.check_record(what)
    return ended


@shards(SHARDS)
def test_an_erase_interrupted_at_any_call_is_finished_by_the_next_and_takes_nothing_of_another_device(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    world = tallied(make_world(**OWN))
    Erasable.prepared(world)
    assert world.session.sandbox_home is not None
    whole = disturbed(world.session.sandbox_endpoint, world.session.sandbox_home, world.twin, ERASED)
    assert "is erased" in whole.told
    chance = random.Random(11)
    every = [(fault, at) for at in range(1, len(whole.calls) + 1) for fault in range(len(FAULTS))]
    cases = [(*case, chance.choice(MEANWHILE)) for case in chance.sample(every, min(CASES, len(every)))]
    fired = sum(one_case(world, *case).fired for case in cases[shard[0] :: shard[1]])
    assert fired > 0
