"""Several runs of the deployed movers at once, held up at random, and the two movers in turn after a crash."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.faults.conftest import MakeWorld
from tests.faults.prepared import three_chunks
from tests.faults.rewrites import check_rewritten
from tests.faults.sweep import KILLS, Setting, shards
from tests.faults.world import DEVICES, Mover, World, counted, item

pytestmark = pytest.mark.sandbox
HOT: Mover = "hot-to-cold-mover"
ARCHIVE: Mover = "cold-to-archive-mover"
PATIENT = {"REQUEST_TIMEOUT_SECONDS": 30}
QUIET_RUNS = 2


def at_once(world: World, movers: Sequence[Mover], seed: int) -> list[dict[str, Any]]:
    """Start these runs together, each call and answer held up by up to 40 ms; wait for all."""
    armed = [world.arm(world.name(mover), "delay", seed=seed, milliseconds=40) for mover in set(movers)]
    reports = [outcome.result() for outcome in [world.start(mover) for mover in movers]]
    for one in armed:
        one.disarm()
    return reports


@pytest.mark.slow  # `test_other_clouds` has runs at once in `make test`
@pytest.mark.parametrize("runs", [2, 5])
@shards(60)
def test_runs_started_together_lose_and_double_nothing(
    make_world: MakeWorld, tallied: Callable[[World], World], runs: int, shard: tuple[int, int]
) -> None:
    world = tallied(make_world(**PATIENT))
    for seed in range(shard[0], 120, shard[1]):
        world.clear()
        items = three_chunks(world)
        reports = at_once(world, [HOT] * runs, seed)
        assert all("verdict" in report for report in reports), f"seed {seed}: {reports}"
        world.check(counted(items), f"seed {seed}: {runs} runs at once")
        assert world.run(HOT)["verdict"] == "complete"
        world.check(counted(items), f"seed {seed}: {runs} runs at once, then a quiet one")
        assert world.hot_count() == 0, f"seed {seed}"


@pytest.mark.slow
@pytest.mark.parametrize("runs", [pytest.param(2, marks=pytest.mark.slow), 5])
@shards(40)
def test_archive_runs_started_together_lose_and_double_nothing(
    make_world: MakeWorld, tallied: Callable[[World], World], runs: int, shard: tuple[int, int]
) -> None:
    world = tallied(make_world(**PATIENT))
    for seed in range(shard[0], 120, shard[1]):
        world.clear()
        items = world.items(60, 20)
        world.put_chunks(items)
        reports = at_once(world, [ARCHIVE] * runs, seed)
        assert all("verdict" in report for report in reports), f"seed {seed}: {reports}"
        assert world.run(ARCHIVE)["verdict"] == "complete"
        world.check(counted(items), f"seed {seed}: {runs} archive runs at once, then a quiet one")


@pytest.mark.parametrize(
    "border", ["same", *(pytest.param(border, marks=pytest.mark.slow) for border in ("cold", "archive"))]
)
@shards(60)
def test_both_movers_at_once_lose_and_double_nothing(
    make_world: MakeWorld, tallied: Callable[[World], World], border: str, shard: tuple[int, int]
) -> None:
    world = tallied(make_world(border, **PATIENT))
    movers: list[Mover] = [HOT, HOT] if border == "cold" else [HOT, ARCHIVE, HOT, ARCHIVE]
    for seed in range(shard[0], 60, shard[1]):
        world.clear()
        items = three_chunks(world)
        at_once(world, movers, seed)
        quiet(world, border)
        world.check(counted(items), f"seed {seed}: both movers at once")


def quiet(world: World, border: str) -> None:
    for _ in range(QUIET_RUNS):
        world.free()
        assert world.run(HOT)["verdict"] == "complete"
        if border != "cold":  # there the archive mover belongs to the other twin
            assert world.run(ARCHIVE)["verdict"] == "complete"


@pytest.mark.slow
@pytest.mark.parametrize("rewritten", [pytest.param(False, marks=pytest.mark.slow), True])
@shards(12)
def test_a_chunk_that_is_archived_before_its_dead_run_is_finished_is_not_moved_again(
    make_world: MakeWorld, tallied: Callable[[World], World], rewritten: bool, shard: tuple[int, int]
) -> None:
    world = tallied(make_world(**PATIENT))
    calls = Setting(HOT, three_chunks).calls(world)
    cases = [(kill, at) for at in range(1, len(calls) + 1) for kill in KILLS]
    for kill, at in cases[shard[0] :: shard[1]]:
        world.clear()
        items = three_chunks(world)
        armed = world.arm(world.name(HOT), kill, at)
        world.run(HOT)
        world.tally.faults += armed.disarm()[1]
        assert world.run(ARCHIVE)["verdict"] == "complete"
        new = [item(DEVICES[0], n, case=world.number, rewritten=True) for n in (0, 59)] if rewritten else []
        world.do(world.hot.put_items(DEVICES[0], new))
        quiet(world, "same")
        what = f"{kill} at call {at} ({calls[at - 1]}), archived, {json.dumps(rewritten)}"
        check_rewritten(world, items, new, what)
        assert world.hot_count() == 0, what
