"""Items rewritten in every way while they are moved, and the check that no version is lost or doubled."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from l3kit.sandbox.faults.arranged import Action, ArmedFault
from tests.faults.sweep import Setting
from tests.faults.world import DEVICES, World, counted, item

ORDERED = {"MAX_CHUNK_BYTES": 2400, "DEVICE_CONCURRENCY": 1}
"""Two chunks of 30 items, each deleted by a single batch, one device after the other: all calls come in one order."""
PATIENT = {**ORDERED, "REQUEST_TIMEOUT_SECONDS": 30}
COUNT = 30
CHANGED, REMOVED, GAINED, ANEW = (0, 11, COUNT - 1), (1, 12, COUNT - 2), (2, 13, COUNT - 3), (3, 14, COUNT - 4)
"""Minutes of the items rewritten in each way: three each, of both chunks."""


def one_device(world: World) -> list[bytes]:
    items = [reading(world, minute, unit="C") for minute in range(COUNT)]
    world.put(items)
    return items


MOVE = Setting("hot-to-cold-mover", one_device)


def reading(world: World, minute: int, **more: Any) -> bytes:
    return item(DEVICES[0], minute, case=world.number, **more)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What somebody else writes while a run is held.

    Attributes:
        changed, removed, gained: versions with another value, without an attribute, with one more.
        anew: items that are deleted and put anew as they were.
    """

    changed: Sequence[bytes]
    removed: Sequence[bytes]
    gained: Sequence[bytes]
    anew: Sequence[bytes]

    @classmethod
    def of(cls, world: World) -> Rewrite:
        return cls(
            [reading(world, minute, unit="F") for minute in CHANGED],
            [reading(world, minute) for minute in REMOVED],
            [reading(world, minute, unit="C", zz_more=1) for minute in GAINED],
            [reading(world, minute, unit="C") for minute in ANEW],
        )

    @property
    def new(self) -> list[bytes]:
        return [*self.changed, *self.removed, *self.gained]

    def happen(self, world: World) -> None:
        for one in self.anew:
            world.do(delete(world, json.loads(one)["id"]))
        world.put([*self.new, *self.anew])

    def check(self, world: World, items: Sequence[bytes], what: str, lost: Sequence[bytes] = ()) -> None:
        """Every version is there once; of the old ones those that had been moved before.

        Args:
            lost: versions that must be gone.
        """
        check_rewritten(world, items, self.new, what, anew=self.anew, lost=lost)


async def delete(world: World, stamp: str) -> None:
    page = await world.hot.read_page(DEVICES[0], since=stamp, before=stamp + "\x00")
    if page.sort_keys:
        await world.hot.delete_page(page, page.sort_keys)


def check_rewritten(
    world: World,
    items: Sequence[bytes],
    new: Sequence[bytes],
    what: str,
    *,
    anew: Sequence[bytes] = (),
    lost: Sequence[bytes] = (),
) -> None:
    """The new versions are there once each, but for `lost`; of the old ones only those that had been moved before.

    What was put anew as it was has been written twice: it is there once, or twice where it had been moved before.
    """
    rewritten = {json.loads(one)["id"] for one in new}
    olds = counted([one for one in items if json.loads(one)["id"] in rewritten])
    rest = counted([one for one in items if json.loads(one)["id"] not in rewritten])
    found = world.everywhere()
    twice = Counter({text: 1 for text in counted(anew) if found[text] == 2})
    world.check(rest + counted(new) - counted(lost) + twice + (found & olds), what)
    world.tally.gap += len(lost)


def hold(
    world: World, setting: Setting, action: Action, at: int, happening: Callable[[ArmedFault], None], **more: Any
) -> tuple[dict[str, Any], list[str]]:
    """Run the mover, hold it at a call, let something happen that lets it go on. Returns: its report, its calls."""
    armed = world.arm(setting.disturbed(world), action, at, **more)
    outcome = world.start(setting.mover)
    assert armed.wait_until_held(), f"{action} at {at}: {armed.calls()}"
    happening(armed)
    report = outcome.result()
    calls, fired = armed.disarm()
    world.tally.faults += fired
    return report, calls


def held(world: World, setting: Setting, action: Action, at: int, happening: Callable[[], None]) -> dict[str, Any]:
    """`hold` for what does not care how it goes on. Returns: the report."""

    def then_go_on(armed: ArmedFault) -> None:
        happening()
        armed.go_on()

    return hold(world, setting, action, at, then_go_on)[0]


def survives_a_rewrite(world: World, action: Action, at: int, call: str) -> None:
    """Hold the mover at this call, rewrite items in every way, let it go on; all versions end where they must be."""
    world.clear()
    items = one_device(world)
    rewrite = Rewrite.of(world)
    held(world, MOVE, action, at, lambda: rewrite.happen(world))
    assert world.run(MOVE.mover)["verdict"] == "complete"
    rewrite.check(world, items, f"rewritten at {action} {at} ({call})")
    assert world.hot_count() == 0
