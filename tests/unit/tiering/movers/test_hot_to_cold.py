"""The hot-to-cold mover on reference stores: what it moves, what it leaves, what it does after a crash at any call."""

from __future__ import annotations

import asyncio
import functools
import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from l3kit.tiering.format.chunks import CANARY_DEVICE, parse_object_key
from l3kit.tiering.journal import DEVICE_PREFIX
from l3kit.tiering.journal_record import from_row
from l3kit.tiering.movers.hot_to_cold import RESUME_NAME, HotToCold, read_report
from l3kit.tiering.movers.local_target import LocalTarget
from l3kit.tiering.settings.tuning import Tuning
from tests.support.moving import NOW, AtCall, Instead, World, item, killed_world, readings


def test_old_items_become_chunks_and_recent_ones_stay() -> None:
    world = World()
    old, recent = readings("d", 100), item("d", 60 * 24 * 45)
    world.put("d", *old, recent)
    report = world.move("d")
    assert report.verdict == "complete"
    assert (report.to_json()["items"], list(world.hot.devices["d"].values())) == (100, [recent])
    bodies = [body for _, body in sorted(world.cold.bodies().items(), key=lambda kv: parse_object_key(kv[0]).number)]  # type: ignore[union-attr]
    assert b",".join(body[1:-1] for body in bodies) == b",".join(old)
    assert all(len(body) <= 1024 for body in bodies)
    assert len(bodies) == report.devices[0].chunks == -(-sum(len(i) + 1 for i in old) // 1024)


def test_chunk_keys_carry_the_bounds_of_that_chunk() -> None:
    world = World()
    world.put("d", *readings("d", 40))
    world.move("d")
    for key, body in world.cold.bodies().items():
        parsed = parse_object_key(key)
        content = json.loads(body)
        assert parsed is not None
        assert (parsed.start, parsed.end) == (content[0]["id"], content[-1]["id"])


def test_empty_dynamodb_query() -> None:
    world = World()
    report = world.move("d", "e")
    assert (report.verdict, report.device_count, report.devices) == ("complete", 2, ())
    assert world.cold.bodies() == {}
    assert not any(name.startswith(DEVICE_PREFIX) for name in asyncio.run(world.journal.names()))


def test_a_second_run_moves_nothing_more() -> None:
    world = World()
    world.put("d", *readings("d", 50))
    world.move("d")
    before = world.cold.bodies()
    assert world.move("d").to_json()["chunks"] == 0
    assert world.cold.bodies() == before


def test_items_that_arrive_late_get_a_chunk_of_their_own_and_overwrite_nothing() -> None:
    world = World()
    first = readings("d", 30)
    world.put("d", *first)
    world.move("d")
    late = [item("d", 0, late=True), item("d", 29, late=True)]
    world.put("d", *late)
    world.move("d")
    assert world.everywhere() == Counter(i.decode() for i in [*first, *late])


def test_compressed_chunks_keep_the_digest_of_their_content() -> None:
    world = World()
    world.put("d", *readings("d", 30))
    world.move("d", tuning=Tuning(compression="gzip"))
    (key,) = world.cold.bodies()
    info = asyncio.run(world.cold.head(key))
    assert info is not None
    assert key.endswith(".json.gz")
    assert info.content_encoding == "gzip"
    assert world.everywhere() == Counter(i.decode() for i in readings("d", 30))


def test_the_report_is_stored_and_tells_what_happened() -> None:
    world = World()
    world.put("d", *readings("d", 30))
    report = world.move("d")
    (name,) = asyncio.run(world.journal.names("report/"))
    row = asyncio.run(world.journal.load(name))
    assert row is not None
    assert read_report(row) == report.to_json()
    assert report.to_json()["devices"][0]["keys"] == sorted(world.cold.bodies())


CALLS = killed_world(0, "never")[1]


def test_the_crash_tests_reach_every_kind_of_call() -> None:
    assert CALLS > 40


@pytest.mark.parametrize("how", ["before", "after", "lost", "refused"])
def test_nothing_is_lost_or_doubled_whatever_call_fails(how: str) -> None:
    wanted = Counter(i.decode() for i in [*readings("a", 60), *readings("b", 25)])
    for at in range(1, CALLS + 1):
        world, _ = killed_world(at, how)
        report = world.move("a", "b")
        assert world.everywhere() == wanted, f"call {at}, {how}"
        assert world.hot.devices.get("a", {}) == {}, f"call {at}, {how}: {report.to_json()}"
        assert report.verdict == "complete", f"call {at}, {how}: {report.to_json()}"


@pytest.mark.parametrize("how", ["before", "after", "lost", "refused"])
def test_an_item_rewritten_after_a_crash_survives_in_its_last_version(how: str) -> None:
    new = [item("a", minute, rewritten=True) for minute in (0, 7, 59)]
    for at in range(1, CALLS + 1):
        world, _ = killed_world(at, how, lambda world: world.put("a", *new))
        world.move("a", "b")
        found = world.everywhere()
        assert all(found[i.decode()] == 1 for i in new), f"call {at}, {how}"
        originals = Counter(i.decode() for i in [*readings("a", 60), *readings("b", 25)])
        assert all(found[i] == n or json.loads(i)["value"] in (0, 7, 59) for i, n in originals.items())
        assert max(found.values()) == 1, f"call {at}, {how}"


def test_an_item_rewritten_between_read_and_delete_stays() -> None:
    new = item("a", 3, rewritten=True)
    for at in range(1, 1000):
        world = World()
        world.put("a", *readings("a", 30))
        tally = [0]
        rewrite = functools.partial(world.hot.put_items, "a", [new])
        hot, cold, journal = (AtCall(s, tally, at, after=rewrite) for s in (world.hot, world.cold, world.journal))
        world.move("a", hot=hot, cold=cold, journal=journal)
        if tally[0] < at:
            assert at > 12
            return
        world.move("a")
        found = world.everywhere()
        assert found[new.decode()] == 1, f"rewritten after call {at}"
        assert max(found.values()) == 1, f"rewritten after call {at}"
    raise AssertionError("the loop never ran past the last call")


def test_a_run_that_meets_anothers_lease_leaves_the_device_and_says_until_when() -> None:
    world, _ = killed_world(CALLS // 3, "after")
    world.now -= timedelta(minutes=10)
    before = world.cold.bodies()
    report = world.move("a")
    assert report.verdict == "failed"
    assert "run run-1 holds its lease" in report.devices[0].skipped[0].reason
    assert "lease to expire at" in report.devices[0].skipped[0].reason
    assert world.cold.bodies() == before


def test_of_a_device_that_was_removed_a_half_done_chunk_is_finished_and_the_rest_is_left() -> None:
    for at in range(1, CALLS + 1):
        world, _ = killed_world(at, "after")
        wanted = world.everywhere().keys()
        hot_before = len(world.hot.devices.get("a", {}))
        world.move("b")
        world.move("b")
        found = world.everywhere()
        assert found.keys() == wanted, f"call {at}"
        assert max(found.values()) == 1, f"call {at}"
        left = len(world.hot.devices.get("a", {}))
        assert hot_before - left <= 20, f"call {at}: more than the interrupted chunk was moved"


def test_two_overlapping_runs_lose_and_double_nothing() -> None:
    for seed in range(40):
        world = World()
        devices = ["a", "b", "c"]
        for device in devices:
            world.put(device, *readings(device, 40))
        wanted = world.everywhere()
        stores = [world.hot.delayed(seed), world.cold.delayed(seed + 1), world.journal.delayed(seed + 2)]

        async def both(world: World = world, stores: list[Any] = stores, devices: list[str] = devices) -> None:
            runs = [
                HotToCold(
                    hot=stores[0],
                    journal=stores[2],
                    target=LocalTarget(stores[1], "none"),
                    devices=devices,
                    now=NOW,
                    hot_days=30,
                    run_id=name,
                    clock=lambda: world.now,
                    remaining=lambda: 900.0,
                    tuning=Tuning(max_chunk_bytes=1024),
                )
                for name in ("first", "second")
            ]
            await asyncio.gather(*(run.run() for run in runs))

        asyncio.run(both())
        world.move(*devices)
        assert world.everywhere() == wanted, f"seed {seed}"
        assert not any(world.hot.devices.values()), f"seed {seed}"


def test_a_zombie_that_wakes_up_after_its_lease_can_do_no_harm() -> None:
    world = World()
    world.put("a", *readings("a", 30))
    woken: list[bool] = []

    async def sleep_first(create: Any, *args: Any, **kwargs: Any) -> Any:
        if not woken:
            woken.append(True)
            await world.hot.put_items("a", [item("a", 5, rewritten=True)])
            world.now += timedelta(minutes=10)
            await asyncio.to_thread(world.move, "a")  # another run takes over and seals the key
        return await create(*args, **kwargs)

    report = world.move("a", cold=Instead(world.cold, "create", sleep_first))
    found = world.everywhere()
    assert max(found.values()) == 1
    assert found[item("a", 5, rewritten=True).decode()] == 1
    assert sum(found.values()) == 30
    assert report.verdict == "failed"
    assert "taken" in report.devices[0].skipped[0].reason


def test_the_run_stops_before_its_deadline_and_the_next_ones_carry_on() -> None:
    world = World()
    devices = [f"d{n}" for n in range(6)]
    for device in devices:
        world.put(device, *readings(device, 60))
    wanted = world.everywhere()
    reached: set[str] = set()
    for run in range(40):
        left = iter(range(20, -1000, -4))
        report = world.move(
            *devices, remaining=lambda left=left: float(next(left)), tuning=Tuning(1024, device_concurrency=1)
        )
        reached |= {device.device_id for device in report.devices if device.chunks}
        assert world.everywhere() == wanted
        if not any(world.hot.devices.values()):
            break
        assert report.verdict == "deadline"
        assert any(device.remains for device in report.devices)
        if run == len(devices):
            assert reached == set(devices)
    assert run > 1, "the deadline stopped no run"
    assert not any(world.hot.devices.values())
    assert world.move(*devices).verdict == "complete"
    resume = asyncio.run(world.journal.load(RESUME_NAME))
    assert resume is not None
    assert resume.attributes["next_device"] == ""


def test_one_bad_device_does_not_stop_the_others() -> None:
    world = World()
    for device in ("a", "b", "c"):
        world.put(device, *readings(device, 10))

    async def refuse_b(read_page: Any, device_id: str, **kwargs: Any) -> Any:
        if device_id == "b":
            raise ZeroDivisionError
        return await read_page(device_id, **kwargs)

    report = world.move("a", "b", "c", hot=Instead(world.hot, "read_page", refuse_b))
    assert report.verdict == "partial"
    assert [(d.device_id, d.items) for d in sorted(report.devices, key=lambda d: d.device_id)] == [
        ("a", 10),
        ("b", 0),
        ("c", 10),
    ]


def test_a_key_that_is_taken_by_other_content_is_left_and_the_next_number_used() -> None:
    world = World()
    world.put("a", item("a", 9))
    world.move("a")
    world.put("a", *readings("a", 5))
    foreign = f"a/{json.loads(item('a', 0))['id']}-{json.loads(item('a', 4))['id']}/chunk-00002.json"
    asyncio.run(world.cold.create(foreign, b"[1]", sha256="0" * 64))
    report = world.move("a")
    assert world.cold.bodies()[foreign] == b"[1]"
    assert report.devices[0].keys == [foreign.replace("00002", "00003")]
    assert report.verdict == "complete"
    assert "holds other content" in report.devices[0].notes[0]


def test_the_journal_counts_what_was_moved_and_never_uses_a_number_twice() -> None:
    world = World()
    for round_ in range(3):
        world.put("a", *(item("a", minute, round=round_) for minute in range(20)))
        world.move("a")
    record = from_row(asyncio.run(world.journal.load(DEVICE_PREFIX + "a")))
    numbers = [parse_object_key(key).number for key in world.cold.bodies()]  # type: ignore[union-attr]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert (record.moved_items, record.moved_chunks, record.next_number) == (60, len(numbers), len(numbers) + 1)
    assert (record.owner, record.entry) == ("", None)


def test_a_canary_run_moves_the_canary_alone_and_tells_only_its_caller() -> None:
    world = World()
    world.put("d", *readings("d", 2))
    canary = item(CANARY_DEVICE, 0)
    world.put(CANARY_DEVICE, canary)
    run = HotToCold(
        hot=world.hot,
        journal=world.journal,
        target=LocalTarget(world.cold, "none"),
        devices=["d"],
        now=NOW,
        hot_days=36_000,
        run_id="run",
        clock=lambda: world.now,
        remaining=lambda: 900.0,
    )
    report = asyncio.run(run.run_canary())
    assert [(device.device_id, device.items) for device in report.devices] == [(CANARY_DEVICE, 1)]
    assert (report.verdict, report.device_count) == ("complete", 1)
    assert list(world.cold.bodies().values()) == [b"[" + canary + b"]"]
    assert world.hot.devices == {"d": world.hot.devices["d"], CANARY_DEVICE: {}}
    assert len(world.hot.devices["d"]) == 2
    assert asyncio.run(world.journal.names()) == [f"device/{CANARY_DEVICE}"]
