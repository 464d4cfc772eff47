"""The message chain in one process: every fault at every call of its functions, and in the delivery after it too.

Functions die before and after a call, calls are refused, and answers are lost. The source delivers again, as any does
that got no answer, and once more after it got one.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from tests.faults.world import Tally
from tests.support.chain import COMBINATIONS, MIXED, ChainWorld
from tests.support.dying import Fault

ALARM = {"condition": "plant.pump.v >= INTEGER(2)", "action": {"type": "function", "functionName": "alarm"}}
ANSWER = {
    "condition": "plant.pump.v >= INTEGER(2)",
    "action": {
        "type": "function",
        "functionName": "alarm",
        "feedback": {"type": "mqtt", "iotDeviceId": "sensor-2", "payload": 1},
    },
}
HOWS = ("before", "after", "lost", "refused")
DOUBLE_FAULTS = 96
"""Cases of each combination, of some ten thousand."""
Layout = tuple[str, str, str]
Events = Sequence[Mapping[str, Any]]


def survives(layout: Layout, faults: Iterable[Fault], tally: Tally, events: Events = (ALARM,)) -> None:
    """Deliver under each fault until the messages are taken, and once more; check after both."""
    for fault in faults:
        world = ChainWorld(*layout, events=events, fault=fault)
        for _ in range(2):
            world.deliver_until_taken(*MIXED)
            lost, surplus = world.amiss(MIXED)
            tally.checks += 1
            tally.lost += len(lost)
            tally.doubled += len(surplus)
            assert not lost, f"{fault}: lost {lost[:3]}"
            assert not surplus, f"{fault}: doubled or altered {surplus[:3]}"
        assert fault.struck, f"{fault}: there is no such call"
        tally.faults += fault.injected


def calls(layout: Layout, events: Events = (ALARM,)) -> int:
    """Calls of a delivery that nobody disturbs."""
    world = ChainWorld(*layout, events=events)
    world.deliver(*MIXED)
    return world.fault.calls


def single_faults(layout: Layout, events: Events = (ALARM,), hows: Sequence[str] = HOWS) -> list[Fault]:
    return [Fault(at, how) for at in range(1, calls(layout, events) + 1) for how in hows]


def double_faults(layout: Layout) -> list[Fault]:
    """A sample, chosen at random but always the same."""
    chance, count = random.Random("-".join(layout)), calls(layout)

    def one(then: Fault | None = None) -> Fault:
        return Fault(chance.randint(1, count), chance.choice(HOWS), then)

    return [one(one()) for _ in range(DOUBLE_FAULTS)]


@pytest.mark.parametrize(
    ("layout", "chosen"),
    [
        (("aws", "aws", "aws"), single_faults(("aws", "aws", "aws"), (), ("after", "refused"))),
        (("azure", "gcp", "aws"), single_faults(("azure", "gcp", "aws"), ())[::6]),
    ],
    ids=["one cloud", "three clouds"],
)
def test_a_fault_at_some_calls_loses_and_doubles_nothing(layout: Layout, chosen: Sequence[Fault], tally: Tally) -> None:
    survives(layout, chosen, tally, ())


def test_a_fault_at_some_calls_of_a_twin_with_events_loses_no_item_and_no_action(tally: Tally) -> None:
    survives(("aws", "aws", "aws"), single_faults(("aws", "aws", "aws"))[1::4], tally)


def test_a_fault_at_some_calls_of_feedback_to_another_cloud_loses_no_item_and_no_action(tally: Tally) -> None:
    layout, events = ("azure", "aws", "aws"), (ANSWER,)
    chosen = single_faults(layout, events)
    survives(layout, chosen[-12:], tally, events)


@pytest.mark.slow
@pytest.mark.parametrize("layout", COMBINATIONS, ids="-".join)
def test_a_fault_at_any_call_of_a_twin_with_feedback_loses_no_item_and_no_action(layout: Layout, tally: Tally) -> None:
    survives(layout, single_faults(layout, (ANSWER,)), tally, (ANSWER,))


@pytest.mark.slow
@pytest.mark.parametrize("layout", COMBINATIONS, ids="-".join)
def test_a_fault_at_any_call_loses_and_doubles_nothing(layout: Layout, tally: Tally) -> None:
    survives(layout, single_faults(layout), tally)


@pytest.mark.slow
@pytest.mark.parametrize("layout", COMBINATIONS, ids="-".join)
def test_a_fault_in_the_delivery_after_a_fault_loses_and_doubles_nothing(layout: Layout, tally: Tally) -> None:
    survives(layout, double_faults(layout), tally)
