"""Every fault at every call: the cases of a sweep, cut into shards. `make test` runs the first shard of some sweeps."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from l3kit.sandbox.faults.arranged import Action
from tests.faults.world import Mover, World, counted

ACTIONS: Sequence[Action] = (
    "kill_before",
    "kill_after",
    "lose_answer",
    "cut_answer",
    "error_500",
    "error_503",
    "throttle",
    "partial",
    "silence",
    "silence_after",
    "deliver_again",
)
KILLS: Sequence[Action] = ("kill_before", "kill_after")
OTHER_FAULTS: Sequence[Action] = ("kill_before", "kill_after", "lose_answer", "error_503", "partial")


@dataclass(frozen=True, slots=True)
class Setting:
    """What is swept.

    Attributes:
        prepare: puts a case's items into an empty world and returns them.
        caller: the function whose calls are disturbed; the mover itself where None.
    """

    mover: Mover
    prepare: Callable[[World], list[bytes]]
    caller: str | None = None

    def disturbed(self, world: World) -> str:
        return self.caller or world.name(self.mover)

    def calls(self, world: World) -> list[str]:
        """The calls of a run that nobody disturbs."""
        world.clear()
        self.prepare(world)  # a first run notes which devices there are, and a device's first move asks for its numbers
        world.run(self.mover)
        world.clear()
        items = self.prepare(world)
        armed = world.arm(self.disturbed(world))
        report = world.run(self.mover)
        calls, _ = armed.disarm()
        assert report["verdict"] == "complete", report
        world.check(counted(items), "undisturbed")
        return calls


def shards(count: int) -> Any:
    """Parametrizes `shard`; all but the first are for `make test-all`."""
    return pytest.mark.parametrize(
        "shard",
        [pytest.param((n, count), id=f"{n}of{count}", marks=[pytest.mark.slow] * (n > 0)) for n in range(count)],
    )


def single_faults(world: World, setting: Setting, shard: tuple[int, int]) -> int:
    """One fault, then an ordinary run, then the check; for every call and fault of this shard. Returns: cases."""
    cases = [(action, at) for at in range(1, len(setting.calls(world)) + 1) for action in ACTIONS]
    chosen = cases[shard[0] :: shard[1]]
    for action, at in chosen:
        one_fault(world, setting, action, at)
    return len(chosen)


def one_fault(world: World, setting: Setting, action: Action, at: int) -> None:
    world.clear()
    items = setting.prepare(world)
    _disturb(world, setting, action, at)
    finish(world, setting, f"{setting.disturbed(world)}: {action} at call {at}", items)


def sampled_faults(world: World, setting: Setting, shard: tuple[int, int], cases: int) -> int:
    """`single_faults` for so many of all calls and faults, chosen at random but always the same."""
    pairs = [(action, at) for at in range(1, len(setting.calls(world)) + 1) for action in applicable(world)]
    chosen = random.Random(5).sample(pairs, min(cases, len(pairs)))[shard[0] :: shard[1]]
    for action, at in chosen:
        one_fault(world, setting, action, at)
    return len(chosen)


def sampled_double_faults(world: World, setting: Setting, shard: tuple[int, int], cases: int) -> int:
    """A kill, then a fault in the run that finishes; so many of all pairs, chosen at random but always the same."""
    length = len(setting.calls(world))
    chance = random.Random(7)
    faults = [action for action in OTHER_FAULTS if action in applicable(world)]
    for number in range(cases):
        kill, first = chance.choice(KILLS), chance.randint(1, length)
        action, second = chance.choice(faults), chance.randint(1, length)
        if number % shard[1] == shard[0]:
            two_faults(world, setting, (kill, first), (action, second))
    return cases


def applicable(world: World) -> list[Action]:
    """`partial` is DynamoDB's alone: no other store leaves a part of a batch undone and says so.

    Calls of Google Cloud are not delivered twice by the sandbox.
    """
    clouds = {world.twin.layout.tier(tier) for tier in ("hot", "cold", "archive")}
    left_out = set() if world.twin.layout.hot == "aws" else {"partial"}
    left_out |= {"deliver_again"} if "gcp" in clouds else set()
    return [action for action in ACTIONS if action not in left_out]


def double_faults(world: World, setting: Setting, shard: tuple[int, int]) -> int:
    """A run is killed, the run that finishes its work is disturbed as well; then an ordinary run and the check.

    Of all pairs of calls and faults a sixth is taken, chosen at random but always the same.
    """
    length = len(setting.calls(world))
    cases = [
        (kill, first, action, second)
        for first in range(1, length + 1)
        for second in range(1, length + 1)
        for kill in KILLS
        for action in OTHER_FAULTS
    ]
    chosen = random.Random(3).sample(cases, len(cases) // 6)[shard[0] :: shard[1]]
    for kill, first, action, second in chosen:
        two_faults(world, setting, (kill, first), (action, second))
    return len(chosen)


def two_faults(world: World, setting: Setting, first: tuple[Action, int], second: tuple[Action, int]) -> None:
    world.clear()
    items = setting.prepare(world)
    _disturb(world, setting, *first)
    world.free()
    _disturb(world, setting, *second)
    what = f"{setting.disturbed(world)}: {first[0]} at call {first[1]}, then {second[0]} at call {second[1]}"
    finish(world, setting, what, items)


def _disturb(world: World, setting: Setting, action: Action, at: int) -> None:
    armed = world.arm(setting.disturbed(world), action, at, after=1)
    world.run(setting.mover)
    if action == "deliver_again":  # it may have been the run's last call
        armed.deliver()
    _, fired = armed.disarm()
    world.tally.faults += fired


def finish(world: World, setting: Setting, what: str, items: Sequence[bytes]) -> None:
    """An ordinary run: complete, every item once; for the hot-to-cold mover nothing old is left in the hot tier."""
    world.free()
    report = world.run(setting.mover)
    assert report.get("verdict") == "complete", f"{what}: {report}"
    world.check(counted(items), what)
    if setting.mover == "hot-to-cold-mover":
        assert world.hot_count() == 0, f"{what}: items were left in the hot tier"


def moments(calls: Sequence[str]) -> Iterator[tuple[Action, int, str]]:
    """Before and after each call, with what the call is."""
    for at, call in enumerate(calls, 1):
        yield "pause_before", at, call
        yield "pause_after", at, call
