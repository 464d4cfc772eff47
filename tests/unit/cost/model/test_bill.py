"""Bills: sums, steps over all rows, allowances, ranges, and what is unknown."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings

from l3kit.cost.model.monthly import monthly_bill, move_bill, usage_range
from l3kit.cost.model.workload import DAYS_PER_MONTH, LAYOUTS, Workload
from l3kit.twin.layout import Layout
from tests.unit.cost.bills import AWS, BOOK, overlaid, row
from tests.unit.cost.workloads import ANY_LAYOUT, WORKLOADS, workload


def test_egress_of_both_moves_climbs_the_steps_together() -> None:
    layout, large = Layout("aws", "gcp", "aws"), {"devices": 10_000_000}
    bill = monthly_bill(workload(**large), Layout("aws", "azure", "azure"), BOOK)
    sent = row(bill, "hot to cold", "chunks sent to the cold tier's cloud")
    gigabytes = Decimal(sent.quantity or 0)
    assert gigabytes > 153_600
    assert sent.amount == pytest.approx(
        10_240 * Decimal("0.09")
        + 40_960 * Decimal("0.085")
        + 102_400 * Decimal("0.07")
        + (gigabytes - 153_600) * Decimal("0.05")
    )
    reading = monthly_bill(workload(**large, reads_leave_cloud=True, archive_read_share=1), layout, BOOK)
    rows = [r for r in reading.rows if r.key.service == "transfer" and r.key.provider == "aws"]
    assert [r.item for r in rows] == ["chunks sent to the cold tier's cloud", "archived chunks read from outside"]
    assert rows[1].amount == pytest.approx(rows[1].quantity * Decimal("0.05"))  # type: ignore[operator]


def test_allowances_are_subtracted_only_when_asked_for() -> None:
    paid, free = (monthly_bill(workload(free_tiers=flag), AWS, BOOK) for flag in (False, True))
    assert row(paid, "hot to cold", "run time of hot-to-cold-mover").amount > 0  # type: ignore[operator]
    assert row(free, "hot to cold", "run time of hot-to-cold-mover").amount == 0
    assert row(free, "hot storage", "items").amount == 0  # 12 GB of the 25 free ones
    assert row(free, "ingest", "write items").amount == row(paid, "ingest", "write items").amount


def test_a_price_that_is_not_known_makes_its_row_unknown_and_the_totals_incomplete() -> None:
    bill = monthly_bill(workload(), Layout("gcp", "gcp", "gcp"), BOOK, {"gcp": "us-east1"})
    written = row(bill, "ingest", "write items")
    assert (written.amount, written.unit_price) == (None, None)
    assert written.quantity == 10 * 1440 * DAYS_PER_MONTH / 100_000
    assert bill.incomplete
    assert bill.total.amount is None
    assert str(bill.total).startswith("incomplete: $")
    assert bill.by_part()["ingest"].amount is None
    assert bill.by_part()["cold storage"].complete
    assert bill.to_json()["total_usd"] == "incomplete"
    assert bill.parts_frame().loc["total", "note"] == "incomplete"
    assert written.to_json()["amount_usd"] == "unknown"


def test_a_quantity_that_is_not_known_makes_its_row_unknown(tmp_path: Path) -> None:
    text = """\
provider: azure
regions:
  eastus:
    cosmos_db:
      serverless:
        item_overhead: {value: null, unit: bytes per item, source: nobody knows}
"""
    bill = monthly_bill(workload(), Layout("azure", "azure", "azure"), overlaid(tmp_path, text))
    overhead = row(bill, "hot storage", "overhead per item")
    assert (overhead.quantity, overhead.amount) == (None, None)
    assert bill.incomplete
    assert "unknown" in bill.to_csv()


def test_every_row_says_how_it_was_found_and_where_its_price_is_from() -> None:
    for layout in LAYOUTS:
        for line in monthly_bill(workload(cold_read_share=1, archive_read_share=1), layout, BOOK).rows:
            assert line.kind in ("measured", "estimated", "list price")
            assert line.source
            assert line.unit
            assert line.amount is not None


def test_the_range_of_usage_goes_up_and_contains_the_middle() -> None:
    low, middle, high = usage_range(workload(), AWS, BOOK)
    assert low.total.known < middle.total.known < high.total.known
    written = [row(bill, "ingest", "write items").quantity for bill in (low, middle, high)]
    assert written[0] * 2 == written[1] == written[2] * 2 / 3  # type: ignore[operator]


def test_the_prices_of_a_users_file_reach_the_bill_with_their_source(tmp_path: Path) -> None:
    text = """\
provider: aws
regions:
  us-east-1:
    s3:
      standard_ia:
        put: {value: 1, unit: "USD per 1,000 requests", as_of: 2026-11-01, source: my contract}
"""
    bill = move_bill(workload(), AWS, overlaid(tmp_path, text), "hot-to-cold-mover")
    stored = row(bill, "hot to cold", "store chunks")
    assert (stored.amount, stored.source, stored.confirmed) == (Decimal("0.01"), "my contract", False)


@settings(max_examples=60, deadline=None)
@given(WORKLOADS, ANY_LAYOUT)
def test_parts_sum_to_the_totals_shown(load: Workload, layout: Layout) -> None:
    bill = monthly_bill(load, layout, BOOK)
    assert sum((total.known for total in bill.by_part().values()), Decimal(0)) == bill.total.known
    assert sum((r.amount or Decimal(0) for r in bill.rows), Decimal(0)) == bill.total.known
    for places in (0, 2, 4):
        shown = [Decimal(text.replace(",", "")) for text in bill.parts_frame(places)["USD"]]
        assert sum(shown[:-1], Decimal(0)) == shown[-1]
        assert abs(shown[-1] - bill.total.known) <= Decimal(1).scaleb(-places) / 2


@settings(max_examples=60, deadline=None)
@given(WORKLOADS, ANY_LAYOUT)
def test_no_row_is_negative_and_none_is_without_use(load: Workload, layout: Layout) -> None:
    for line in monthly_bill(load, layout, BOOK).rows:
        assert line.quantity is not None
        assert line.quantity > 0, line
        assert line.amount is not None
        assert line.amount >= 0, line


def test_more_and_larger_items_never_cost_less() -> None:
    for name, values in (("item_bytes", (10, 100, 1_000, 10_000)), ("items_per_device_per_day", (1, 10, 100, 1_000))):
        totals = [monthly_bill(workload(**{name: value}), AWS, BOOK).total.known for value in values]
        assert all(a < b for a, b in pairwise(totals))
