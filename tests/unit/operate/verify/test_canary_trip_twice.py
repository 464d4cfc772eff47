"""Two checks of one twin at the same time: each follows its own canary and leaves the other's alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from l3kit.clouds.ports.checks import Check
from l3kit.operate.verify.way_in import WayIn
from l3kit.tiering.format.chunks import CANARY_DEVICE
from tests.support.canary_clouds import CanaryWorld
from tests.support.chain import ChainWorld, reading


@pytest.fixture
def world() -> CanaryWorld:
    digits = {"time_digits": 6}  # with whole seconds two of four canaries may draw the same time
    return CanaryWorld(ChainWorld("aws", "azure", "gcp", config=digits))


def failed(checks: list[Check]) -> list[Check]:
    return [check for check in checks if not check.passed]


class Between:
    """Runs another check of the same world, whole, at one step of the first one."""

    def __init__(self, world: CanaryWorld, at: str) -> None:
        self._world, self._at = world, at
        self._moves = world.hot_cloud._move
        self.other: list[Check] | None = None
        world.way_in = WayIn("published over MQTT", False, self._send)
        world.hot_cloud._move = self._move  # type: ignore[method-assign]

    def _send(self, message: bytes) -> None:
        self._here("before sending")
        self._world.chain.deliver(message)
        self._here("after sending")

    def _move(self, event: Mapping[str, Any]) -> dict[str, Any]:
        self._here("before moving")
        report = self._moves(event)
        self._here("after moving")
        return report

    def _here(self, step: str) -> None:
        if step == self._at and self.other is None:
            self.other = []
            self.other = self._world.trip().checks()


@pytest.mark.parametrize("step", ["before sending", "after sending", "before moving", "after moving"])
def test_a_check_within_another_disturbs_neither(world: CanaryWorld, step: str) -> None:
    world.chain.deliver(reading(1))
    before = world.chain.stored()
    between = Between(world, step)
    first = world.trip().checks()
    assert between.other
    assert failed(first) == failed(between.other) == []
    assert [check.seen for check in first if check.group == "canary"] == ["moved", "equal", "gone"]
    assert world.chain.stored() == before
    assert [place for place in world.left() if not place.startswith("cold")] == []


def test_a_canary_that_another_check_has_moved_on_has_arrived(world: CanaryWorld) -> None:
    between = Between(world, "after sending")
    trip = world.trip()
    assert failed(trip.checks()) == []
    assert between.other
    places = [one.place for one in trip.way]
    assert "hot tier" not in places
    assert (places[0], places[1], places[-1]) == ("published", "dispatcher", "cold tier")


def test_a_mover_that_is_busy_for_another_check_is_called_again(world: CanaryWorld) -> None:
    moves, calls, slept = world.hot_cloud._move, [], []

    def busy_twice(event: Mapping[str, Any]) -> dict[str, Any]:
        calls.append(event)
        if len(calls) > 2:
            return moves(event)
        skip = {"key": CANARY_DEVICE, "reason": "another run moves this device"}
        device = {"keys": [], "skipped": [skip], "remains": True}
        return {"verdict": "partial", "started": "2026-01-01T00:00:00+00:00", "devices": [device]}

    world.hot_cloud._move = busy_twice  # type: ignore[method-assign]
    assert failed(world.trip(sleep=slept.append).checks()) == []
    assert (len(calls), slept) == (3, [2.0, 2.0])


def test_two_checks_in_two_threads_disturb_neither(world: CanaryWorld) -> None:
    world.chain.deliver(reading(1))
    before = world.chain.stored()
    found: list[list[Check]] = []
    start = threading.Barrier(4)

    def check() -> None:
        trip = world.trip(sleep=lambda seconds: None)
        start.wait()
        found.append(trip.checks())

    run_all([check] * 4)
    assert [failed(checks) for checks in found] == [[]] * 4
    assert world.chain.stored() == before
    assert [place for place in world.left() if not place.startswith("cold")] == []


def run_all(works: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
