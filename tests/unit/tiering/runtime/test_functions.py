"""One function of a twin: when a run is, what stays open between calls, and how large its report may be."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from l3kit.clouds.aws.data.variables import VARIABLES
from l3kit.errors import ConfigurationError
from l3kit.tiering.movers.report import DeviceReport, RunReport
from l3kit.tiering.runtime.functions import MAX_REPORT_BYTES, Function, Run, bounded_report
from l3kit.tiering.runtime.openers import Openers
from l3kit.tiering.settings.loading import load_settings
from tests.support.lambda_calls import environment
from tests.support.memory_stores import MemoryHotStore, MemoryJournalStore, MemoryObjectStore


def run_at(time: object, *, canary: bool = False) -> Run:
    return Run(time, "request-1", lambda: 900.0, canary)


@pytest.mark.parametrize("time", ["2026-03-01T12:00:00Z", "2026-03-01T14:00:00+02:00", "2026-03-01T12:00:00"])
def test_a_run_is_at_the_time_it_was_scheduled_for(time: str) -> None:
    assert run_at(time).now == datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("run", [run_at(None), run_at("2026-03-01T12:00:00Z", canary=True)])
def test_a_run_without_a_time_and_one_of_a_canary_is_now(run: Run) -> None:
    assert abs((run.now - datetime.now(UTC)).total_seconds()) < 60


@pytest.mark.parametrize("time", ["soon", "", 7, {}])
def test_a_time_that_is_none_is_refused(time: object) -> None:
    with pytest.raises(ConfigurationError, match=r"event\.time.*is not an ISO-8601 time"):
        _ = run_at(time).now


class Stores:
    """Counts what is opened and closed."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.closed: list[str] = []

    def openers(self) -> Openers:
        return Openers(
            lambda table: self._kept("hot", MemoryHotStore()),
            lambda table: self._kept("journal", MemoryJournalStore()),
            lambda bucket, tier: self._kept(tier, MemoryObjectStore(tier)),
        )

    def _kept(self, name: str, store: Any) -> Any:
        self.opened.append(name)

        async def close() -> None:
            self.closed.append(name)

        store.close = close
        return store


def function(name: str, stores: Stores) -> Function:
    return Function(load_settings(name, environment(), cloud=VARIABLES), stores.openers())


def test_each_run_of_a_mover_opens_stores_of_its_own_and_closes_them() -> None:
    stores = Stores()
    mover = function("hot-to-cold-mover", stores)
    for number in (1, 2):
        assert asyncio.run(mover.move(run_at("2026-03-01T12:00:00Z"))).verdict == "complete"
        assert stores.opened == ["archive", "cold", "hot", "journal"] * number
        assert sorted(stores.closed) == sorted(stores.opened)


def test_a_mover_closes_its_stores_although_its_time_is_none() -> None:
    stores = Stores()
    with pytest.raises(ConfigurationError):
        asyncio.run(function("cold-to-archive-mover", stores).move(run_at("soon")))
    assert sorted(stores.closed) == sorted(stores.opened)


def test_two_runs_of_one_invocation_have_ids_of_their_own() -> None:
    mover = function("cold-to-archive-mover", Stores())
    ids = {asyncio.run(mover.move(run_at(None))).run_id for _ in range(3)}
    assert len(ids) == 3
    assert all(one.startswith("request-1-") for one in ids)


def test_a_reader_keeps_its_store_open_between_calls() -> None:
    stores = Stores()
    reader = function("hot-reader", stores)

    async def twice() -> list[Any]:
        request = {"iot_device_id": "sensor-1", "start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}
        return [await reader.read(request) for _ in range(2)]

    assert [answer["items"] for answer in asyncio.run(twice())] == [[], []]
    assert (stores.opened, stores.closed) == (["hot"], [])


def report(devices: int, keys: int) -> RunReport:
    rows = [DeviceReport(f"d{number}", keys=["k" * 100] * keys, chunks=keys, items=keys) for number in range(devices)]
    return RunReport("m", "r", "s", "f", 1.0, "c", "complete", devices, tuple(rows), {}, {}, {})


def test_a_report_that_is_too_large_keeps_its_totals_and_says_that_it_is_shortened() -> None:
    whole, large = bounded_report(report(10, 10)), bounded_report(report(2000, 50))
    assert "shortened" not in whole
    assert len(whole["devices"][0]["keys"]) == 10
    assert large["shortened"] is True
    assert (large["items"], large["device_count"], len(large["devices"])) == (100_000, 2000, 1000)
    assert len(json.dumps(large)) < MAX_REPORT_BYTES
