"""One device's history over the tiers: each item once, every version, nothing of the item's own lost."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit import device_query
from l3kit.device_query import Part, QueryResult, _merge, query
from l3kit.errors import L3Error, StoreError
from l3kit.session import Session
from l3kit.tier_stores import TierStores
from l3kit.tiering.chunks import compress, object_key
from l3kit.tiering.ports import Compression
from l3kit.twin import Twin
from tests.support.memory_stores import MemoryHotStore, MemoryObjectStore

TWIN = Twin.load(Path(__file__).parents[2] / "params" / "twins" / "nyc-weather")
SESSION = cast(Session, object())
TIERS = ("hot", "cold", "archive")


def item(day: int, **more: Any) -> dict[str, Any]:
    return {"iotDeviceId": "JFK", "id": f"2026-01-{day:02}T00:00:00Z", **more}


def raw(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode()


def result(*rows: dict[str, Any], parts: tuple[Part, ...] = ()) -> QueryResult:
    merged, duplicates, versions = _merge([("hot", raw(row)) for row in rows], "", "\U0010ffff")
    return QueryResult("JFK", "", "\U0010ffff", merged, parts, duplicates, versions)


items = st.builds(
    item, st.integers(1, 9), v=st.one_of(st.integers(-3, 3), st.sampled_from(["1", "1.5", True, None, 1.5]))
)


@given(st.lists(st.tuples(st.sampled_from(TIERS), items), max_size=30), st.integers(1, 9), st.integers(1, 9))
def test_every_item_of_the_range_is_there_once_in_time_order(
    found: list[tuple[str, dict[str, Any]]], low: int, high: int
) -> None:
    start, end = item(min(low, high))["id"], item(max(low, high))["id"]
    rows, duplicates, versions = _merge([(tier, raw(entry)) for tier, entry in found], start, end)
    wanted = [raw(entry) for _, entry in found if start <= entry["id"] <= end]
    assert len(rows) == len(set(wanted))
    assert duplicates == len(wanted) - len(rows)
    assert versions == len(rows) - len({row["id"] for row in rows})
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)


def test_an_item_on_its_way_is_counted_in_the_warmest_tier() -> None:
    rows, duplicates, _ = _merge([(tier, raw(item(1, v=1.5))) for tier in TIERS], "", "z")
    assert [(row["tier"], row["v"]) for row in rows] == [("hot", Decimal("1.5"))]
    assert duplicates == 2


def test_a_number_and_the_same_digits_as_text_are_two_versions() -> None:
    found = result(item(1, v=1.5), item(1, v="1.5"))
    assert (len(found.rows), found.duplicates, found.versions) == (2, 0, 1)


def test_attributes_called_tier_and_time_are_kept_beside_ours() -> None:
    found = result(item(1, tier="gold", time="noon"))
    assert (found.rows[0]["tier"], found.rows[0]["item.tier"]) == ("hot", "gold")
    row = found.to_frame().iloc[0]
    assert (row["tier"], row["item.tier"], row["item.time"]) == ("hot", "gold", "noon")
    assert row["time"] == pd.Timestamp("2026-01-01", tz="UTC")
    assert found.sentence() == "1 readings of JFK: 1 from hot"


def test_a_table_has_times_in_utc_and_decimals_as_floats() -> None:
    later = {**item(2, temp=21.5), "id": "2026-01-02T00:00:00.250+00:00"}
    frame = result(item(1, wind=3), later).to_frame()
    assert list(frame.columns) == ["time", "tier", "temp", "wind"]
    assert str(frame["time"].dt.tz) == "UTC"
    assert frame["temp"].dtype == "float64"
    assert pd.isna(frame["temp"][0])
    assert frame["time"][1] == pd.Timestamp("2026-01-02T00:00:00.250Z")


def test_nothing_found_is_said_and_shown_with_the_same_columns() -> None:
    empty = result()
    assert empty.sentence() == "0 readings of JFK: none"
    assert list(empty.to_frame().columns) == ["time", "tier"]
    assert list(empty.parts_frame().columns) == ["tier", "state", "items", "bytes", "key"]
    assert empty.complete


def test_what_must_be_restored_first_is_counted() -> None:
    states = ("archived", "restoring", "restored", "readable")
    found = result(item(1), parts=tuple(Part("archive", state, 1, state, None) for state in states))
    assert [part.key for part in found.missing] == ["archived", "restoring"]
    assert found.sentence().endswith("; 2 archived objects must be restored first")
    assert found.to_json()["complete"] is False
    json.dumps(found.to_json())


class World:
    """The twin's stores in memory."""

    def __init__(self) -> None:
        self.hot = MemoryHotStore(page_items=2)
        self.cold, self.archive = MemoryObjectStore("cold"), MemoryObjectStore("archive")

    @asynccontextmanager
    async def tiers(self, session: Session, twin: Twin) -> AsyncIterator[TierStores]:
        yield TierStores(self.hot, None, self.cold, self.archive)

    def put(self, *entries: dict[str, Any]) -> None:
        asyncio.run(self.hot.put_items("JFK", [raw(entry) for entry in entries]))

    def store(self, tier: str, *entries: dict[str, Any], body: bytes | None = None, how: Compression = "none") -> None:
        store = self.cold if tier == "cold" else self.archive
        key = object_key("JFK", entries[0]["id"], entries[-1]["id"], 1, how)
        body = compress(json.dumps(entries).encode(), how) if body is None else body
        asyncio.run(store.create(key, body, sha256=hashlib.sha256(body).hexdigest()))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(device_query, "open_tiers", world.tiers)
    return world


def days(found: QueryResult) -> list[tuple[str, int]]:
    return [(row["tier"], int(row["id"][8:10])) for row in found.rows]


def test_a_range_is_read_from_all_tiers_and_only_from_objects_that_overlap_it(world: World) -> None:
    world.put(*(item(day) for day in range(7, 13)))
    world.store("cold", item(4), item(5), item(6), how="gzip")
    world.store("cold", item(1), item(2))
    found = query(SESSION, TWIN, "JFK", item(5)["id"], item(11)["id"])
    assert days(found) == [("cold", 5), ("cold", 6), *(("hot", day) for day in range(7, 12))]
    assert [part.items for part in found.parts] == [3]
    assert len(query(SESSION, TWIN, "JFK").rows) == 11


def test_archived_parts_are_missing_until_a_restore_was_asked_for(world: World) -> None:
    world.put(item(9))
    world.store("archive", item(1), item(2))
    first = query(SESSION, TWIN, "JFK")
    assert (days(first), first.complete) == ([("hot", 9)], False)
    whole = first.request_restore(days=2)
    assert days(whole) == [("archive", 1), ("archive", 2), ("hot", 9)]
    assert whole.complete
    assert whole.request_restore().rows == whole.rows
    assert world.archive.usage.requests["restore"] == 1


def test_waiting_pauses_ever_longer_and_no_longer_than_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.store("archive", item(1))

    async def restoring(key: str) -> str:
        return "restoring"

    monkeypatch.setattr(world.archive, "restore_state", restoring)
    pauses: list[float] = []
    found = query(SESSION, TWIN, "JFK").wait(1000, sleep=pauses.append)
    assert not found.complete
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 300, 190]


def test_waiting_ends_when_all_can_be_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.store("archive", item(1))
    pauses: list[float] = []

    async def state(key: str) -> str:
        return "restored" if len(pauses) == 2 else "restoring"

    monkeypatch.setattr(world.archive, "restore_state", state)
    found = query(SESSION, TWIN, "JFK").wait(1000, sleep=pauses.append)
    assert (days(found), found.complete) == ([("archive", 1)], True)
    assert pauses == [2, 4]


@pytest.mark.parametrize("body", [b"{}", b"[1]", b'[{"v": 1}]', b'[{"id": 5}]', b"[", b"null"])
def test_an_object_that_is_no_chunk_is_named(world: World, body: bytes) -> None:
    world.store("cold", item(1), body=body)
    with pytest.raises(StoreError, match=r"bucket/JFK/.* is not a (chunk|list of items).*changed by hand"):
        query(SESSION, TWIN, "JFK")


def test_unknown_devices_and_ranges_that_run_backwards_are_refused() -> None:
    with pytest.raises(L3Error, match="device XYZ: is not one of nyc-weather's"):
        query(SESSION, TWIN, "XYZ")
    with pytest.raises(L3Error, match="behind its end"):
        query(SESSION, TWIN, "JFK", "2026", "2025")
