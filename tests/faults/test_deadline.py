"""The runtime's deadline: a deployed mover with a short time limit stops cleanly, and the next runs carry on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from l3kit.tiering.movers.pace import RESERVE_SECONDS
from tests.faults.conftest import MakeWorld
from tests.faults.world import DEVICES, Mover, World, counted
from tests.support.accounts import aws_of

pytestmark = pytest.mark.sandbox
SECONDS = int(RESERVE_SECONDS) + 2
"""Two seconds to move in: enough for a chunk on a busy machine; a delay at every call makes them too short for all."""


@pytest.fixture
def hurried(make_world: MakeWorld) -> Iterator[World]:
    world = make_world(MAX_CHUNK_BYTES=1024, REQUEST_TIMEOUT_SECONDS=30, DEVICE_CONCURRENCY=1)
    client = aws_of(world.session).client("lambda")
    movers: tuple[Mover, ...] = ("hot-to-cold-mover", "cold-to-archive-mover")
    before = {name: client.get_function_configuration(FunctionName=name)["Timeout"] for name in map(world.name, movers)}
    for name in before:
        client.update_function_configuration(FunctionName=name, Timeout=SECONDS)
    yield world
    for name, seconds in before.items():
        client.update_function_configuration(FunctionName=name, Timeout=seconds)


@pytest.mark.slow
def test_runs_with_a_short_deadline_end_cleanly_and_move_everything_in_the_end(
    hurried: World, tallied: Callable[[World], World]
) -> None:
    world = tallied(hurried)
    world.clear()
    items = world.items(30, 30)
    world.put(items)
    reached: set[str] = set()
    verdicts = []
    for _ in range(30):
        armed = world.arm(world.name("hot-to-cold-mover"), "delay", milliseconds=120)
        report = world.run("hot-to-cold-mover")
        armed.disarm()
        verdicts.append(report["verdict"])
        assert report["seconds"] < SECONDS
        reached |= {device["device_id"] for device in report["devices"] if device["chunks"]}
        world.check(counted(items), f"run {len(verdicts)}, stopped by its deadline")
        if report["verdict"] == "complete":
            break
        assert report["verdict"] == "deadline", report
        assert any(device["remains"] for device in report["devices"])
        if len(verdicts) == 2:
            assert reached == set(DEVICES), "every device gets its turn"
    assert (verdicts[0], verdicts[-1]) == ("deadline", "complete")
    assert world.hot_count() == 0


@pytest.mark.slow
def test_an_archive_run_with_a_short_deadline_says_what_remains_and_the_next_carries_on(
    hurried: World, tallied: Callable[[World], World]
) -> None:
    world = tallied(hurried)
    world.clear()
    items = world.items(60, 60)
    world.put_chunks(items, max_bytes=512)
    verdicts = []
    for _ in range(30):
        armed = world.arm(world.name("cold-to-archive-mover"), "delay", milliseconds=400)
        report = world.run("cold-to-archive-mover")
        armed.disarm()
        verdicts.append(report["verdict"])
        world.check(counted(items), f"run {len(verdicts)}, stopped by its deadline")
        if report["verdict"] == "complete":
            break
        assert any(device["remains"] for device in report["devices"])
    assert (verdicts[0], verdicts[-1]) == ("deadline", "complete")
