"""Records that were lost: numbers begin behind every number that was ever used, and none is used twice."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.errors import StoreError
from l3kit.tiering.format.chunks import RESERVED_NUMBERS, ChunkKey, parse_object_key
from l3kit.tiering.movers.cold_to_archive import SEAL_RETENTION
from l3kit.tiering.transfer.known_chunks import highest_number
from l3kit.tiering.transfer.receipts import RECEIPT_PREFIX, leave_receipt
from tests.support.memory_stores import MemoryObjectStore
from tests.support.moving import AtCall, Dead, World, item, readings, refusing
from tests.support.records import ROW, archive_all, key_of, mover, run_on


def test_a_record_lost_before_any_call_of_a_run_loses_nothing_and_doubles_at_most_the_chunk_under_way() -> None:
    doubling = 0
    for at in range(1, 200):
        world = World()
        world.put("a", *readings("a", 60))
        tally = [0]
        steal = functools.partial(world.journal.rows.pop, ROW, None)
        hot, cold, journal = (AtCall(s, tally, at, before=steal) for s in (world.hot, world.cold, world.journal))
        world.move("a", hot=hot, cold=cold, journal=journal)
        ended = tally[0] < at
        world.now += timedelta(minutes=10)
        report = world.move("a")
        found = world.everywhere()
        assert found.keys() == {one.decode() for one in readings("a", 60)}, f"before call {at}"
        keys = [parse_object_key(key) for key in world.cold.bodies()]
        assert len({key.number for key in keys if key}) == len(keys), f"a number twice, before call {at}"
        extra = sum(count - 1 for count in found.values())
        assert extra <= 20, f"before call {at}: {extra} doubled"
        doubling += bool(extra)
        assert report.verdict == "complete"
        if ended:
            break
    assert ended
    assert at > 20
    assert doubling < at / 2


def test_the_whole_journal_lost_with_nothing_under_way_changes_nothing() -> None:
    world = World()
    wanted: Counter[str] = Counter()
    for round_ in range(3):
        items = [item(device, minute, round=round_) for device in ("a", "b") for minute in range(25)]
        for device in ("a", "b"):
            world.put(device, *[one for one in items if json.loads(one)["iotDeviceId"] == device])
        wanted += Counter(one.decode() for one in items)
        assert world.move("a", "b").verdict == "complete"
        world.journal.rows.clear()
    assert world.everywhere() == wanted
    numbers = sorted(parse_object_key(key).number for key in world.cold.bodies() if key.startswith("a/"))  # type: ignore[union-attr]
    assert numbers == list(range(1, len(numbers) + 1))


def test_after_a_lost_record_a_crash_an_archive_run_and_a_rewrite_double_nothing() -> None:
    """Numbers that began at 1 again would make the chunk not the last one: no receipt, and nothing told of it."""
    world, archive = World(), MemoryObjectStore("archive", "archive")
    for minute in range(5):
        world.put("a", item("a", minute))
        world.move("a")
    del world.journal.rows[ROW]
    rest = readings("a", 20)[10:]
    world.put("a", *rest)

    with contextlib.suppress(Dead):
        world.move("a", hot=refusing(world.hot, "delete_page", Dead()))
    archive_all(world.cold, archive)
    new = item("a", 12, rewritten=True)
    world.put("a", new)
    world.now += timedelta(minutes=10)
    assert world.move("a").verdict == "complete"
    world.cold.objects.update({key: value for key, value in archive.objects.items() if parse_object_key(key)})
    found = world.everywhere()
    assert found == Counter(one.decode() for one in [*readings("a", 5), *rest, new])


def test_a_missing_record_begins_behind_what_cold_tier_receipts_and_archive_hold() -> None:
    def first_number(*, cold: int = 0, receipt: int = 0, archived: int = 0, reachable: bool = True) -> int:
        world, archive = World(), MemoryObjectStore("archive", "archive")
        for store, number in ((world.cold, cold), (archive, archived)):
            for key in (key_of(number), key_of(RESERVED_NUMBERS + 5), key_of(4000, "other"), "a/foreign.json"):
                asyncio.run(store.create(str(key), b"[1]", sha256="0" * 64)) if number else None
        if receipt:
            asyncio.run(leave_receipt(world.cold, str(key_of(receipt)), None))
        world.put("a", item("a", 1))
        report = run_on(world, archive if reachable else None)
        return parse_object_key(report.devices[0].keys[0]).number  # type: ignore[union-attr]

    assert first_number() == 1
    assert first_number(cold=41) == 42
    assert first_number(receipt=7) == 8
    assert first_number(cold=3, receipt=7, archived=9) == 10
    assert first_number(cold=3, receipt=7, archived=9, reachable=False) == 8


def test_no_listing_is_made_for_devices_that_are_known_or_have_nothing_due() -> None:
    world, archive = World(), MemoryObjectStore("archive", "archive")
    world.put("a", item("a", 1))
    world.put("b", item("b", 60 * 24 * 45))
    run_on(world, archive)
    assert (world.cold.usage.requests["list"], archive.usage.requests["list"]) == (2, 1)
    world.put("a", item("a", 2))
    run_on(world, archive)
    assert (world.cold.usage.requests["list"], archive.usage.requests["list"]) == (2, 1)


def test_the_journal_hands_out_no_reserved_number() -> None:
    world = World()
    asyncio.run(world.cold.create(str(key_of(RESERVED_NUMBERS - 2)), b"[1]", sha256="0" * 64))
    world.put("a", *readings("a", 60))
    world.put("b", *readings("b", 5))
    report = world.move("a", "b")
    bad = next(device for device in report.devices if device.skipped)
    assert "device a: its next chunk number has reached 10,000,000" in bad.skipped[0].reason
    assert [parse_object_key(key).number for key in bad.keys] == [RESERVED_NUMBERS - 1]  # type: ignore[union-attr]
    assert not world.hot.devices["b"]
    assert world.everywhere()["1"] == 1
    assert sum(world.everywhere().values()) == 66


def test_of_two_runs_that_find_no_record_the_journal_lets_one_begin() -> None:
    for seed in range(25):
        world = World()
        asyncio.run(world.cold.create(str(key_of(5)), b"[1]", sha256="0" * 64))
        world.put("a", *readings("a", 40))
        wanted = world.everywhere()
        stores = [world.hot.delayed(seed), world.cold.delayed(seed + 1), world.journal.delayed(seed + 2)]

        async def both(world: World = world, stores: Any = stores) -> None:
            await asyncio.gather(*(mover(world, None, name, stores).run() for name in ("first", "second")))

        asyncio.run(both())
        world.move("a")
        assert world.everywhere() == wanted, f"seed {seed}"
        numbers = sorted(key.number for key in map(parse_object_key, world.cold.bodies()) if key)
        assert numbers == list(range(5, 5 + len(numbers))), f"seed {seed}"


# --- the last receipt stays ---------------------------------------------------------------------------------------

EARLY = datetime(2020, 1, 1, tzinfo=UTC)
steps = st.one_of(
    st.tuples(st.just("chunk"), st.integers(1, 28)),
    st.tuples(st.just("undigested"), st.integers(1, 28)),
    st.tuples(st.just("seal"), st.integers(1, 28)),
    st.tuples(st.just("archive"), st.integers(1, 30)),
    st.tuples(st.just("archive late"), st.integers(1, 30)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, max_size=14))
def test_the_cold_side_always_tells_the_highest_number_ever_used(history: list[tuple[str, int]]) -> None:
    """Chunks and seals with growing numbers and any times, archive runs with any cutoff: the highest is never lost."""
    cold, archive = MemoryObjectStore("cold"), MemoryObjectStore("archive", "archive")
    number = 0
    for what, day in history:
        if what.startswith("archive"):
            late = EARLY + 2 * SEAL_RETENTION + timedelta(days=60)
            cold.now = EARLY + timedelta(days=60)
            now = late if what == "archive late" else cold.now
            report = archive_all(cold, archive, now=now, before=EARLY + timedelta(days=day))
            assert report.verdict == "complete", report.to_json()
        else:
            number += 1
            cold.now = EARLY + timedelta(days=60)
            key = str(ChunkKey("d", f"2020-01-{day:02d}T00:00:00Z", f"2020-01-{day:02d}T01:00:00Z", number))
            asyncio.run(put_object(cold, key, what, number))
        assert asyncio.run(highest_number("d", cold, None)) == number, (what, day)
        receipts = [key for key in cold.objects if key.startswith(RECEIPT_PREFIX)]
        assert len(receipts) <= number


async def put_object(cold: MemoryObjectStore, key: str, what: str, number: int) -> None:
    from l3kit.tiering.format.chunks import SEAL_BODY, SEAL_SHA256

    if what == "seal":
        await cold.create(key, SEAL_BODY, sha256=SEAL_SHA256)
        return
    await cold.create(key, b"[%d]" % number, sha256=f"{number:064x}")
    if what == "undigested":
        info, body = cold.objects[key]
        cold.objects[key] = (replace(info, sha256=None), body)


def test_a_store_that_cannot_be_listed_leaves_the_device_where_it_is() -> None:
    world = World()
    world.put("a", item("a", 1))

    refused = StoreError("bucket", "AccessDenied: s3:ListBucket", "Run deploy_l3")
    report = world.move("a", cold=refusing(world.cold, "list", refused))
    assert "s3:ListBucket" in report.devices[0].skipped[0].reason
    assert len(world.hot.devices["a"]) == 1
    assert not world.cold.objects
