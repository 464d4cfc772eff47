"""A run of the archive expirer, by hand-made numbers: requests, records, and the rest of the minimum storage time."""

from __future__ import annotations

from decimal import Decimal

import pytest

from l3kit.cost.model.monthly import monthly_bill, move_bill
from l3kit.prices.price_book import load_prices
from l3kit.twin.layout import Layout
from tests.unit.cost.workloads import workload

PART = "archive storage"
BOOK, AWS = load_prices(), Layout("aws", "aws", "aws")


def test_a_run_lists_the_archive_and_the_holds_looks_at_each_chunk_and_records_each_device_twice() -> None:
    def asked(listed: int, devices: int = 10) -> dict[str, Decimal | None]:
        bill = move_bill(workload(devices=devices), AWS, BOOK, "archive-expirer", listed_objects=listed)
        return {row.item: row.quantity for row in bill.rows}

    some, more, twice = asked(2_500), asked(5_500), asked(2_500, devices=20)
    assert more["list archived objects"] == some["list archived objects"] * Decimal(7) / Decimal(4)  # type: ignore[operator]
    for item in ("look at archived objects", "record what expires"):
        assert twice[item] == 2 * some[item]  # type: ignore[operator]
    assert some["record what expires"] == 20 * some["store the run's report"]  # type: ignore[operator]


@pytest.mark.parametrize(("cloud", "least"), [("aws", 180), ("azure", 180), ("gcp", 365)])
def test_what_is_deleted_before_the_minimum_storage_time_is_billed_for_the_rest(cloud: str, least: int) -> None:
    layout = Layout(cloud, cloud, cloud)

    def early(days: int) -> Decimal:
        bill = move_bill(workload(archive_days=days), layout, BOOK, "archive-expirer")
        return sum((one.amount or Decimal(0) for one in bill.rows if one.item == "early deletion"), Decimal(0))

    assert early(least) == early(10 * least) == 0
    assert early(least - 60) > 0
    assert early(least - 120) == pytest.approx(2 * early(least - 60))


def test_a_month_has_the_expirer_only_where_data_expire() -> None:
    without, expiring = (monthly_bill(workload(), AWS, BOOK, expires=expires) for expires in (False, True))
    more = {(one.part, one.item) for one in expiring.rows} - {(one.part, one.item) for one in without.rows}
    assert (PART, "record what expires") in more
    assert ("schedules", "schedule of the archive expirer") in more
    assert expiring.total.known > without.total.known
