"""Audits of tiers from which chunks have expired: nothing of them is missing, and everything else still is."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from l3kit.errors import StoreError
from l3kit.operate.audit.auditing import AuditStoppedError
from l3kit.operate.tier_stores import TierStores
from l3kit.tiering.format.expiry import EXPIRED_PREFIX
from l3kit.tiering.movers.archive_expirer import ArchiveExpirer
from tests.support.audited import DEVICES, AuditedWorld
from tests.support.dying import Fault, Process
from tests.support.moving import START, Dead, Instead

DAYS = 365
FIRST_TWO = 33
"""Minutes of readings in the first two chunks of a device."""


@pytest.fixture
def world(tmp_path: Path) -> AuditedWorld:
    return AuditedWorld(tmp_path).fill()


def expire(world: AuditedWorld, minutes: int = 60, archive: object = None) -> None:
    """Run the expirer for what ends before this minute."""
    now = START + timedelta(days=DAYS, minutes=minutes)
    job = ArchiveExpirer(
        archive=archive or world.archive,  # type: ignore[arg-type]
        now=now,
        archive_days=DAYS,
        run_id=f"expiry-{minutes}",
        clock=lambda: now,
        remaining=lambda: 900.0,
    )
    asyncio.run(job.run())
    world.archive.restored.update(world.archive.objects)


def test_chunks_that_have_expired_are_not_missing_and_their_counts_are_in_the_totals(world: AuditedWorld) -> None:
    archived = [key for key in world.archive.objects if not key.startswith("_l3kit/")]
    expire(world)
    assert not any(key in world.archive.objects for key in archived)
    report = world.audit()
    assert (report.fault_count, report.gaps) == (0, ())
    assert f"{len(archived)} chunks have expired, by the records in the archive tier" in report.notes
    assert report.devices == len(DEVICES)


def test_some_of_a_devices_chunks_may_have_expired(world: AuditedWorld) -> None:
    expire(world, FIRST_TWO // 2 + 2)
    assert 0 < len([key for key in world.archive.objects if not key.startswith("_l3kit/")]) < 2 * len(DEVICES)
    assert world.audit().fault_count == 0


def test_a_chunk_that_went_without_a_record_is_missing_beside_expired_ones(world: AuditedWorld) -> None:
    first, second, *_ = world.keys("JFK")
    expire(world, FIRST_TWO // 2 + 2)
    assert first not in world.archive.objects
    del world.archive.objects[second]
    report = world.audit()
    assert {fault.kind for fault in report.faults} == {"missing"}
    assert report.fault_count == 1


def test_items_that_are_lost_are_told_by_the_totals_though_others_have_expired(world: AuditedWorld) -> None:
    expire(world, FIRST_TWO // 2 + 2)
    key = world.keys("LGA")[-1]
    items = world.items(key)
    world.rewrite(key, [items[0], *items[2:]], items=str(len(items) - 1))
    assert [fault.kind for fault in world.audit().faults] == ["totals"]


@pytest.mark.parametrize("at", range(8, 30, 3))
def test_a_run_that_died_at_any_call_leaves_books_that_agree(world: AuditedWorld, at: int) -> None:
    with contextlib.suppress(Dead):
        expire(world, archive=Process(Fault(at, "after")).guarded(world.archive, StoreError))
    world.archive.restored.update(world.archive.objects)
    assert world.audit().fault_count == 0


def test_a_chunk_that_expires_while_its_device_is_audited_is_not_missing(world: AuditedWorld) -> None:
    doomed = world.keys("JFK")[0]

    async def head(own: Callable[[str], Awaitable[object]], key: str) -> object:
        if key == doomed and doomed in world.archive.objects:
            info, _ = world.archive.objects.pop(doomed)
            chunk = {"key": key, "sha256": info.sha256, "items": 17, "bytes": info.size}
            body = json.dumps({"due": [chunk]}).encode()
            name = f"{EXPIRED_PREFIX}JFK/2026-01-01T00:00:00Z_r-1_00001-due.json"
            await world.archive.create(name, body, sha256="0" * 64)
            world.archive.restored.add(name)
        return await own(key)

    tiers = world.tiers()
    stores = TierStores(tiers.hot, tiers.journal, tiers.cold, Instead(world.archive, "head", head))
    assert world.audit(stores=stores).fault_count == 0


def test_an_interrupted_audit_goes_on_after_chunks_have_expired(world: AuditedWorld) -> None:
    calls = iter(range(1000))

    async def read(own: Callable[..., Awaitable[bytes]], key: str, **part: int) -> bytes:
        if next(calls) >= 3:
            raise StoreError("archive", "no answer")
        return await own(key, **part)

    tiers = world.tiers()
    stores = TierStores(tiers.hot, tiers.journal, tiers.cold, Instead(world.archive, "read", read))
    with contextlib.suppress(AuditStoppedError):
        world.audit(stores=stores)
    expire(world)
    assert world.audit().fault_count == 0


def test_a_record_that_was_changed_by_hand_is_a_gap(world: AuditedWorld) -> None:
    expire(world)
    for name in [key for key in world.archive.objects if key.startswith(f"{EXPIRED_PREFIX}JFK/")]:
        world.overwrite(name, b"{}")
    report = world.audit()
    assert any("record _l3kit/expired/JFK/" in gap.what for gap in report.gaps)
