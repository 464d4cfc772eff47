"""Movers and writers on Azure and Google Cloud: faults at their calls, runs at once, items rewritten meanwhile.

Each hot store in one cloud, and each kind of border: a writer on AWS, on Azure, on Google Cloud. Of calls and faults
a sample is taken, chosen at random but always the same: a process there takes seconds to start.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.faults.conftest import MakeWorld
from tests.faults.prepared import few, few_chunks
from tests.faults.rewrites import MOVE, PATIENT, survives_a_rewrite
from tests.faults.sweep import Setting, applicable, moments, sampled_double_faults, sampled_faults, shards
from tests.faults.test_runs_at_once import at_once
from tests.faults.world import DEVICES, Mover, World, counted, item

pytestmark = pytest.mark.sandbox
HOT: Mover = "hot-to-cold-mover"
ARCHIVE: Mover = "cold-to-archive-mover"
Layout = tuple[str, str, str]
CASES = 24
GCP: Layout = ("gcp", "gcp", "gcp")
"""The one of `make test`: its processes start fastest."""
HOT_LAYOUTS: list[Layout] = [
    ("azure", "azure", "azure"),
    GCP,
    ("azure", "gcp", "gcp"),
    ("gcp", "azure", "azure"),
    ("azure", "aws", "aws"),
    ("aws", "gcp", "azure"),
]
ARCHIVE_LAYOUTS: list[Layout] = [
    ("azure", "azure", "azure"),
    GCP,
    ("aws", "gcp", "azure"),
    ("azure", "azure", "gcp"),
    ("gcp", "gcp", "aws"),
]
WITH_WRITERS = [layout for layout in HOT_LAYOUTS if layout[0] != layout[1]]


def of_layouts(layouts: Sequence[Layout], fast: Sequence[Layout] = ()) -> Any:
    """Parametrizes `layout`; all but the `fast` ones are for `make test-all`."""
    marks = {one: [] if one in fast else [pytest.mark.slow] for one in layouts}
    return pytest.mark.parametrize("layout", [pytest.param(one, id="-".join(one), marks=marks[one]) for one in layouts])


def settings(mover: Mover) -> Setting:
    return Setting(mover, few if mover == HOT else few_chunks)


@of_layouts(HOT_LAYOUTS)
@shards(12)
def test_a_fault_at_the_hot_mover_loses_and_doubles_nothing(
    make_layout_world: MakeWorld, tallied: Callable[[World], World], layout: Layout, shard: tuple[int, int]
) -> None:
    assert sampled_faults(tallied(make_layout_world(layout, HOT)), settings(HOT), shard, CASES) > 0


@of_layouts(ARCHIVE_LAYOUTS, fast=[GCP])
@shards(24)
def test_a_fault_at_the_archive_mover_loses_and_doubles_nothing(
    make_layout_world: MakeWorld, tallied: Callable[[World], World], layout: Layout, shard: tuple[int, int]
) -> None:
    assert sampled_faults(tallied(make_layout_world(layout, ARCHIVE)), settings(ARCHIVE), shard, CASES) > 0


@of_layouts(WITH_WRITERS)
@shards(12)
def test_a_fault_at_the_cold_writer_loses_and_doubles_nothing(
    make_layout_world: MakeWorld, tallied: Callable[[World], World], layout: Layout, shard: tuple[int, int]
) -> None:
    world = tallied(make_layout_world(layout, HOT))
    assert sampled_faults(world, Setting(HOT, few, world.writer), shard, CASES // 2) > 0


@pytest.mark.slow
@pytest.mark.parametrize("mover", [HOT, ARCHIVE])
@shards(4)
def test_a_fault_on_a_signed_link_loses_and_doubles_nothing(
    make_layout_world: MakeWorld, tallied: Callable[[World], World], mover: Mover, shard: tuple[int, int]
) -> None:
    """At the mover and at its writer; a request whose answer was lost is signed anew."""
    world = tallied(make_layout_world(("aws", "gcp", "azure"), mover, "signature"))
    assert sampled_faults(world, settings(mover), shard, CASES // 2) > 0
    prepare = few if mover == HOT else few_chunks
    assert sampled_faults(world, Setting(mover, prepare, world.writer), shard, CASES // 2) > 0


@of_layouts(HOT_LAYOUTS[:4], fast=[GCP])
@shards(12)
def test_a_fault_in_the_run_that_finishes_anothers_work_loses_and_doubles_nothing(
    make_layout_world: MakeWorld, tallied: Callable[[World], World], layout: Layout, shard: tuple[int, int]
) -> None:
    assert sampled_double_faults(tallied(make_layout_world(layout, HOT)), settings(HOT), shard, CASES // 2) > 0


@of_layouts(HOT_LAYOUTS[:4])
@shards(12)
def test_runs_started_together_lose_and_double_nothing(
    make_layout_world: MakeWorld, tallied: Callable[[World], World], layout: Layout, shard: tuple[int, int]
) -> None:
    for mover in (HOT, ARCHIVE):
        world = tallied(make_layout_world(layout, mover, REQUEST_TIMEOUT_SECONDS=30))
        for seed in range(shard[0], 12, shard[1]):
            world.clear()
            items = settings(mover).prepare(world)
            reports = at_once(world, [mover] * 3, seed)
            assert all("verdict" in report for report in reports), f"seed {seed}: {reports}"
            assert world.run(mover)["verdict"] == "complete"
            world.check(counted(items), f"{layout} {mover} seed {seed}: 3 runs at once, then a quiet one")


@of_layouts(HOT_LAYOUTS, fast=[GCP])
@shards(6)
def test_anything_in_any_order_loses_and_doubles_nothing(
    make_layout_world: MakeWorld, tallied: Callable[[World], World], layout: Layout, shard: tuple[int, int]
) -> None:
    """Late items, runs and faults of both movers, drawn by a seed; then quiet runs, and every item is there once."""
    hot, archive = tallied(make_layout_world(layout, HOT)), tallied(make_layout_world(layout, ARCHIVE))
    for seed in range(shard[0], 6, shard[1]):
        chance = random.Random(f"{layout} {seed}")
        hot.clear()
        items: list[bytes] = []
        told = []
        for _ in range(9):
            step = chance.choice(["put", "put", HOT, ARCHIVE, "disturbed", "disturbed"])
            if step == "put":
                items += put_late(hot, chance, len(items))
            elif step == "disturbed":
                told.append(disturb(chance, *chance.choice([(hot, HOT), (archive, ARCHIVE)])))
            else:
                hot.run(step)  # type: ignore[arg-type]
        for mover in (HOT, ARCHIVE, HOT, ARCHIVE):
            hot.free()
            assert hot.run(mover)["verdict"] == "complete", f"{layout} seed {seed}: {told}"
        hot.check(counted(items), f"{layout} seed {seed}: {told}")
        assert hot.hot_count() == 0


def put_late(world: World, chance: random.Random, number: int) -> list[bytes]:
    """Items at times of their own, in no order: some are older than what has been moved."""
    device = chance.choice(DEVICES)
    minutes = chance.sample(range(10_000), 5)
    new = [item(device, minute, case=world.number, serial=number + n) for n, minute in enumerate(minutes)]
    world.put(new)
    return new


def disturb(chance: random.Random, world: World, mover: Mover) -> str:
    action, at = chance.choice(applicable(world)), chance.randint(1, 25)
    armed = world.arm(world.name(mover), action, at)
    world.run(mover)
    world.tally.faults += armed.disarm()[1]
    world.free()
    return f"{mover} {action} at {at}"


@of_layouts(HOT_LAYOUTS[:2])
@shards(6)
def test_an_item_rewritten_while_it_is_moved_survives_in_its_last_version(
    make_layout_world: MakeWorld, tallied: Callable[[World], World], layout: Layout, shard: tuple[int, int]
) -> None:
    """Every moment, the one right before a delete takes effect among them: these stores delete by version."""
    world = tallied(make_layout_world(layout, HOT, **PATIENT))
    calls = MOVE.calls(world)
    cases = list(moments(calls))
    last = [case for case in cases if case[0] == "pause_before" and is_delete(case[2])]
    assert last, calls
    others = [case for case in cases if case not in last]
    for case in (last + others)[shard[0] :: shard[1]]:
        survives_a_rewrite(world, *case)


def is_delete(call: str) -> bool:
    """Of items, in this hot store's words."""
    return call.startswith(("cosmos BATCH", "firestore BatchWrite"))
