"""What has expired of a device, by the records; a dry run of the expirer, its runs in the history, and queries."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from l3kit.errors import L3Error
from l3kit.operate.expired import NOTHING_EXPIRED, expired_before, expired_of
from l3kit.operate.forecast import Forecast, forecast_of
from l3kit.operate.history.reading import history_of
from l3kit.operate.movers import MoverRun, checked_mover
from l3kit.operate.query import QueryResult
from l3kit.operate.tier_stores import TierStores
from l3kit.tiering.format.expiry import Batch, ExpiringChunk
from l3kit.tiering.format.holds import Holds
from l3kit.tiering.settings.function_table import EXPIRER
from l3kit.twin.config import Twin
from l3kit.twin.layout import MOVERS, SCHEDULED
from tests.support.archiving import put
from tests.support.expiring import ARCHIVE_DAYS, NOW, World

_WEATHER = Twin.load(Path(__file__).parents[3] / "params" / "twins" / "nyc-weather")
KEEPING = replace(_WEATHER, config=_WEATHER.config.model_copy(update={"archive_storage_size_in_days": None}))
TWIN = replace(_WEATHER, config=_WEATHER.config.model_copy(update={"archive_storage_size_in_days": ARCHIVE_DAYS}))


def stores(world: World) -> TierStores:
    return TierStores(None, None, None, world.archive)


def dry_run(world: World) -> Forecast:
    return asyncio.run(forecast_of(stores(world), TWIN, EXPIRER, NOW))


def test_nothing_has_expired_of_a_device_without_records() -> None:
    world = World()
    world.put(400)
    assert asyncio.run(expired_of(world.archive, "d", world.keys())) == NOTHING_EXPIRED
    assert asyncio.run(expired_before(world.archive, "d")) == ""


def test_chunks_items_and_the_last_cutoff_are_told_of_the_device_alone() -> None:
    world = World()
    first, _ = world.put(500, "d"), world.put(500, "e")
    world.run(now=NOW - timedelta(days=30))
    second = world.put(400, "d", 2)
    world.run()
    found = asyncio.run(expired_of(world.archive, "d", world.keys()))
    assert (set(found.chunks), found.items, found.before) == ({first, second}, 6, "2025-03-01T00:00:00Z")
    assert asyncio.run(expired_before(world.archive, "e")) == "2025-01-30T00:00:00Z"


def test_a_chunk_that_the_archive_holds_has_not_expired_whatever_a_record_of_a_dead_run_says() -> None:
    world = World()
    key = world.put(400)
    batch = Batch("d", "2025-03-01T00:00:00Z", "dead", 1)
    info = world.archive.objects[key][0]
    put(world.archive, batch.key("due"), batch.due_record([ExpiringChunk(key, info.sha256, 3, info.size)], NOW))
    assert set(asyncio.run(expired_of(world.archive, "d", ())).chunks) == {key}
    assert asyncio.run(expired_of(world.archive, "d", {key})).chunks == {}


def test_a_dry_run_counts_what_the_run_then_deletes() -> None:
    world = World()
    for number, days in enumerate((500, 400, 300), 1):
        world.put(days, number=number)
    told = dry_run(world)
    report = world.run()
    assert [(one.device, one.items, one.chunks, one.bytes) for one in told.devices] == [
        (one.device_id, one.items, one.chunks, one.bytes) for one in report.devices
    ]
    assert told.summary().startswith(
        "archive-expirer, dry run: 6 items, 2 chunks, 18 bytes of 1 device would be deleted"
    )
    assert dry_run(world).devices == ()


def test_a_dry_run_writes_nothing_and_leaves_what_is_held() -> None:
    world = World()
    world.put(400)
    put(world.archive, Holds.key("d"))
    before = dict(world.archive.objects)
    told = dry_run(world)
    assert (told.moving, told.devices[0].paused, world.archive.objects) == ((), True, before)
    assert "device d is held" in told.summary()
    assert told.to_json()["held"][0]["device"] == "d"


def test_an_archive_that_is_not_reached_is_a_gap_of_a_dry_run() -> None:
    told = asyncio.run(forecast_of(TierStores(None, None, None, None), TWIN, EXPIRER, NOW))
    assert [gap.tier for gap in told.gaps] == ["archive"]


def test_the_expirers_runs_are_in_the_history() -> None:
    world = World()
    world.put(400)
    world.run()
    found = asyncio.run(history_of(stores(world), TWIN, NOW - timedelta(days=9), (EXPIRER,), NOW))
    assert [(one.mover, one.chunks, one.verdict) for one in found.runs] == [(EXPIRER, 1, "complete")]
    assert found.gaps == []


def test_the_expirer_runs_where_data_expire_and_what_is_no_mover_is_refused() -> None:
    for function in SCHEDULED:
        checked_mover(function, TWIN)
    for mover in MOVERS:
        checked_mover(mover, KEEPING)
    with pytest.raises(L3Error, match="its data are kept for ever"):
        checked_mover(EXPIRER, KEEPING)
    with pytest.raises(L3Error, match="is not a mover"):
        checked_mover("hot-reader", TWIN)


def test_a_run_tells_what_it_deleted_and_what_is_held() -> None:
    world = World()
    world.put(400, "a")
    world.put(400, "b")
    put(world.archive, Holds.key("b"))
    run = MoverRun(EXPIRER, (world.run().to_json(),))
    assert run.summary().startswith(
        "archive-expirer: 3 items, 1 chunk, 9 bytes deleted; paused (device b is held since"
    )
    with pytest.raises(L3Error, match=r"device b is held since .* \(l3kit hold b --release\)"):
        run.raise_if_failed()


def test_a_query_says_that_older_data_have_expired_and_is_complete_all_the_same() -> None:
    found = QueryResult("d", "", "", (), (), expired_before="2025-03-01T00:00:00Z")
    assert found.complete
    assert found.summary().endswith("; what was older than 2025-03-01T00:00:00Z has expired")
    assert found.to_json()["expired_before"] == "2025-03-01T00:00:00Z"
