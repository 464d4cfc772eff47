"""How long the oldest thing that a run saw and left has been due."""

from __future__ import annotations

from typing import Any

import pytest

from l3kit.errors import StoreError
from l3kit.tiering.settings.tuning import Tuning
from tests.support import archiving
from tests.support.archiving import key_of, put
from tests.support.moving import Instead, World, item, readings
from tests.unit.tiering.movers.test_pausing import paused

OLDEST = 29.0
"""Days by which the world's first item, of January 1st, is over its 30 days on March 1st."""


def test_a_run_that_moves_everything_has_no_lag_however_old_it_was() -> None:
    world = World()
    world.put("a", *readings("a", 60))
    report = world.move("a")
    assert (report.verdict, report.lag_days, report.to_json()["lag_days"]) == ("complete", 0.0, 0.0)
    assert world.move("a").lag_days == 0.0


async def refuse(create: Any, *_: Any, **__: Any) -> Any:
    raise StoreError("cold", "access denied", "Apply the twin again")


def test_what_a_failed_device_could_not_store_has_the_lag_of_its_oldest_item() -> None:
    world = World()
    world.put("a", *readings("a", 60))
    report = world.move("a", cold=Instead(world.cold, "create", refuse))
    assert report.verdict == "failed"
    assert report.lag_days == pytest.approx(OLDEST, abs=0.01)


def test_what_was_moved_before_the_deadline_does_not_count() -> None:
    world = World()
    world.put("a", *(item("a", minute) for minute in range(0, 40 * 1440, 720)))
    left = iter([900.0] * 4 + [-1000.0] * 10_000)
    report = world.move("a", remaining=lambda: next(left), tuning=Tuning(1024, device_concurrency=1))
    assert (report.verdict, report.devices[0].items > 0) == ("deadline", True)
    assert report.lag_days is not None
    assert 0 < report.lag_days < OLDEST - 1


def test_what_the_run_did_not_see_has_no_lag_that_can_be_told() -> None:
    world = World()
    world.put("a", *readings("a", 10))

    async def broken(read_page: Any, *_: Any, **__: Any) -> Any:
        raise StoreError("hot", "throttled", "Wait")

    report = world.move("a", hot=Instead(world.hot, "read_page", broken))
    assert (report.verdict, report.lag_days) == ("failed", None)


def test_a_paused_device_lags_for_no_fault() -> None:
    world = World()
    world.put("a", *readings("a", 10))
    paused(world, "a")
    assert world.move("a").lag_days == 0.0
    paused(world, None)
    assert world.move("a").lag_days == 0.0


def test_an_object_that_cannot_be_archived_has_the_lag_of_its_data() -> None:
    world = archiving.World()
    put(world.cold, key_of(100))
    report = world.run(tuning=Tuning(max_safe_object_size=1))
    assert (report.verdict, report.lag_days) == ("failed", 10.0)
    assert world.run().lag_days == 0.0


def test_an_object_that_a_run_did_not_reach_in_time_has_the_lag_of_its_data() -> None:
    world = archiving.World()
    for number in range(50):
        put(world.cold, key_of(100 + number / 10, number=number))
    left = iter(range(30, -1000, -1))
    report = world.run(remaining=lambda: float(next(left)))
    assert report.verdict == "deadline"
    assert report.lag_days
