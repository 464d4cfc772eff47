"""`l3kit erase` of a deployed twin, interrupted at any of its calls, with movers that run in between or meanwhile.

Dead letters of both devices that come in while an erase waits are among what its last look takes, or leaves.

Afterwards nothing of the other device is lost, doubled or altered; a repeated erase finishes; nothing of the erased
device is left in any tier or among the dead letters, and the record names all of it with the digests that it had. Of
all calls and faults a sample is taken, chosen at random but always the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from l3kit.operate.erase.starting import erase
from l3kit.session import reached
from tests.faults.conftest import MakeWorld
from tests.faults.erasable_world import ERASED, Erasable
from tests.faults.eraser import ALL, FAULTS, Ended, Fault, disturbed
from tests.faults.sweep import shards
from tests.faults.world import Mover, World
from tests.support.erasable import Ahead

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
MOVERS: tuple[Mover, ...] = ("hot-to-cold-mover", "cold-to-archive-mover")
OWN = {"REQUEST_TIMEOUT_SECONDS": 20}
"""Makes a twin of its own, since an erase reads all reports of all runs."""
LAYOUTS = [("gcp", "azure", "gcp"), ("azure", "gcp", "aws")]
MEANWHILE = ("nothing runs", "movers run in between", "movers run at once")
LATE = "dead letters come in late"


def one_case(world: World, fault: Fault, at: int, meanwhile: str) -> int:
    """One disturbed erase, perhaps runs of the movers, a quiet erase; then every check. Returns: calls disturbed."""
    case = Erasable.prepared(world)
    running = [world.start(mover) for mover in MOVERS] if meanwhile == "movers run at once" else []
    ended = erased_apart(world, fault, at, running, late=case.refuse_more if meanwhile == LATE else None)
    what = f"{fault.what} at call {at}, {meanwhile}; {ended.told}"
    for one in running:
        one.result()
    world.tally.faults += ended.fired
    if case.is_closed():
        assert case.traces() == [], f"{what}: the record is closed"
    if meanwhile.startswith("movers"):
        for mover in MOVERS:
            world.run(mover)
    case.look()
    case.check_other(what)
    ahead = Ahead()
    report = erase(world.session, world.twin, ERASED, now=ahead.clock, sleep=ahead.sleep)
    assert report.complete, f"{what}: {report.summary()}"
    case.check_other(what)
    assert case.traces() == [], what
    case.check_record(what)
    return ended.fired


def erased_apart(world: World, *disturbance: Any, late: Callable[[], None] | None = None) -> Ended:
    """An erase in a process of its own, with what `disturbed` takes."""
    session = world.session
    assert session.sandbox_home is not None
    where = (session.sandbox_endpoint, session.sandbox_home, world.twin, ERASED)
    return disturbed(*where, *disturbance, late=late)


def store_of_letters(world: World) -> str:
    host = world.twin.layout.l2
    return reached(world.session, host, "dead letters").store_name(world.twin, "letters")


def sampled(world: World, shard: tuple[int, int], cases_each: int) -> None:
    """A shard of the cases."""
    Erasable.prepared(world)
    whole = erased_apart(world)
    assert "is erased" in whole.told, whole.told
    numbers = range(1, len(whole.calls) + 1)
    assert sum([one_case(world, *case) for case in _drawn(numbers, MEANWHILE, shard, cases_each)]) > 0


def sampled_of_letters(world: World, shard: tuple[int, int], cases_each: int) -> None:
    """A shard of the cases at calls about dead letters, one of them with letters that are not given at all."""
    case, store = Erasable.prepared(world), store_of_letters(world)
    key = min(one.key for one in case.letters)
    whole = erased_apart(world, late=case.refuse_more)
    assert "is erased" in whole.told, whole.told
    assert case.traces() == [], "a letter that came in while the erase waited is left"
    case.check_other("undisturbed")
    case.check_record("undisturbed")
    numbers = [at for at, call in enumerate(whole.calls, 1) if store in call]
    reads = {call for call in whole.calls if store in call and key in call and " GET " in call}
    (about,) = {call.partition(key)[0] + key.partition("/")[0] for call in reads}
    unread = Fault("letters unread", "error_503", ALL, about)
    cases = [(unread, 1 + shard[0] % 2, MEANWHILE[0]), *_drawn(numbers, (*MEANWHILE, LATE), shard, cases_each)]
    assert sum([one_case(world, *one) for one in cases]) > 0


def _drawn(
    numbers: Sequence[int], meanwhile: Sequence[str], shard: tuple[int, int], cases_each: int
) -> list[tuple[Fault, int, str]]:
    chance = random.Random(11)
    every = [(fault, at) for at in numbers for fault in FAULTS]
    chosen = chance.sample(every, min(cases_each * shard[1], len(every)))
    return [(*case, chance.choice(meanwhile)) for case in chosen][shard[0] :: shard[1]]


@shards(24)
def test_an_erase_interrupted_at_any_call_is_finished_by_the_next_and_takes_nothing_of_another_device(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    sampled(tallied(make_world(refusing=True, **OWN)), shard, 4)


@shards(9)
def test_an_erase_interrupted_at_each_call_about_dead_letters_leaves_none_and_takes_nothing_of_another_device(
    make_world: MakeWorld, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    world = tallied(make_world(refusing=True, **OWN))
    sampled_of_letters(world, shard, 4)


@pytest.mark.parametrize("layout", LAYOUTS, ids="-".join)
@shards(8)
def test_so_it_is_on_other_clouds(
    make_layout_world: MakeWorld,
    tallied: Callable[[World], World],
    layout: tuple[str, str, str],
    shard: tuple[int, int],
) -> None:
    sampled(tallied(make_layout_world(layout, MOVERS[0], refusing=True, **OWN)), shard, 2)


@pytest.mark.parametrize("layout", LAYOUTS, ids="-".join)
@shards(4)
def test_so_it_is_with_dead_letters_on_other_clouds(
    make_layout_world: MakeWorld,
    tallied: Callable[[World], World],
    layout: tuple[str, str, str],
    shard: tuple[int, int],
) -> None:
    world = tallied(make_layout_world(layout, MOVERS[0], refusing=True, **OWN))
    sampled_of_letters(world, shard, 3)
