"""The archive expirer: what goes, what stays and why, and that its records tell exactly what went."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.errors import StoreError
from l3kit.tiering.format.expiry import MAX_CHUNKS
from l3kit.tiering.format.holds import Holds
from l3kit.tiering.movers.archive_expirer import REPORT_PREFIX
from l3kit.tiering.movers.cold_to_archive import FOREIGN
from tests.support.archiving import put
from tests.support.dying import Fault, Process
from tests.support.expiring import ARCHIVE_DAYS, NOW, World
from tests.support.moving import Dead


class Noting:
    """A store that notes its calls."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.calls: list[str] = []

    def noted(self, call: str) -> None:
        self.calls.append(call)

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._store, name)
        if not asyncio.iscoroutinefunction(attribute):
            return attribute

        async def call(*args: Any, **kwargs: Any) -> Any:
            self.noted(f"{name} {args[0]}")
            return await attribute(*args, **kwargs)

        return call


def test_what_is_older_than_the_setting_goes_and_everything_else_stays() -> None:
    world = World()
    old, young = world.put(ARCHIVE_DAYS + 1, number=1), world.put(ARCHIVE_DAYS - 1, number=2)
    border = world.put(ARCHIVE_DAYS, number=3)
    report = world.run()
    assert world.keys() == sorted([young, border])
    assert world.recorded() == {old}
    assert (report.verdict, report.to_json()["chunks"], report.to_json()["items"]) == ("complete", 1, 3)
    assert report.devices[0].keys == [old]


def test_age_is_that_of_the_data_and_not_of_the_object() -> None:
    world = World()
    world.archive.now = NOW - timedelta(days=5000)
    young = world.put(10)
    world.archive.now = NOW
    world.put(5000, number=2)
    world.run()
    assert world.keys() == [young]


def test_a_chunk_is_named_before_it_goes_and_told_as_gone_after() -> None:
    world = World()
    key = world.put(400)
    store = Noting(world.archive)
    world.run(store)
    kinds = [
        (call.split()[0], call.rpartition("-")[2]) for call in store.calls if "expired" in call or "delete" in call
    ]
    assert [kind for kind, _ in kinds] == ["create", "delete", "create"]
    due, gone = (json.loads(world.archive.objects[name][1]) for name in world.records())
    info = {"key": key, "sha256": hashlib.sha256(b'[{"n":1}]').hexdigest(), "items": 3, "bytes": 9}
    assert (due["due"], gone["gone"], gone["left"]) == ([info], [info], [])
    assert (due["run_id"], due["device_id"], due["cutoff"]) == ("run-1", "d", "2025-03-01T00:00:00Z")


def test_a_run_with_nothing_due_writes_no_record() -> None:
    world = World()
    world.put(10)
    assert world.run().verdict == "complete"
    assert world.records() == []


def test_a_run_that_is_said_to_be_in_the_future_deletes_by_the_present() -> None:
    world = World()
    world.put(10)
    report = world.run(now=NOW + timedelta(days=100_000))
    assert (report.cutoff, len(world.keys())) == ("2025-03-01T00:00:00Z", 1)


def test_what_tells_no_time_in_its_key_never_expires_and_is_told() -> None:
    world = World()
    world.archive.now = NOW - timedelta(days=5000)
    for key in ("exports/old.csv", "d/a-b/chunk-00001.json"):
        put(world.archive, key)
    put(world.archive, "_l3kit/parts/x/00001-of-00002")
    report = world.run()
    assert world.keys() == ["d/a-b/chunk-00001.json", "exports/old.csv"]
    (foreign,) = report.devices
    assert foreign.device_id == FOREIGN
    assert foreign.notes == [
        "2 objects have no time in their keys and never expire; the first is d/a-b/chunk-00001.json"
    ]
    assert report.verdict == "complete"


def test_a_chunk_that_changed_after_it_was_looked_at_stays_and_is_told_as_left() -> None:
    world = World()
    key = world.put(400)

    class Changing(Noting):
        def noted(self, call: str) -> None:
            if call.startswith("delete"):
                info, body = world.archive.objects[key]
                world.archive.objects[key] = (replace(info, etag="another"), body)

    report = world.run(Changing(world.archive))
    assert world.keys() == [key]
    assert report.devices[0].skipped[0].reason.startswith("changed after it was listed")
    assert world.recorded() == set()
    world.run()
    assert world.recorded() == {key}


def test_large_devices_go_in_batches_each_with_records_of_its_own() -> None:
    world = World()
    for number in range(MAX_CHUNKS + 1):
        world.put(400 + number, number=number + 1)
    world.put(400, device="e")
    report = world.run()
    assert world.keys() == []
    assert len(world.records()) == 6
    assert report.to_json()["chunks"] == MAX_CHUNKS + 2


def test_a_run_stops_at_its_deadline_and_the_next_one_goes_on() -> None:
    world = World()
    for device in ("a", "b", "c", "d", "e", "f"):
        world.put(400, device)
    left = iter([900.0] * 8 + [5.0] * 100)
    report = world.run(remaining=lambda: next(left))
    assert report.verdict == "deadline"
    assert 0 < len(world.keys()) < 6
    assert world.run().verdict == "complete"
    assert world.keys() == []


def test_the_report_is_stored_beside_the_data() -> None:
    world = World()
    world.put(400)
    report = world.run()
    (name,) = [key for key in world.archive.objects if key.startswith(REPORT_PREFIX)]
    assert json.loads(world.archive.objects[name][1]) == report.to_json()


def hold(world: World, device: str | None) -> None:
    put(world.archive, Holds.key(device), b"{}")


def test_a_held_device_keeps_everything_and_the_others_expire() -> None:
    world = World()
    kept = world.put(400, "a")
    world.put(400, "b")
    hold(world, "a")
    report = world.run()
    assert (world.keys(), report.verdict) == ([kept], "paused")
    assert list(report.holds.devices) == ["a"]
    assert report.to_json()["held"][0]["device"] == "a"
    world.archive.objects.pop(Holds.key("a"))
    assert world.run().verdict == "complete"
    assert world.keys() == []


def test_a_held_twin_keeps_everything_and_is_not_even_listed() -> None:
    world = World()
    kept = world.put(400)
    hold(world, None)
    report = world.run()
    assert (world.keys(), world.records(), report.verdict) == ([kept], [], "paused")
    assert report.holds.twin is not None
    assert report.requests["archive.list"] == 1  # that of the holds


def test_a_hold_set_during_a_run_stops_it_before_the_next_batch() -> None:
    world, devices = World(), "abcdefghij"
    for device in devices:
        world.put(400, device)
    times = iter(range(0, 1_000_000, 30))

    class Held(Noting):
        def noted(self, call: str) -> None:
            if call.startswith("delete") and Holds.key(None) not in world.archive.objects:
                info, body = next(iter(world.archive.objects.values()))
                world.archive.objects[Holds.key(None)] = (replace(info, key=Holds.key(None)), body)

    report = world.run(Held(world.archive), clock=lambda: NOW + timedelta(seconds=next(times)))
    assert 0 < len(world.keys()) < len(devices)
    assert report.verdict == "paused"
    assert (report.holds.twin is not None, report.holds.devices) == (True, {})


def test_where_holds_cannot_be_read_nothing_goes() -> None:
    class Unread(Noting):
        def list(self, prefix: str = "") -> Any:
            if prefix == Holds.prefix:
                raise StoreError("archive", "no answer")
            return self._store.list(prefix)

    world = World()
    world.put(400)
    assert world.run(Unread(world.archive)).verdict == "failed"
    assert len(world.keys()) == 1


def test_a_late_chunk_that_arrives_after_its_device_expired_expires_too_under_its_own_number() -> None:
    world = World()
    world.put(400, number=1)
    world.run()
    late = world.put(400, number=2)
    world.run()
    assert world.keys() == []
    assert late in world.recorded()


def filled() -> World:
    world = World()
    for device in ("a", "b"):
        for number, days in enumerate((400, 366, 364, 10), 1):
            world.put(days, device, number)
    return world


@pytest.mark.parametrize("how", ["before", "after", "refused", "lost"])
def test_whatever_happens_at_any_call_nothing_goes_unrecorded_and_nothing_young_goes(how: str) -> None:
    undisturbed = filled()
    everything = set(undisturbed.keys())
    undisturbed.run()
    young = set(undisturbed.keys())
    assert (len(everything), len(young)) == (8, 4)
    for at in range(1, 1000):
        world, fault = filled(), Fault(at, how)
        with contextlib.suppress(Dead):
            world.run(Process(fault).guarded(world.archive, StoreError))
        if not fault.struck:
            assert at > 12
            return
        assert young <= set(world.keys()), fault
        assert world.recorded() == everything - set(world.keys()), fault
        world.run()
        assert set(world.keys()) == young, fault
        assert world.recorded() == everything - young, fault


def test_an_archive_that_cannot_be_listed_is_told() -> None:
    class Unlisted(Noting):
        def list(self, prefix: str = "") -> Any:
            raise StoreError("archive", "no answer")

    world = World()
    world.put(400)
    report = world.run(Unlisted(world.archive))
    assert (report.verdict, len(world.keys())) == ("failed", 1)
    assert report.devices[0].skipped[0].reason == "archive: no answer"


@settings(deadline=None, max_examples=60)
@given(
    ages=st.lists(st.floats(0, 800), min_size=1, max_size=12),
    seeds=st.tuples(st.integers(), st.integers()),
    clocks=st.tuples(st.integers(-20, 20), st.integers(-20, 20)),
)
def test_two_runs_at_once_with_different_clocks_delete_nothing_young_and_record_everything_once(
    ages: list[float], seeds: tuple[int, int], clocks: tuple[int, int]
) -> None:
    world = World()
    keys = {world.put(age, "de"[number % 2], number + 1): age for number, age in enumerate(ages)}

    async def both() -> None:
        jobs = [
            world.job(world.archive.delayed(seed), now=NOW + timedelta(days=clock))
            for seed, clock in zip(seeds, clocks, strict=True)
        ]
        for report in await asyncio.gather(*(job.run() for job in jobs)):
            assert report.verdict in ("complete", "partial")

    asyncio.run(both())
    gone = set(keys) - set(world.keys())
    assert all(keys[key] > ARCHIVE_DAYS - min(0, *clocks) - 1 or keys[key] > ARCHIVE_DAYS for key in gone)
    assert all(age < ARCHIVE_DAYS - min(0, *clocks) + 1 for key, age in keys.items() if key not in gone)
    assert world.recorded() == gone
    for record in world.records():
        json.loads(world.archive.objects[record][1])
