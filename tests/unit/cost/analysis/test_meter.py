"""Pricing run reports: what is counted, what a report cannot tell, and reports that are none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from l3kit.cost.analysis.meter import compare_with_prediction, metered, workload_from_reports
from l3kit.errors import ConfigurationError
from l3kit.prices.price_book import load_prices
from l3kit.twin.layout import Layout
from tests.unit.cost.workloads import workload

BOOK = load_prices()
AWS, ABROAD = Layout("aws", "aws", "aws"), Layout("aws", "gcp", "gcp")
HOT: dict[str, Any] = {
    "function": "hot-to-cold-mover",
    "seconds": 4.0,
    "bytes": 2**30,
    "chunks": 205,
    "requests": {"hot.query": 24, "hot.batch_delete": 642, "journal.get": 3, "journal.put": 10, "target.put": 200},
    "units": {"read": 4_000_000.0, "write": 2_000_000.0, "bytes_in": 1.0, "bytes_out": 1.0},
}
COLD: dict[str, Any] = {
    "function": "cold-to-archive-mover",
    "seconds": 2.0,
    "bytes": 2**30,
    "chunks": 1000,
    "requests": {
        "cold.list": 2,
        "cold.put": 3,
        "cold.head": 1000,
        "cold.delete": 1000,
        "target.copy": 1000,
        "target.head": 1000,
    },
    "units": {"read": 0.0, "write": 0.0, "bytes_in": 1.0, "bytes_out": 1.0},
}


def amounts(report: dict[str, Any], layout: Layout = AWS, **other: Any) -> dict[str, Decimal | None]:
    bill = metered([report], layout, BOOK, **other)
    found: dict[str, Decimal | None] = {}
    for row in bill.rows:
        name = f"{row.key.tier}.{row.key.rate}"
        found[name] = None if row.amount is None else (found.get(name) or Decimal(0)) + row.amount
    return found


def test_units_requests_and_run_time_are_priced() -> None:
    found = amounts(HOT)
    assert found["on_demand.read_unit"] == 4 * Decimal("0.125")
    assert found["on_demand.write_unit"] == 2 * Decimal("0.625") + Decimal("0.000000625")
    assert found["standard_ia.put"] == Decimal("0.002")
    assert found["x86.compute"] == pytest.approx(4 * Decimal(1769) / 1024 * Decimal("0.0000166667"))
    assert found["x86.requests"] == Decimal("0.0000002")


def test_an_archiving_run_pays_copies_looks_lists_and_reading_the_cold_tier() -> None:
    found = amounts(COLD)
    assert found["deep_archive.put"] == Decimal("0.05")
    assert found["deep_archive.get"] == Decimal("0.0004")
    assert found["standard_ia.get"] == Decimal("0.001")
    assert found["standard_ia.list"] == Decimal("0.00001")
    assert found["standard_ia.retrieval"] == Decimal("0.01")
    assert found["standard_ia.delete"] == 0
    assert found["standard.put"] == Decimal("0.000005") * (3 + 1)  # receipts, and the report itself


def test_several_invocations_are_summed() -> None:
    one, two = metered([HOT], AWS, BOOK), metered([HOT, HOT], AWS, BOOK)
    assert two.total.known == 2 * one.total.known


def test_the_bytes_that_crossed_a_border_are_unknown_without_their_ratio() -> None:
    sent = {**HOT, "requests": {"target.post": 205, "hot.query": 24}}
    without = metered([sent], ABROAD, BOOK)
    assert without.incomplete
    (row,) = [row for row in without.rows if row.key.service == "transfer"]
    assert (row.quantity, row.amount) == (None, None)
    with_ratio = amounts(sent, ABROAD, sent_ratio=Decimal("0.1"))
    assert with_ratio["internet.out"] == Decimal("0.009")
    assert with_ratio["request_based.requests"] == Decimal("0.4") * 205 / 10**6


def test_an_agreement_shows_both_and_the_difference() -> None:
    agreement = compare_with_prediction([HOT], workload(), AWS, BOOK)
    frame = agreement.to_frame().set_index("price")
    assert frame.loc["total", "measured USD"] == agreement.measured.total.known
    assert frame.loc["aws lambda.x86.compute", "difference %"] == pytest.approx(0)
    assert agreement.summary().startswith("predicted $")
    assert agreement.summary().endswith("%")


def test_a_workload_is_made_from_what_a_run_moved() -> None:
    devices = [{"device_id": "a"}, {"device_id": "b"}]
    load = workload_from_reports([{**HOT, "items": 300, "devices": devices}], workload(days_between_runs=7), 179, 113)
    assert (load.devices, load.items_per_device_per_day, load.days_between_runs) == (2, 150, 1)
    assert (load.item_bytes, load.hot_item_bytes) == (179, 113)
    with pytest.raises(ConfigurationError, match="nothing was moved"):
        workload_from_reports([{**HOT, "items": 0, "devices": []}], workload(), 179, 113)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"function": "hot-reader"}, "hot-to-cold-mover, cold-to-archive-mover"),
        ({"requests": None}, "has no table 'requests'"),
        ({"units": []}, "has no table 'units'"),
        ({"seconds": -1}, "run report: seconds: -1"),
        ({"bytes": "many"}, "run report: bytes: 'many'"),
        ({"requests": {"target.teleport": 1}}, "'teleport' has no price"),
    ],
    ids=["function", "requests", "units", "seconds", "bytes", "kind"],
)
def test_what_is_no_run_report_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        metered([{**HOT, **change}], AWS, BOOK)
    assert words in str(caught.value)


def test_movers_that_count_no_units_and_no_reports_at_all_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="on azure counts no units"):
        metered([HOT], Layout("azure", "aws", "aws"), BOOK)
    with pytest.raises(ConfigurationError, match="there are none"):
        metered([], AWS, BOOK)
