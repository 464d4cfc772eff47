"""What the tiers hold, counted, and every thing that was not counted named."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import pytest

from l3kit.errors import CheckFailedError
from l3kit.operate.inventory import TiersReport, count_tiers
from l3kit.operate.runs import check_conserved
from l3kit.operate.tier_stores import TierStores
from l3kit.tiering.format.chunks import CANARY_DEVICE, object_key
from l3kit.tiering.ports import HotStore
from tests.support.memory_stores import MemoryJournalStore, MemoryObjectStore
from tests.unit.operate.counted_tiers import EPOCH, NOW, TWIN, Forbidding, Refusing, hot


def chunk(store: MemoryObjectStore, device: str, day: int, items: str = "4") -> None:
    key = object_key(device, f"2026-01-{day:02}T00:00:00Z", f"2026-01-{day:02}T03:00:00Z", day)
    put(store, key, {"items": items} if items else {})


def put(store: MemoryObjectStore, key: str, metadata: dict[str, str]) -> None:
    asyncio.run(store.create(key, b"x", sha256=hashlib.sha256(b"x").hexdigest(), metadata=metadata))


def counted(hot: HotStore | None, cold: Any = None, archive: Any = None) -> TiersReport:
    cold, archive = cold or MemoryObjectStore("cold"), archive or MemoryObjectStore("archive")
    return asyncio.run(count_tiers(TierStores(hot, MemoryJournalStore(), cold, archive), TWIN, NOW))


def test_a_canary_in_the_tiers_is_neither_counted_nor_a_device_that_is_not_listed() -> None:
    cold = MemoryObjectStore("cold")
    chunk(cold, CANARY_DEVICE, 1)
    found = counted(hot(**{CANARY_DEVICE: ["2026-05-31T08:30:00Z"]}), cold)
    assert (found.holdings, found.unlisted, found.gaps) == ((), (), ())


def test_each_device_is_counted_in_each_tier() -> None:
    cold, archive = MemoryObjectStore("cold"), MemoryObjectStore("archive")
    chunk(cold, "LGA", 3)
    chunk(cold, "LGA", 2)
    chunk(archive, "JFK", 1, "1000")
    times = [f"2026-05-{day:02}T00:00:00Z" for day in range(1, 8)]
    found = counted(hot(JFK=times), cold, archive)
    assert [(h.device_id, h.tier, h.items, h.objects, h.first, h.last) for h in found.holdings] == [
        ("JFK", "hot", 7, 7, times[0], times[-1]),
        ("LGA", "cold", 8, 2, "2026-01-02T00:00:00Z", "2026-01-03T03:00:00Z"),
        ("JFK", "archive", 1000, 1, "2026-01-01T00:00:00Z", "2026-01-01T03:00:00Z"),
    ]
    assert found.complete
    assert found.summary() == "1,015 items: 7 hot, 8 cold, 1,000 archive"
    assert (found.notes, found.to_json()["gaps"]) == ((), [])


def test_keys_that_never_move_readings_of_the_future_and_unlisted_devices_are_counted() -> None:
    found = counted(hot(JFK=["2026-05-01T00:00:00Z", EPOCH, "31.05.2026", "2099-01-01T00:00:00Z"], stray=["x"]))
    held = {h.device_id: (h.items, h.never_moved, h.ahead, h.first, h.last) for h in found.holdings}
    assert held["JFK"] == (4, 2, 1, "2026-05-01T00:00:00Z", "2099-01-01T00:00:00Z")
    assert held["stray"] == (1, 1, 0, "", "")
    assert found.unlisted == ("stray",)
    assert found.forms == {"ISO 8601 in UTC": 2, "epoch milliseconds": 1, "no time": 2}
    never, ahead, unlisted = found.notes
    assert never.startswith("3 hot items are never moved: its id is epoch milliseconds")
    assert f"{EPOCH}, 31.05.2026, x" in never
    assert "1 hot item is in the future, the latest 2099-01-01T00:00:00Z, of JFK" in ahead
    assert "stray. Add them to config_iot_devices.json" in unlisted
    assert found.complete


def test_a_million_odd_keys_would_name_ten() -> None:
    found = counted(hot(JFK=[f"{number:013}" for number in range(50)]))
    assert found.notes[0].startswith("50 hot items are never moved")
    assert found.notes[0].count("00000000000") == 10
    assert "and 40 more" in found.notes[0]


def test_an_unreached_tier_is_a_gap() -> None:
    stores = TierStores(None, None, None, MemoryObjectStore("archive"))
    found = asyncio.run(count_tiers(stores, TWIN, NOW))
    assert not found.complete
    assert [gap.what for gap in found.gaps] == ["the hot tier", "the cold tier"]
    assert "incomplete: the hot tier is on aws, which this session does not reach" in found.summary()
    assert found.to_json()["gaps"][0]["remedy"] == "Connect to aws as well"


def test_foreign_objects_and_chunks_without_a_count_are_gaps() -> None:
    cold = MemoryObjectStore("cold")
    chunk(cold, "JFK", 1)
    chunk(cold, "JFK", 2, "many")
    chunk(cold, "JFK", 3, "")
    put(cold, "reports/", {})
    put(cold, "_l3kit/reports/x", {})
    found = counted(hot(), cold)
    assert found.total("cold") == 4
    foreign, silent = found.gaps
    assert "1 cold object (reports/)" in foreign.what
    assert silent.what.startswith("2 cold chunks (JFK/2026-01-02")
    assert list(found.gaps_frame()["tier"]) == ["cold", "cold"]


def test_items_that_cannot_be_written_as_json_are_counted_and_are_a_gap() -> None:
    store = Refusing()
    asyncio.run(store.put_items("JFK", [b'{"iotDeviceId":"JFK","id":"2026-01-01T00:00:00Z"}']))
    found = counted(store)
    assert found.holdings[0].items == 2
    assert found.holdings[0].last == "2026-01-09T00:00:00Z"
    assert "the first is 2026-01-09T00:00:00Z: holds NaN" in found.gaps[0].reason


def test_a_refused_look_for_unlisted_devices_is_a_gap_and_hides_nothing_else() -> None:
    store = Forbidding()
    asyncio.run(store.put_items("JFK", [b'{"iotDeviceId":"JFK","id":"2026-01-01T00:00:00Z"}']))
    found = counted(store)
    assert (found.total("hot"), found.unlisted) == (1, ("stray",))
    assert found.gaps[0].summary() == (
        "devices that the twin does not list: could not all be listed: table hot: scan returned 403. Run deploy_l3"
    )


def test_conservation_cannot_be_told_where_something_was_not_counted() -> None:
    full, part = counted(hot(JFK=["2026-05-01T00:00:00Z"])), counted(None)
    assert list(check_conserved(full, full)["difference"]) == [0]
    with pytest.raises(CheckFailedError, match=r"items lost or doubled: \{'JFK': -1\}"):
        check_conserved(full, counted(hot()))
    with pytest.raises(CheckFailedError, match="is unknown; incomplete: the hot tier is on aws"):
        check_conserved(full, part)
    cold = MemoryObjectStore("cold")
    chunk(cold, "JFK", 2, "")
    with pytest.raises(CheckFailedError, match=r"is unknown; incomplete: 1 cold chunk .* do not say how many"):
        check_conserved(full, counted(hot(JFK=["2026-05-01T00:00:00Z"]), cold))


def test_a_foreign_object_does_not_keep_conservation_from_being_told() -> None:
    cold = MemoryObjectStore("cold")
    put(cold, "reports/", {})
    found = counted(hot(JFK=["2026-05-01T00:00:00Z"]), cold)
    assert not found.complete
    assert list(check_conserved(found, found)["difference"]) == [0]
