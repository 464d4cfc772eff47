"""A fault at any call of creating and replacing items: each is there once with the right content in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from l3kit.conformance.hot_creates import exact, stored
from l3kit.conformance.hot_items import item
from l3kit.sandbox import SandboxState
from l3kit.tiering.ports import Created, Held, HotStore
from tests.faults.hot_faults import ACTIONS, Action, Crash, Fault, Open, new_place
from tests.faults.world import Tally

pytestmark = pytest.mark.sandbox
ROUNDS = 3
SHARDS = {"aws": 12, "azure": 24, "gcp": 6}
"""Tests that a cloud's cases are cut into; the first of each is in `make test`."""
Content = dict[str, dict[str, Any]]
"""Items by device and time."""
OLD = [item("same", v="new"), item("other", v="old", more=True), item("other", "e", v="old")]
"""What is there before."""
LONG_NAMES = {f"attribute {n:03d} {'x' * 100}": n for n in range(100)}
NEW = [
    *(item(f"{n:03d}", v="new") for n in range(30)),
    *(item(name, device, v="new") for name, device in (("same", "d"), ("other", "d"), ("other", "e"), ("free", "e"))),
    item("long", "e", **LONG_NAMES),
]


def by_device(items: Sequence[bytes]) -> Content:
    found: Content = {"d": {}, "e": {}}
    for one in map(exact, items):
        found[one["iotDeviceId"]][one["id"]] = one
    return found


async def write(store: HotStore, replaced: list[bytes]) -> None:
    """Write the items as the product does: each where its key is free, else in the place of what was told before."""
    pending: Sequence[bytes] = NEW
    for _ in range(ROUNDS):
        outcomes = await store.create_items(pending)
        assert all(isinstance(outcome, Created | Held) for outcome in outcomes)
        held = [(one, found) for one, found in zip(pending, outcomes, strict=True) if isinstance(found, Held)]
        others = [(one, found) for one, found in held if exact(found.item) != exact(one)]
        replaced += [found.item for _, found in others]
        pending = [one for one, found in others if not await store.replace_item(one, found)]
        if not pending:
            return
    raise AssertionError(f"{len(pending)} items were not written")


def amiss(found: Content, wanted: Content) -> tuple[list[str], list[str]]:
    """The items that are not as they should be: those that are lost, and those that are there and should not be."""

    def those(some: Content, others: Content) -> list[str]:
        return [
            f"{device} {name}"
            for device, items in some.items()
            for name, one in items.items()
            if others[device].get(name) != one
        ]

    return those(wanted, found), those(found, wanted)


async def disturbed(open_store: Open, action: Action, at: int, tally: Tally) -> int:
    """Write with a fault at one call, again after a crash, and check. Returns: the number of calls."""
    calm = open_store(Fault())
    fault = Fault(action, at)
    store = open_store(fault)
    replaced: list[bytes] = []
    try:
        for device in "de":
            await calm.put_items(device, [one for one in OLD if exact(one)["iotDeviceId"] == device])
        try:
            await write(store, replaced)
        except Crash:
            await write(calm, replaced)
        there = {device: await stored(calm, device) for device in "de"}
    finally:
        await store.close()
        await calm.close()
    assert fault.calls >= at, f"there is no call {at}"
    tally.faults += at > 0
    for kind, found, wanted in (("there", there, NEW), ("told as replaced", by_device(replaced), OLD[1:])):
        lost, surplus = amiss(found, by_device(wanted))
        tally.checks += 1
        tally.lost += len(lost)
        tally.doubled += len(surplus)
        what = f"{action} at call {at}: not {kind}: {lost[:3]}, {kind}, altered or for nothing: {surplus[:3]}"
        assert not lost, what
        assert not surplus, what
    return fault.calls


def _cases() -> Iterator[Any]:
    for cloud, count in SHARDS.items():
        for n in range(count):
            yield pytest.param(cloud, (n, count), id=f"{cloud} {n}of{count}", marks=[pytest.mark.slow] * (n > 0))


@pytest.mark.parametrize(("cloud", "shard"), [*_cases()])
def test_a_fault_at_any_call_leaves_each_item_once_with_its_content_and_tells_what_it_replaced(
    all_clouds: SandboxState, aws: Callable[[str], Any], cloud: str, shard: tuple[int, int], tally: Tally
) -> None:
    async def steps() -> None:
        calls = await disturbed(new_place(cloud, all_clouds, aws), "none", 0, tally)
        cases = [(action, at) for at in range(1, calls + 1) for action in ACTIONS][shard[0] :: shard[1]]
        assert cases
        for action, at in cases:
            await disturbed(new_place(cloud, all_clouds, aws), action, at, tally)

    asyncio.run(steps())
