"""Paused movers: they move nothing new, leave what is under way for later, and say who paused them."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from l3kit.errors import StoreError
from l3kit.tiering.format.chunks import CANARY_DEVICE
from l3kit.tiering.format.pauses import Pause, Pauses
from l3kit.tiering.journal import DEVICE_PREFIX
from l3kit.tiering.journal_record import from_row
from l3kit.tiering.movers.hot_to_cold import HotToCold
from l3kit.tiering.movers.local_target import LocalTarget
from l3kit.tiering.movers.pausing import REREAD_SECONDS
from l3kit.tiering.movers.report import RunReport
from tests.support import archiving
from tests.support.moving import NOW, Instead, World, killed_world, readings, refusing

PAUSE = Pause(NOW - timedelta(hours=1), "ann", "new disks")


def paused(world: Any, *devices: str | None) -> None:
    """Pause the twin (None) or these devices for the hot-to-cold mover, instead of what was paused."""
    pauses = Pauses()
    for device in devices:
        pauses = pauses.changed(device, PAUSE)
    before = world.journal.rows.get(Pauses.record)
    assert asyncio.run(world.journal.swap(Pauses.record, pauses.row_after(before)))


def told(report: RunReport) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = report.to_json()["paused"]
    return found


def test_a_paused_twin_s_run_moves_nothing_and_stores_a_report_that_says_who_paused_it() -> None:
    world = World()
    world.put("d", *readings("d", 50))
    paused(world, None)
    before = dict(world.journal.rows)
    report = world.move("d")
    assert report.verdict == "paused"
    assert told(report) == [{"device": None, "since": "2026-02-28T23:00:00Z", "by": "ann", "reason": "new disks"}]
    assert (report.devices, world.cold.objects, len(world.hot.devices["d"])) == ((), {}, 50)
    (stored,) = set(world.journal.rows) - set(before)
    assert world.journal.rows[stored].attributes["verdict"] == "paused"
    assert world.hot.usage.requests.get("read", 0) == world.hot.usage.requests.get("query", 0) == 0


def test_of_a_paused_device_nothing_is_moved_and_the_others_are() -> None:
    world = World()
    for device in ("a", "b"):
        world.put(device, *readings(device, 40))
    paused(world, "a")
    report = world.move("a", "b")
    assert report.verdict == "paused"
    assert [row["device"] for row in told(report)] == ["a"]
    assert [device.device_id for device in report.devices] == ["b"]
    assert (len(world.hot.devices["a"]), world.hot.devices["b"]) == (40, {})
    assert DEVICE_PREFIX + "a" not in world.journal.rows
    paused(world)
    assert world.move("a", "b").verdict == "complete"
    assert world.hot.devices["a"] == {}


def test_what_is_skipped_or_left_by_the_deadline_is_told_before_the_pause() -> None:
    world = World()
    for device in ("a", "b"):
        world.put(device, *readings(device, 40))
    paused(world, "a")
    report = world.move("a", "b", remaining=lambda: 1.0)
    assert (report.verdict, [row["device"] for row in told(report)]) == ("deadline", ["a"])
    failing = refusing(world.cold, "create", StoreError("cold", "is full"))
    assert world.move("a", "b", cold=failing).verdict == "failed"


CALLS = killed_world(0, "never")[1]


@pytest.mark.parametrize("of", [None, "a"])
def test_a_chunk_under_way_stays_through_a_pause_and_is_finished_after_it(of: str | None) -> None:
    wanted = Counter(i.decode() for i in [*readings("a", 60), *readings("b", 25)])
    entries = 0
    for at in range(1, CALLS + 1):
        world, _ = killed_world(at, "after", lambda world: paused(world, of))
        hot, cold = dict(world.hot.devices["a"]), dict(world.cold.bodies())
        row = world.journal.rows.get(DEVICE_PREFIX + "a")
        entries += row is not None and from_row(row).entry is not None
        assert world.move("a", "b").verdict == "paused", f"call {at}"
        assert world.hot.devices["a"] == hot, f"call {at}"
        assert {k: v for k, v in world.cold.bodies().items() if k.startswith("a/")} == {
            k: v for k, v in cold.items() if k.startswith("a/")
        }, f"call {at}"
        assert world.journal.rows.get(DEVICE_PREFIX + "a") == row, f"call {at}"
        paused(world)
        assert world.move("a", "b").verdict == "complete", f"call {at}"
        assert world.everywhere() == wanted, f"call {at}"
    assert entries > 5


def test_a_removed_device_s_chunk_is_still_finished_after_a_pause() -> None:
    for at in range(1, CALLS + 1):
        world, _ = killed_world(at, "after", lambda world: paused(world, "a"))
        row = world.journal.rows.get(DEVICE_PREFIX + "a")
        if row is None or from_row(row).entry is None:
            continue
        world.move("b")
        world.move("b")
        paused(world)
        world.move("b")
        assert from_row(world.journal.rows[DEVICE_PREFIX + "a"]).entry is None, f"call {at}"
        assert max(world.everywhere().values()) == 1, f"call {at}"


def test_a_run_reads_the_pauses_once_however_many_devices_it_has() -> None:
    world, asked = World(), [0]

    async def count(own: Any, name: str) -> Any:
        asked[0] += name == Pauses.record
        return await own(name)

    devices = [f"d{number}" for number in range(50)]
    for device in devices:
        world.put(device, *readings(device, 2))
    world.move(*devices, journal=Instead(world.journal, "load", count))
    assert asked == [1]


def test_a_pause_stops_a_run_that_is_under_way_at_its_next_chunk_within_the_time_that_is_told() -> None:
    world = World()
    world.put("a", *readings("a", 200))
    world.put("b", *readings("b", 40))
    stored = [0]

    async def pause_after_two(own: Any, *args: Any, **more: Any) -> Any:
        stored[0] += 1
        if stored[0] == 2:
            await world.journal.swap(Pauses.record, Pauses(PAUSE).row_after(None))
            world.now += timedelta(seconds=REREAD_SECONDS)
        return await own(*args, **more)

    report = world.move("a", "b", cold=Instead(world.cold, "create", pause_after_two))
    chunks = stored[0]
    assert chunks <= 3, "each of two devices may have had one under way"
    assert report.verdict == "paused"
    assert told(report)[0]["by"] == "ann"
    paused(world)
    world.now += timedelta(minutes=5)
    assert world.move("a", "b").verdict == "complete"
    assert max(world.everywhere().values()) == 1
    assert world.everywhere().total() == 240


def test_a_pause_that_cannot_be_read_again_does_not_end_a_run() -> None:
    world = World()
    world.put("a", *readings("a", 100))
    asked = [0]

    async def fail_again(own: Any, name: str) -> Any:
        world.now += timedelta(seconds=20)
        if name == Pauses.record:
            asked[0] += 1
            if asked[0] > 1:
                raise StoreError("journal", "answered 503")
        return await own(name)

    async def later(own: Any, *args: Any, **more: Any) -> Any:
        world.now += timedelta(seconds=50)
        return await own(*args, **more)

    journal, cold = Instead(world.journal, "load", fail_again), Instead(world.cold, "create", later)
    assert world.move("a", journal=journal, cold=cold).verdict == "complete"
    assert asked[0] > 1


def test_a_damaged_record_stops_everything_until_somebody_resumes() -> None:
    world = World()
    world.put("d", *readings("d", 10))
    paused(world, "x")
    row = world.journal.rows[Pauses.record]
    world.journal.rows[Pauses.record] = type(row)(row.version, {"pauses": "["})
    report = world.move("d")
    assert (report.verdict, world.cold.objects) == ("paused", {})
    assert "cannot be read" in told(report)[0]["reason"]


def test_a_pause_stops_no_canary() -> None:
    world = World()
    canary = json.dumps({"iotDeviceId": CANARY_DEVICE, "id": "2026-03-01T00:00:00Z"}).encode()
    world.put(CANARY_DEVICE, canary)
    paused(world, None)
    run = HotToCold(
        hot=world.hot, journal=world.journal, target=LocalTarget(world.cold, "none"), devices=["d"], now=NOW,
        hot_days=30, run_id="c", clock=lambda: world.now, remaining=lambda: 900.0,
    )  # fmt: skip
    assert asyncio.run(run.run_canary()).verdict == "complete"
    assert len(world.cold.objects) == 1
    assert Pauses.of_row(world.journal.rows[Pauses.record]).twin == PAUSE


# --- the cold-to-archive mover


def archived_world(*devices: str) -> archiving.World:
    world = archiving.World()
    for device in devices:
        archiving.put(world.cold, archiving.key_of(100, device, 1))
        archiving.put(world.cold, archiving.key_of(95, device, 2))
    return world


def pause_cold(world: archiving.World, device: str | None) -> None:
    archiving.put(world.cold, Pauses.key(device), b"{}")


def test_a_paused_twin_s_chunks_stay_cold_until_the_pause_is_lifted() -> None:
    world = archived_world("a", "b")
    pause_cold(world, None)
    report = world.run()
    assert (report.verdict, report.devices, world.archived()) == ("paused", (), {})
    assert [row["device"] for row in told(report)] == [None]
    assert [key for key in world.cold.objects if key.startswith("_l3kit/reports/")]
    asyncio.run(world.cold.delete(Pauses.key(None)))
    assert world.run().verdict == "complete"
    assert len(world.archived()) == 4


def test_of_a_paused_device_the_chunks_stay_cold_and_those_of_others_are_archived() -> None:
    world = archived_world("a", "b", "Ä/1")
    pause_cold(world, "Ä/1")
    pause_cold(world, "b")
    report = world.run()
    assert (report.verdict, [row["device"] for row in told(report)]) == ("paused", ["b", "Ä/1"])
    assert {key.split("/")[0] for key in world.archived()} == {"a"}
    assert len([key for key in world.cold_keys() if key.startswith(("b/", "Ä%2F1/"))]) == 4
    assert len([key for key in world.cold.objects if key.startswith(Pauses.prefix)]) == 2


def test_where_the_pauses_cannot_be_listed_nothing_is_archived() -> None:
    world = archived_world("a")

    def fail(own: Any, prefix: str = "") -> Any:
        if prefix == Pauses.prefix:
            raise StoreError("cold", "answered 503 to every try")
        return own(prefix)

    report = world.run(cold=Instead(world.cold, "list", fail))
    assert (report.verdict, world.archived()) == ("failed", {})
    assert "answered 503" in report.devices[0].skipped[0].reason


def test_receipts_are_left_alone_while_the_twin_is_paused() -> None:
    world = archived_world("a")
    world.run()
    archiving.put(world.cold, archiving.key_of(94, "a", 3))
    pause_cold(world, None)
    receipts = [key for key in world.cold.objects if key.startswith("_l3kit/archived/")]
    world.run()
    assert [key for key in world.cold.objects if key.startswith("_l3kit/archived/")] == receipts
