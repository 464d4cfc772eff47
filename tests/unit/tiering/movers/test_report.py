"""Reports of movers: verdicts, bounded names, requests by adapter."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import pytest

from l3kit.errors import StoreError
from l3kit.tiering.movers.report import DeviceReport, iso, report_of, save_or_warn, verdict_of
from l3kit.tiering.ports import Usage

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def device(*, chunks: int = 0, skipped: bool = False, remains: bool = False) -> DeviceReport:
    report = DeviceReport("d", chunks=chunks, remains=remains)
    if skipped:
        report.skip("k", "odd")
    return report


@pytest.mark.parametrize(
    ("devices", "verdict"),
    [
        ([], "complete"),
        ([device(), device(chunks=1)], "complete"),
        ([device(chunks=1), device(remains=True)], "deadline"),
        ([device(chunks=1), device(skipped=True), device(remains=True)], "partial"),
        ([device(chunks=1, skipped=True)], "partial"),
        ([device(), device(skipped=True)], "partial"),
        ([device(skipped=True), device(skipped=True)], "failed"),
    ],
)
def test_a_skip_goes_before_work_that_is_left_and_alone_it_is_a_failure(
    devices: list[DeviceReport], verdict: str
) -> None:
    assert verdict_of(devices) == verdict


@dataclass(frozen=True)
class Run:
    run_id: str = "r"
    cutoff: datetime = NOON - timedelta(days=30)

    def clock(self) -> datetime:
        return NOON + timedelta(seconds=1.5)


def test_a_report_counts_all_that_cannot_be_moved_and_names_ten() -> None:
    devices = [DeviceReport(f"d{number}") for number in range(3)]
    for one in devices:
        for number in range(8):
            one.leave(f"odd-{number}")
    told = report_of(Run(), "m", NOON, [*devices, DeviceReport("quiet")], {}, 4).to_json()
    assert (told["unmovable"], told["device_count"], len(told["devices"])) == (24, 4, 3)
    assert [len(one["unmovable_first"]) for one in told["devices"]] == [8, 2, 0]
    assert "8 items stay in the hot tier" in told["devices"][2]["notes"][0]
    assert (told["seconds"], told["cutoff"]) == (1.5, "2026-01-30T12:00:00Z")
    json.dumps(told)


def test_requests_are_told_by_adapter_and_units_summed() -> None:
    hot, cold = Usage(), Usage()
    hot.requests["query"], hot.retries["query"], hot.read_units = 4, 1, 2.5
    cold.requests["query"], cold.read_units, cold.bytes_out = 7, 1.0, 9
    told = report_of(Run(), "m", NOON, [], {"hot": hot, "cold": cold}, 0).to_json()
    assert told["requests"] == {"hot.query": 4, "cold.query": 7}
    assert told["retries"] == {"hot.query": 1}
    assert told["units"] == {"read": 3.5, "write": 0.0, "bytes_in": 0.0, "bytes_out": 9.0}


def test_a_report_that_cannot_be_stored_does_not_fail_the_move(caplog: pytest.LogCaptureFixture) -> None:
    async def failing() -> None:
        raise StoreError("bucket b", "is full", "Make room")

    with caplog.at_level(logging.WARNING):
        asyncio.run(save_or_warn(failing()))
    assert "bucket b" in caplog.text


def test_moments_are_told_in_utc() -> None:
    assert iso(datetime(2026, 3, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == "2026-02-28T23:00:00Z"
