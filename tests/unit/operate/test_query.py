"""One device's history over the tiers: each item once, every version, nothing of the item's own lost."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.errors import L3Error
from l3kit.operate import query as device_query
from l3kit.operate.query import QueryResult, query
from l3kit.operate.reading import Part, merged
from l3kit.operate.tier_stores import TierStores
from l3kit.session import Session
from l3kit.tiering.format.chunks import compress, object_key
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.format.time_ranges import order_of
from l3kit.tiering.ports import Compression, Page
from l3kit.twin.config import Twin
from tests.support.memory_stores import MemoryHotStore, MemoryObjectStore
from tests.support.spellings import MOMENTS, movably_spelled, spelled

TWIN = Twin.load(Path(__file__).parents[3] / "params" / "twins" / "nyc-weather")
SESSION = cast(Session, object())


def item(day: int, **more: Any) -> dict[str, Any]:
    return {"iotDeviceId": "JFK", "id": f"2026-01-{day:02}T00:00:00Z", **more}


def raw(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode()


def result(*rows: dict[str, Any], parts: tuple[Part, ...] = ()) -> QueryResult:
    merged_rows, duplicates, versions = merged([("hot", exact_loads(raw(row))) for row in rows])
    return QueryResult("JFK", "", "", merged_rows, parts, duplicates, versions)


items = st.builds(
    item, st.integers(1, 9), v=st.one_of(st.integers(-3, 3), st.sampled_from(["1", "1.5", True, None, 1.5]))
)


def test_attributes_called_tier_and_time_are_kept_beside_ours() -> None:
    more = {"tier": "gold", "time": "noon", "item.tier": "silver", "item.time": "dusk"}
    found = result(item(1, **more))
    assert (found.rows[0]["tier"], found.rows[0]["item.tier"]) == ("hot", "gold")
    assert found.rows[0]["item.item.tier"] == "silver"
    columns = ["item.item.tier", "item.item.time", "item.tier", "item.time"]
    assert list(found.to_frame().columns) == ["time", "tier", *columns]
    row = found.to_frame().iloc[0]
    assert (row["tier"], row["item.tier"], row["item.time"]) == ("hot", "gold", "noon")
    assert row["time"] == pd.Timestamp("2026-01-01", tz="UTC")
    assert found.summary() == "1 reading of JFK: 1 from hot"


def test_a_table_has_times_in_utc_and_decimals_as_floats() -> None:
    later = {**item(2, temp=21.5), "id": "2026-01-02T00:00:00.250+00:00"}
    frame = result(item(1, wind=3), later).to_frame()
    assert list(frame.columns) == ["time", "tier", "temp", "wind"]
    assert str(frame["time"].dt.tz) == "UTC"
    assert frame["temp"].dtype == "float64"
    assert pd.isna(frame["temp"][0])
    assert frame["time"][1] == pd.Timestamp("2026-01-02T00:00:00.250Z")


def test_an_exact_table_keeps_every_digit() -> None:
    sent = b'{"id": "2026-01-01T00:00:00Z", "temp": 28.940000000000000001, "n": 12345678901234567891}'
    rows, _, _ = merged([("hot", exact_loads(sent))])
    (row,) = QueryResult("JFK", "", "", rows, ()).to_frame(exact=True).to_dict("records")
    assert (row["temp"], row["n"]) == (Decimal("28.940000000000000001"), 12345678901234567891)


def test_nothing_found_is_said_and_shown_with_the_same_columns() -> None:
    empty = result()
    assert empty.summary() == "0 readings of JFK: none"
    assert list(empty.to_frame().columns) == ["time", "tier"]
    assert list(empty.parts_frame().columns) == ["tier", "state", "items", "bytes", "key"]
    assert empty.complete


def test_what_must_be_restored_first_is_counted() -> None:
    states = ("archived", "restoring", "restored", "readable")
    found = result(item(1), parts=tuple(Part("archive", state, 1, state, None) for state in states))
    assert [part.key for part in found.missing] == ["archived", "restoring"]
    assert found.summary().endswith("; 2 archived objects must be restored first")
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
def test_an_object_that_is_no_chunk_is_a_gap_and_hides_no_other(world: World, body: bytes) -> None:
    world.put(item(9))
    world.store("cold", item(1), body=body)
    found = query(SESSION, TWIN, "JFK")
    assert days(found) == [("hot", 9)]
    assert not found.complete
    assert re.search(r"cold object JFK/.* is not a (chunk|list of items)", found.summary())
    assert "changed by hand" in found.gaps[0].remedy
    assert found.to_json()["gaps"][0]["what"] == found.gaps[0].what


def test_a_foreign_key_among_the_devices_objects_is_a_gap(world: World) -> None:
    asyncio.run(world.cold.create("JFK/readme.txt", b"x", sha256=hashlib.sha256(b"x").hexdigest()))
    found = query(SESSION, TWIN, "JFK")
    assert [gap.what for gap in found.gaps] == ["cold object JFK/readme.txt"]


def test_an_unreached_tier_and_a_refused_item_are_gaps(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing(MemoryHotStore):
        async def read_page(self, device_id: str, **bounds: Any) -> Page:
            page = await super().read_page(device_id, **bounds)
            return replace(page, refused=((item(8)["id"], "holds NaN"),))

    hot = Refusing()
    asyncio.run(hot.put_items("JFK", [raw(item(9))]))

    @asynccontextmanager
    async def tiers(session: Session, twin: Twin) -> AsyncIterator[TierStores]:
        yield TierStores(hot, None, None, world.archive)

    monkeypatch.setattr(device_query, "open_tiers", tiers)
    found = query(SESSION, TWIN, "JFK")
    assert [(gap.tier, gap.what) for gap in found.gaps] == [
        ("cold", "the cold tier"),
        ("hot", f"hot item {item(8)['id']}"),
    ]
    assert "on aws, which this session does not reach" in found.summary()
    assert list(found.gaps_frame()["reason"])[1] == "holds NaN"
    assert query(SESSION, TWIN, "JFK", item(9)["id"]).gaps == found.gaps[:1]


def test_values_are_shown_as_they_were_put(world: World) -> None:
    tagged = {
        "map": {"$map": {"$oid": {"$map": {"$x": 1}}}},
        "binary": {"$binary": "aGVsbG8="},
        "texts": {"$stringSet": ["a", "b"]},
        "numbers": {"$numberSet": [1, 2.5]},
        "when": {"$timestamp": "2026-01-01T00:00:00.000000Z"},
        "where": [{"$geoPoint": [48.2, 16.4]}],
        "foreign": {"$oid": "65a0"},
        "broken": {"$binary": 5},
    }
    world.store("cold", item(1, **tagged))
    row = query(SESSION, TWIN, "JFK").rows[0]
    assert row["map"] == {"$oid": {"$x": 1}}
    assert row["binary"] == b"hello"
    assert row["texts"] == {"a", "b"}
    assert row["numbers"] == {1, Decimal("2.5")}
    assert row["when"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert row["where"] == [{"latitude": Decimal("48.2"), "longitude": Decimal("16.4")}]
    assert row["foreign"] == {"$oid": "65a0"}
    assert row["broken"] == {"$binary": 5}


def test_a_number_longer_than_pythons_ints_keeps_its_digits(world: World) -> None:
    body = b'[{"iotDeviceId":"JFK","id":"2026-01-01T00:00:00Z","v":%b}]' % (b"1" * 5000)
    world.store("cold", item(1), body=body)
    found = query(SESSION, TWIN, "JFK")
    assert found.rows[0]["v"] == Decimal("1" * 5000)
    assert len(found.to_frame()) == 1


@given(st.lists(MOMENTS, min_size=1, max_size=6), st.data())
def test_a_query_finds_what_a_plain_filter_finds_however_times_are_spelled(
    moments: list[int], data: st.DataObject
) -> None:
    """Hot items in any accepted spelling, cold chunks in movable ones, bounds in any."""
    bound = st.one_of(st.none(), MOMENTS)
    start, end = data.draw(bound), data.draw(bound)
    if start is not None and end is not None and start > end:
        start, end = end, start
    world, wanted = World(), set()
    for number, moment in enumerate(moments):
        hot = data.draw(st.booleans())
        key = data.draw(spelled(moment) if hot else movably_spelled(moment))
        entry = {"iotDeviceId": "JFK", "id": key, "v": number}
        asyncio.run(_hold(world, entry, number, hot))
        if (start is None or start <= moment) and (end is None or moment <= end):
            wanted.add((key, number) if not hot else (key, None))
    texts = [None if one is None else data.draw(spelled(one)) for one in (start, end)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device_query, "open_tiers", world.tiers)
        found = query(SESSION, TWIN, "JFK", *texts)
    assert {(row["id"], row["v"] if row["tier"] == "cold" else None) for row in found.rows} == wanted
    assert [order_of(row["id"])[0] for row in found.rows] == sorted(order_of(row["id"])[0] for row in found.rows)


async def _hold(world: World, entry: dict[str, Any], number: int, hot: bool) -> None:
    if hot:
        await world.hot.put_items("JFK", [raw(entry)])
        return
    body = b"[" + raw(entry) + b"]"
    key = object_key("JFK", entry["id"], entry["id"], number)
    await world.cold.create(key, body, sha256=hashlib.sha256(body).hexdigest())


def test_a_time_that_is_none_or_beyond_pandas_is_nat_and_keeps_its_text(world: World) -> None:
    for key in ("yesterday", "9999-12-31T23:59:59Z", "2026-01-01T00:00:00.000000001Z"):
        world.put({"iotDeviceId": "JFK", "id": key})
    frame = query(SESSION, TWIN, "JFK").to_frame()
    assert list(frame["id"]) == ["2026-01-01T00:00:00.000000001Z", "9999-12-31T23:59:59Z", "yesterday"]
    assert list(frame["time"].isna()) == [False, True, True]
    assert frame["time"][0].nanosecond == 1


def test_a_day_is_a_bound_and_so_are_datetimes(world: World) -> None:
    world.put(*(item(day) for day in range(1, 6)))
    assert days(query(SESSION, TWIN, "JFK", "2026-01-02", "2026-01-03")) == [("hot", 2), ("hot", 3)]
    start, end = datetime(2026, 1, 3, tzinfo=UTC), date(2026, 1, 4)
    found = query(SESSION, TWIN, "JFK", start, end)
    assert days(found) == [("hot", 3), ("hot", 4)]
    assert (found.start, found.end) == ("2026-01-03T00:00:00Z", "2026-01-04T23:59:59.999999999Z")


def test_a_range_in_the_future_is_empty_and_complete(world: World) -> None:
    world.put(item(1))
    found = query(SESSION, TWIN, "JFK", "2099-01-01", "2099-12-31")
    assert (found.rows, found.complete) == ((), True)


def test_unknown_devices_and_ranges_that_run_backwards_are_refused(world: World) -> None:
    with pytest.raises(L3Error, match="device XYZ: is not one of nyc-weather's"):
        query(SESSION, TWIN, "XYZ")
    with pytest.raises(L3Error, match="after its end"):
        query(SESSION, TWIN, "JFK", "2026-01-02", "2025-01-01")
    with pytest.raises(L3Error, match="start 'yesterday'"):
        query(SESSION, TWIN, "JFK", "yesterday")
