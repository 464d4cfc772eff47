"""Audits of tiers from which a device was erased, or is being erased: its record is l3kit's own, nothing is missing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from l3kit.operate.erase.record import EraseRecord, unfinished
from tests.support.audited import AuditedWorld
from tests.support.moving import START

ODD = "a/b %"


@pytest.fixture
def world(tmp_path: Path) -> AuditedWorld:
    return AuditedWorld(tmp_path).fill()


def begin(world: AuditedWorld, device: str) -> EraseRecord:
    record = EraseRecord(world.archive, device, START)
    asyncio.run(record.begin({}, None))
    return record


def test_the_record_of_an_erase_is_no_fault(world: AuditedWorld) -> None:
    asyncio.run(begin(world, "gone").finish({}))
    report = world.audit()
    assert (report.faults, report.complete) == ((), True)


@pytest.mark.parametrize("options", [{}, {"device": "JFK"}], ids=["all devices", "that one"])
def test_what_an_interrupted_erase_has_deleted_is_told_as_such_and_no_fault(
    world: AuditedWorld, options: dict[str, str]
) -> None:
    record = begin(world, "JFK")
    first, *_, last = world.keys("JFK")
    for key in (first, last):
        del world.store_of(key).objects[key]
    report = world.audit(**options)
    assert (report.faults, report.complete) == ((), False)
    (gap,) = report.gaps
    assert (gap.what, gap.remedy) == ("device JFK", "l3kit erase JFK again completes that")
    asyncio.run(record.finish({}))
    assert {fault.kind for fault in world.audit(**options).faults} == {"missing"}, "the journal still counts them"


def test_an_object_that_was_changed_is_a_fault_also_during_an_erase(world: AuditedWorld) -> None:
    begin(world, "JFK")
    key = world.keys("JFK")[0]
    world.overwrite(key, b"[]", told=False)
    assert ("digest", key) in [(fault.kind, fault.key) for fault in world.audit().faults]


def test_an_erase_is_unfinished_until_its_own_record_is_closed(world: AuditedWorld) -> None:
    begin(world, "JFK")
    asyncio.run(begin(world, ODD).finish({}))
    assert unfinished(world.archive.objects) == {"JFK"}
    later = EraseRecord(world.archive, ODD, START.replace(year=2030))
    asyncio.run(later.begin({}, None))
    assert unfinished(world.archive.objects) == {"JFK", ODD}
