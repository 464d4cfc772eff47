"""Audits beside movers at work, of archived objects, of stores that fail, interrupted ones, and that they only read."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from l3kit.errors import StoreError
from l3kit.operate.audit.auditing import AuditStoppedError
from l3kit.operate.audit.device import DeviceAudit
from l3kit.operate.audit.doubles import Doubles
from l3kit.operate.audit.kept import Kept, State
from l3kit.operate.audit.look import AuditedStores, AuditedTier, look_at
from l3kit.operate.audit.objects import ObjectCheck
from l3kit.operate.tier_stores import TierStores
from l3kit.tiering.format.chunks import object_key
from l3kit.tiering.ports import ObjectInfo
from tests.support.audited import DEVICES, AuditedWorld, as_chunk
from tests.support.moving import Dead, Instead, item, readings, refusing

WRITES = ("create", "create_large", "delete", "copy_from", "restore")
SLOW = pytest.mark.slow
CALLS = [pytest.param(call, marks=() if call in (4, 19) else SLOW) for call in range(1, 55, 3)]
HOT_WRITES = ("delete_page", "put_items", "create_items", "replace_item")


@pytest.fixture
def world(tmp_path: Path) -> AuditedWorld:
    return AuditedWorld(tmp_path).fill()


def read_only(world: AuditedWorld, *allowed: str) -> TierStores:
    """The stores, of which every method that writes fails but for those allowed."""

    def guarded(store: Any, names: tuple[str, ...]) -> Any:
        error = AssertionError("an audit wrote")
        return functools.reduce(lambda one, name: refusing(one, name, error), set(names) - {*allowed}, store)

    hot, journal = guarded(world.world.hot, HOT_WRITES), guarded(world.world.journal, ("swap",))
    return TierStores(hot, journal, guarded(world.cold, WRITES), guarded(world.archive, WRITES))


def test_an_audit_makes_no_call_that_writes(world: AuditedWorld) -> None:
    world.archive.restored.clear()
    world.overwrite(world.keys("JFK")[2], b"[]")
    report = world.audit(stores=read_only(world))
    assert report.fault_count
    assert report.total("not_read") == 2 * len(DEVICES)


def test_archived_objects_are_checked_by_metadata_and_counted_as_not_read(world: AuditedWorld) -> None:
    world.archive.restored.clear()
    key = world.keys("JFK")[0]
    info, body = world.archive.objects[key]
    world.archive.objects[key] = (replace(info, metadata={**info.metadata, "items": "99"}), body)
    report = world.audit()
    (fault,) = report.faults
    assert (fault.kind, fault.key) == ("metadata", key)
    assert "too few for 99 items" in fault.what
    assert not report.complete
    assert "6 not read since they are archived; 1 fault" in report.summary()
    assert any("6 archived objects were checked by metadata and size alone. --restore" in note for note in report.notes)


def test_the_size_of_an_archived_object_is_checked_by_the_journals_bytes(world: AuditedWorld) -> None:
    world.archive.restored.clear()
    key = world.keys("JFK")[0]
    info, body = world.archive.objects[key]
    world.archive.objects[key] = (replace(info, size=info.size + 1), body + b" ")
    (fault,) = world.audit().faults
    assert (fault.kind, fault.key) == ("totals", "JFK/")


def test_restores_are_requested_only_if_asked_for_and_the_same_objects_are_read_later(world: AuditedWorld) -> None:
    world.archive.restored.clear()
    restoring = set(world.archive.objects)

    async def state(own: Any, key: str) -> str:
        return "restoring" if key in world.archive.restored and key in restoring else str(await own(key))

    async def restore(own: Any, key: str, *, days: int) -> str:
        await own(key, days=days)
        return "restoring"

    archive = Instead(Instead(world.archive, "restore_state", state), "restore", restore)
    stores = TierStores(world.world.hot, world.world.journal, world.cold, archive)  # type: ignore[arg-type]
    report = world.audit(stores=stores, restore=True, sample="60%")
    asked = world.archive.restored
    assert 0 < len(asked) < len(restoring)
    assert report.total("restoring") == report.total("not_read") == len(asked)
    assert any("Audit again in 12 hours with --sample 60% --seed a1" in note for note in report.notes)
    restoring.clear()
    later = world.audit(stores=stores, sample="60%", seed="a1")
    assert later.complete
    assert later.total("objects") == report.total("objects")


def test_a_restore_is_the_only_call_that_writes_where_one_is_asked_for(world: AuditedWorld) -> None:
    world.archive.restored.clear()
    assert world.audit(stores=read_only(world, "restore"), restore=True).complete


@pytest.mark.parametrize("call", CALLS)
def test_movers_at_work_beside_an_audit_leave_no_fault(world: AuditedWorld, call: int) -> None:
    """Both movers run whole at any call of the audit, in another thread as in another process."""
    world.world.put("JFK", *readings("JFK", 90)[60:])
    tally = [0]

    def movers() -> None:
        world.world.move("JFK")
        world.archive_until(60)
        world.archive.restored.update(world.archive.objects)

    async def during() -> None:
        tally[0] += 1
        if tally[0] == call:
            await asyncio.to_thread(movers)

    def beside(store: Any) -> Any:
        async def first(own: Any, *args: Any, **named: Any) -> Any:
            await during()
            return await own(*args, **named)

        async def listing(own: Any, prefix: str = "") -> AsyncIterator[ObjectInfo]:
            await during()
            async for info in own(prefix):
                yield info
            await during()

        names = [name for name in ("head", "read", "load", "restore_state") if hasattr(store, name)]
        for name in names:
            store = Instead(store, name, functools.partial(first))
        return Instead(store, "list", listing) if "head" in names else store

    journal, cold, archive = map(beside, (world.world.journal, world.cold, world.archive))
    report = world.audit(stores=TierStores(None, journal, cold, archive))
    assert tally[0] >= call
    assert report.faults == ()
    assert report.gaps == ()


def test_a_move_between_copy_and_delete_is_waited_for(world: AuditedWorld) -> None:
    key = world.keys("JFK")[0]
    world.cold.objects[key] = world.archive.objects[key]

    async def during() -> None:
        if world.slept > 3:
            world.cold.objects.pop(key, None)

    assert world.audit(during=during).faults == ()
    assert world.slept == 7


def test_an_object_that_vanishes_during_an_audit_is_a_fault(world: AuditedWorld) -> None:
    key = world.keys("JFK")[2]

    async def head(own: Any, asked: str) -> ObjectInfo | None:
        world.cold.objects.pop(key, None)
        found: ObjectInfo | None = await own(asked)
        return found

    cold: Any = Instead(world.cold, "head", head)
    stores = TierStores(world.world.hot, world.world.journal, cold, world.archive)
    (fault,) = world.audit(stores=stores).faults
    assert (fault.kind, fault.key) == ("missing", key)


def test_a_wrong_answer_once_accuses_nobody(world: AuditedWorld) -> None:
    wrong = [world.keys("JFK")[2]]

    async def read(own: Any, key: str, **part: Any) -> bytes:
        content: bytes = await own(key, **part)
        return content[:-1] if key in wrong and wrong.pop() else content

    cold: Any = Instead(world.cold, "read", read)
    report = world.audit(stores=TierStores(world.world.hot, world.world.journal, cold, world.archive))
    assert wrong == []
    assert report.faults == ()
    assert report.complete


def test_one_object_that_cannot_be_read_is_a_gap(world: AuditedWorld) -> None:
    bad = world.keys("JFK")[2]

    async def read(own: Any, key: str, **part: Any) -> bytes:
        if key == bad:
            raise StoreError(key, "access denied", "Allow s3:GetObject")
        content: bytes = await own(key, **part)
        return content

    cold: Any = Instead(world.cold, "read", read)
    report = world.audit(stores=TierStores(world.world.hot, world.world.journal, cold, world.archive))
    assert report.faults == ()
    assert [(gap.what, gap.remedy) for gap in report.gaps] == [(f"cold object {bad}", "Allow s3:GetObject")]
    assert not report.complete


def test_a_store_that_is_down_stops_the_audit_which_then_continues(world: AuditedWorld) -> None:
    error = StoreError("bucket", "answered 503 to every try")
    cold, archive = (refusing(store, "read", error) for store in (world.cold, world.archive))
    stores: Any = TierStores(world.world.hot, world.world.journal, cold, archive)  # type: ignore[arg-type]
    with pytest.raises(AuditStoppedError, match=r"5 objects in a row .* checked; the same command continues"):
        world.audit(stores=stores)
    report = world.audit()
    assert report.faults == ()
    assert report.complete, "what could not be read was asked for again"
    assert any(note.startswith("Continued an audit") for note in report.notes)


def dies_reading(world: AuditedWorld, key: str) -> TierStores:
    """The stores, of which the process dies when it reads an object of the cold tier."""

    async def read(own: Any, asked: str, **part: Any) -> bytes:
        if asked == key:
            raise Dead
        content: bytes = await own(asked, **part)
        return content

    cold: Any = Instead(world.cold, "read", read)
    return TierStores(world.world.hot, world.world.journal, cold, world.archive)


@pytest.mark.parametrize("shared", ["all", "one"])
def test_an_item_in_an_object_before_and_one_after_an_interruption_is_found_twice(
    world: AuditedWorld, shared: str
) -> None:
    first = world.keys("JFK")[2]
    items = world.items(first) if shared == "all" else world.items(first)[1:2]
    second = object_key("JFK", items[0]["id"], items[-1]["id"], 77)
    world.put(world.cold, second, as_chunk(items), items=str(len(items)))
    with pytest.raises(Dead):
        world.audit(stores=dies_reading(world, second))
    (progress,) = world.folder.glob("*.progress.json")
    assert json.loads(progress.read_bytes())["current"]["place"] == [first, "cold"]
    (fault,) = world.audit().faults
    assert (fault.kind, fault.key) == ("double", second)
    assert f"that {first} holds as well" in fault.what


def test_what_memory_had_no_room_for_is_counted_once_though_it_is_taken_again(world: AuditedWorld) -> None:
    world.world.put("JFK", *[item("JFK", minute, late=True) for minute in range(60)])
    world.world.move("JFK")
    stores = AuditedStores(None, AuditedTier("cold", "aws", world.cold), AuditedTier("archive", "aws", world.archive))
    look = asyncio.run(look_at(stores, "JFK"))
    check = ObjectCheck(restore=False, archive=None)
    outcomes = [asyncio.run(check.check(one)) for one in look.objects]

    def left_out(taken: int) -> int:
        """Return how many objects are told as not compared if the audit is interrupted after so many."""
        kept = Kept(world.folder, f"t{taken}", State(audit="t", begun="", seed=""), restart=True)
        device = DeviceAudit(look, stores, kept, whole=True, doubles=Doubles(max_held=20))
        device.begin()
        for outcome in outcomes[:taken]:
            device.take(outcome)
        resumed = DeviceAudit(look, stores, kept, whole=True, doubles=Doubles(max_held=20))
        for outcome in outcomes[:taken]:
            resumed.take_again(outcome)
        for outcome in outcomes[taken:]:
            resumed.take(outcome)
        kept.close()
        return kept.state.uncompared

    never = left_out(0)
    assert never
    assert [left_out(taken) for taken in range(1, len(outcomes))] == [never] * (len(outcomes) - 1)


class Interrupted:
    """A store whose process dies at its n-th call."""

    def __init__(self, store: Any, left: list[int]) -> None:
        self._store, self._left = store, left

    def __getattr__(self, name: str) -> Any:
        own = getattr(self._store, name)
        if not asyncio.iscoroutinefunction(own):
            return own

        async def call(*args: Any, **named: Any) -> Any:
            self._left[0] -= 1
            if self._left[0] < 0:
                raise Dead
            return await own(*args, **named)

        return call


@pytest.mark.parametrize("every", [pytest.param(3, marks=SLOW), pytest.param(7, marks=SLOW), 20])
def test_an_audit_that_is_killed_again_and_again_ends_like_one_that_is_not(world: AuditedWorld, every: int) -> None:
    jfk = world.keys("JFK")
    twice = jfk[3].replace("chunk-00004", "chunk-00077")
    world.put(world.cold, twice, world.cold.objects[jfk[3]][1], items="9")
    world.put(world.cold, "nobody's", b"x")
    del world.cold.objects[world.keys("LGA")[2]]
    whole = world.audit(restart=True).to_json()
    kills, calls = 0, every
    while True:
        left = [calls]
        cold, archive = (Interrupted(store, left) for store in (world.cold, world.archive))
        stores: Any = TierStores(world.world.hot, world.world.journal, cold, archive)  # type: ignore[arg-type]
        try:
            report = world.audit(stores=stores)
            break
        except Dead:
            kills += 1
            calls += every // 3  # what is read again before the next object is done
            assert kills < 200
    assert kills > 0
    again = report.to_json()
    notes = [note for note in again.pop("notes") if not note.startswith("Continued an audit")]
    assert notes == whole.pop("notes")
    assert again == whole
