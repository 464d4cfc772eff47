"""The deployed archive expirer, disturbed at every call: nothing goes that is young, or that no record names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from l3kit.sandbox.faults.arranged import Action
from l3kit.session import Session
from l3kit.tiering.format.chunks import RESERVED_PREFIX, object_key
from l3kit.tiering.format.expiry import EXPIRED_PREFIX, chunks_named, deciding, record_names
from l3kit.tiering.settings.function_table import EXPIRER
from l3kit.twin.config import Twin
from tests.faults.sweep import ACTIONS, shards
from tests.faults.world import DEVICES, World, item
from tests.integration.aws.conftest import deploy, write_twin

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
DAYS = 100
"""Chunks are 120 days old, or ten: the items of `world.item` begin 120 days before its present."""
YOUNG_MINUTE = 110 * 24 * 60


@pytest.fixture(scope="module")
def expiring(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("twin")
    tuning = {"REQUEST_TIMEOUT_SECONDS": 1}
    write_twin(folder, "fx", "aws", "aws", "aws", list(DEVICES), tuning=tuning, archive_storage_size_in_days=DAYS)
    twin = Twin.load(folder)
    deploy(twin, session)
    world = World(session, twin, twin, twin)
    yield world
    world.close()


@dataclass(frozen=True, slots=True)
class Case:
    """An archive with three old chunks and a young one of each device: digests by key."""

    world: World
    due: dict[str, str]
    young: dict[str, str]

    @classmethod
    def prepared(cls, world: World) -> Case:
        world.clear()
        found: dict[bool, dict[str, str]] = {True: {}, False: {}}
        for device in DEVICES:
            for number, minute in enumerate((0, 10, 20, YOUNG_MINUTE), 1):
                body = b"[" + item(device, minute, case=world.number) + b"]"
                stamp = json.loads(body)[0]["id"]
                key, digest = object_key(device, stamp, stamp, number), hashlib.sha256(body).hexdigest()
                world.do(world.archive.create(key, body, sha256=digest, metadata={"items": "1"}))
                found[minute < YOUNG_MINUTE][key] = digest
        return cls(world, found[True], found[False])

    def check(self, what: str, *, ended: bool = False) -> None:
        """Raise unless all that is young is there, and a record names what is not; `ended`: nothing old is there."""
        self.world.tally.checks += 1
        there, named = self.world.do(self._there()), self.world.do(self._named())
        lost = self.young.keys() - there
        self.world.tally.lost += len(lost)
        assert not lost, f"{what}: young chunks went: {sorted(lost)}"
        gone = {key: digest for key, digest in self.due.items() if key not in there}
        assert gone.items() <= named.items(), f"{what}: no record names {sorted(gone.items() - named.items())}"
        assert named.keys() <= self.due.keys(), f"{what}: named as gone: {sorted(named.keys() - self.due.keys())}"
        if ended:
            assert gone == self.due == named, f"{what}: {sorted(self.due.keys() - gone)} stayed"

    async def _there(self) -> set[str]:
        return {info.key async for info in self.world.archive.list() if not info.key.startswith(RESERVED_PREFIX)}

    async def _named(self) -> dict[str, str]:
        archive = self.world.archive
        names = deciding(record_names([info.key async for info in archive.list(EXPIRED_PREFIX)]))
        chunks = [chunk for name in names for chunk in chunks_named(await archive.read(name.key))]
        return {chunk.key: str(chunk.sha256) for chunk in chunks}


def run(world: World) -> dict[str, Any]:
    return world.run(EXPIRER)  # type: ignore[arg-type]


def calls_of_a_run(world: World) -> list[str]:
    case = Case.prepared(world)
    armed = world.arm(world.name(EXPIRER))  # type: ignore[arg-type]
    report = run(world)
    calls, _ = armed.disarm()
    assert report["verdict"] == "complete", report
    case.check("undisturbed", ended=True)
    return calls


def one_fault(world: World, action: Action, at: int, call: str) -> None:
    case, what = Case.prepared(world), f"{action} at call {at} ({call})"
    armed = world.arm(world.name(EXPIRER), action, at, after=1)  # type: ignore[arg-type]
    run(world)
    if action == "deliver_again":
        armed.deliver()
    world.tally.faults += armed.disarm()[1]
    case.check(what)
    report = run(world)
    assert report.get("verdict") == "complete", f"{what}: {report}"
    case.check(what, ended=True)


@shards(24)
def test_a_fault_at_any_call_takes_nothing_young_and_nothing_that_no_record_names(
    expiring: World, tallied: Callable[[World], World], shard: tuple[int, int]
) -> None:
    world = tallied(expiring)
    calls = calls_of_a_run(world)
    cases = [(action, at, call) for at, call in enumerate(calls, 1) for action in ACTIONS if action != "partial"]
    for action, at, call in cases[shard[0] :: shard[1]]:
        one_fault(world, action, at, call)
