"""A dry run: what a mover would move is what it then moves, and nothing is written."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from l3kit.cost.analysis.forecast import cost_of
from l3kit.operate.forecast import Forecast, forecast_of
from l3kit.operate.tier_stores import TierStores
from l3kit.prices.price_book import load_prices
from l3kit.tiering.format.pauses import Pause, Pauses
from l3kit.tiering.settings.tuning import Tuning
from l3kit.twin.config import Twin
from l3kit.twin.layout import MOVERS
from tests.support import archiving
from tests.support.moving import NOW, World, item, readings

_WEATHER = Twin.load(Path(__file__).parents[3] / "params" / "twins" / "nyc-weather")
_CONFIG = {"hot_storage_size_in_days": 30, "cold_storage_size_in_days": 90, "tuning": {"MAX_CHUNK_BYTES": 1024}}
TWIN = replace(_WEATHER, config=_WEATHER.config.model_copy(update=_CONFIG))
A, B, C = (device.id for device in TWIN.devices)


def of(stores: TierStores, mover: int = 0, **more: int) -> Forecast:
    return asyncio.run(forecast_of(stores, TWIN, MOVERS[mover], NOW, **more))


def stores_of(world: World) -> TierStores:
    return TierStores(world.hot, world.journal, world.cold, None)


def filled() -> World:
    world = World()
    world.put(A, *readings(A, 100), item(A, 60 * 24 * 45))
    world.put(B, *readings(B, 1))
    return world


def test_what_a_dry_run_counts_is_what_the_run_then_moves() -> None:
    world = filled()
    found = of(stores_of(world))
    report = world.move(A, B, C, tuning=Tuning(max_chunk_bytes=1024))
    moved = {device.device_id: (device.items, device.chunks, device.bytes) for device in report.devices}
    assert {one.device: (one.items, one.chunks, one.bytes) for one in found.devices} == moved
    assert found.complete
    assert found.summary().startswith(f"{MOVERS[0]}, dry run: 101 items, {found.total('chunks')} chunks, ")
    assert "of 2 devices would be moved, older than 2026-01-30T00:00:00Z" in found.summary()
    assert of(stores_of(world)).devices == ()


def test_a_dry_run_writes_nothing() -> None:
    world = filled()
    before = {device: dict(items) for device, items in world.hot.devices.items()}
    of(stores_of(world))
    assert (world.hot.devices, world.cold.objects, world.journal.rows) == (before, {}, {})
    assert set(world.hot.usage.requests) - {"put", "query", "read"} == set()


def test_a_paused_device_is_told_and_not_counted_among_what_would_move() -> None:
    world = filled()
    world.journal.rows[Pauses.record] = Pauses(None, {A: Pause(NOW, "ann")}).row_after(None)
    found = of(stores_of(world))
    assert [(one.device, one.paused) for one in found.devices] == [(A, True), (B, False)]
    assert found.total("items") == 1
    assert f"device {A} is paused since" in found.summary()


def test_where_reading_stops_at_a_limit_the_rest_is_told() -> None:
    found = of(stores_of(filled()), max_bytes=1)
    assert not found.complete
    assert "at least" in found.summary()
    assert "due items of" in found.gaps[0].what


@pytest.mark.parametrize("mover", [0, 1])
def test_a_tier_that_is_not_reached_is_a_gap(mover: int) -> None:
    found = of(TierStores(None, None, None, None), mover)
    assert (found.devices, found.complete) == ((), False)
    assert "which this session does not reach" in found.summary()


def test_due_chunks_are_counted_by_device_with_their_items() -> None:
    world = archiving.World()
    for device, days in ((A, 100), (A, 95), (B, 91), (B, 50)):
        archiving.put(world.cold, archiving.key_of(days, device, int(days)), items="7")
    archiving.put(world.cold, archiving.key_of(99, C, 1), items="?")
    archiving.put(world.cold, Pauses.key(B), b"{}")
    found = of(TierStores(None, None, world.cold, None), 1)
    assert {one.device: (one.items, one.chunks, one.paused) for one in found.devices} == {
        A: (14, 2, False), B: (7, 1, True), C: (0, 1, False),
    }  # fmt: skip
    assert found.gaps[0].what == "the items of 1 cold object"
    assert len(world.run().devices) == 2


def test_the_cost_is_the_model_s_bill_of_such_a_move() -> None:
    found = of(stores_of(filled()))
    cost = cost_of(found, TWIN, load_prices())
    assert cost is not None
    assert cost.bill.total.known > 0
    assert cost.requests["dynamodb.on_demand.write_unit"] >= 101
    assert cost.requests["s3.standard_ia.put"] == pytest.approx(found.total("chunks"), abs=3)
    assert cost_of(replace(found, devices=()), TWIN, load_prices()) is None


def test_the_table_has_the_devices_with_most_bytes_and_counts_the_others() -> None:
    some = of(stores_of(filled())).devices[0]
    many = Forecast(MOVERS[0], datetime(2026, 1, 1, tzinfo=UTC) + timedelta(0), tuple([some] * 25))
    (shown,) = many.sheet().tables
    assert (len(shown.rows), shown.more) == (20, "5 more devices; --json has all")
    assert len(many.to_frame()) == len(many.to_json()["devices"]) == 25
