"""A month: what waits in the hot tier, restores and look-ups, by hand-made numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from l3kit.cost.model.monthly import monthly_bill
from l3kit.twin.layout import Layout
from tests.unit.cost.bills import AWS, BOOK, GB, row
from tests.unit.cost.workloads import workload


def test_items_wait_half_the_time_between_two_runs_beyond_their_days_in_hot() -> None:
    kept = row(monthly_bill(workload(days_between_runs=4), AWS, BOOK), "hot storage", "items")
    assert kept.quantity == Decimal(10 * 1440 * 1000 * 32) / GB


def test_archives_are_restored_faster_for_more() -> None:
    slow, fast = (
        monthly_bill(workload(archive_read_share="0.5", bulk_restores=bulk), AWS, BOOK).by_part()["reads"].known
        for bulk in (True, False)
    )
    assert slow * 3 < fast


def test_looking_for_an_item_reads_a_whole_chunk() -> None:
    looking = {"cold_lookups_per_month": 1_000, "items_per_device_per_day": 5_237 * 2}  # two full chunks a run
    bill = monthly_bill(workload(**looking), AWS, BOOK)
    chunk = 5_237 * 1_001 + 1
    (fee,) = [r for r in bill.rows if r.part == "reads" and r.key.rate == "retrieval"]
    assert fee.quantity == pytest.approx(Decimal(1_000 * chunk) / GB)
    (gets,) = [r for r in bill.rows if r.part == "reads" and r.key.rate == "get"]
    assert gets.quantity == pytest.approx(Decimal(1))
    halved = monthly_bill(workload(**looking, chunk_bytes=chunk // 2), AWS, BOOK)
    assert halved.by_part()["reads"].known < bill.by_part()["reads"].known


@pytest.mark.parametrize(
    ("layout", "expires", "on_aws", "on_google"),
    [
        ("aws-aws-aws", False, [11, 4], []),
        ("gcp-aws-aws", False, [6, 2], [6, 2]),
        ("gcp-gcp-aws", False, [], [11, 4]),
        ("azure-azure-aws", False, [], []),
        ("aws-aws-aws", True, [13, 5], []),
        ("gcp-gcp-aws", True, [3, 1], [11, 4]),
        ("aws-aws-gcp", True, [11, 4], [3, 1]),
    ],
)
def test_alarms_cost_by_their_number_where_they_are_asked_for_and_offered(
    layout: str, expires: bool, on_aws: list[int], on_google: list[int]
) -> None:
    without, with_them = (
        monthly_bill(workload(alarms=on), Layout.parse(layout), BOOK, expires=expires) for on in (False, True)
    )
    expected = Decimal(0)
    for service, counts, prices in (
        ("cloudwatch", on_aws, ("0.1", "0.3")),
        ("monitoring", on_google, ("1.53", "0.26")),
    ):
        assert [row for row in without.rows if row.key.service == service] == []
        assert [int(row.quantity or 0) for row in with_them.rows if row.key.service == service] == counts
        expected += sum(Decimal(price) * count for price, count in zip(prices, counts, strict=False))
    assert with_them.total.known - without.total.known == pytest.approx(expected)
