"""What each database of items bills for a write, a delete and expiry, by hand-made numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from l3kit.cost.model.monthly import monthly_bill
from l3kit.cost.model.workload import DAYS_PER_MONTH
from l3kit.twin.layout import Layout
from tests.unit.cost.bills import AWS, BOOK, row
from tests.unit.cost.workloads import workload


def test_a_write_takes_a_unit_per_kilobyte_begun() -> None:
    for size, units in ((1, 1), (1024, 1), (1025, 2), (400_000, 391)):
        written = row(monthly_bill(workload(item_bytes=size), AWS, BOOK), "ingest", "write items")
        items = Decimal(10 * 1440) * DAYS_PER_MONTH
        assert written.quantity == items * units / 10**6
        assert written.amount == items * units / 10**6 * Decimal("0.625")


def test_a_delete_costs_as_much_as_the_write_on_dynamodb_and_nothing_by_ttl() -> None:
    bill = monthly_bill(workload(), AWS, BOOK)
    assert row(bill, "hot to cold", "delete moved items").amount == row(bill, "ingest", "write items").amount
    expired = row(monthly_bill(workload(ttl_deletes=True), AWS, BOOK), "hot to cold", "expire moved items")
    assert (expired.amount, expired.quantity) == (0, row(bill, "ingest", "write items").quantity)


@pytest.mark.parametrize(("cloud", "free"), [("aws", True), ("azure", False), ("gcp", False)])
def test_expiry_is_free_on_dynamodb_only(cloud: str, free: bool) -> None:
    layout = Layout.parse(f"{cloud}-aws-aws")
    expired = row(monthly_bill(workload(ttl_deletes=True), layout, BOOK), "hot to cold", "expire moved items")
    assert expired.amount is not None
    assert (expired.amount == 0) == free


def test_cosmos_units_lie_between_the_documented_sizes() -> None:
    layout = Layout("azure", "azure", "azure")
    items = 10 * 1440 * DAYS_PER_MONTH / 10**6
    for size, units in ((500, "4.95"), (1024, "4.95"), (1536, "5.62"), (4096, "6.67"), (16_384, "9.52")):
        written = row(monthly_bill(workload(item_bytes=size), layout, BOOK), "ingest", "write items")
        assert written.quantity == items * Decimal(units), size
