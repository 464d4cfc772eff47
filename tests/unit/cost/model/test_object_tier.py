"""What objects bill for being small, short-lived or deleted, by hand-made numbers."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from l3kit.cost.model.monthly import monthly_bill
from l3kit.cost.model.workload import DAYS_PER_MONTH
from l3kit.twin.layout import Layout
from tests.unit.cost.bills import AWS, BOOK, GB, overlaid, row
from tests.unit.cost.workloads import workload


def test_cloud_storage_bills_deleted_objects_for_seven_more_days(tmp_path: Path) -> None:
    layout = Layout("aws", "gcp", "gcp")
    bill = monthly_bill(workload(), layout, BOOK)
    kept, objects = (row(bill, "cold storage", item) for item in ("kept after deletion", "objects"))
    assert kept.quantity == pytest.approx(objects.quantity * 7 / 60)  # type: ignore[operator]
    text = """\
provider: gcp
regions:
  us-central1:
    gcs:
      coldline:
        soft_delete: {value: 0, unit: days, source: my bucket}
"""
    without = monthly_bill(workload(), layout, overlaid(tmp_path, text))
    assert not [r for r in without.rows if (r.part, r.item) == ("cold storage", "kept after deletion")]


def test_small_objects_count_as_128_kib_in_standard_ia_and_not_elsewhere() -> None:
    small = {"items_per_device_per_day": 10, "item_bytes": 1_000}
    padding = row(monthly_bill(workload(**small), AWS, BOOK), "cold storage", "minimum object size")
    objects = 10 * DAYS_PER_MONTH
    assert padding.quantity == objects * (131_072 - 10_011) * 60 / DAYS_PER_MONTH / GB
    for cloud in ("azure", "gcp"):
        bill = monthly_bill(workload(**small), Layout("aws", cloud, cloud), BOOK)  # type: ignore[arg-type]
        assert not [r for r in bill.rows if r.item == "minimum object size"]


@pytest.mark.parametrize(
    ("cloud", "days", "missing"), [("aws", 30, 0), ("aws", 10, 20), ("azure", 29, 1), ("gcp", 60, 30), ("gcp", 90, 0)]
)
def test_what_leaves_the_cold_tier_too_early_is_billed_for_the_missing_days(
    cloud: str, days: int, missing: int
) -> None:
    layout = Layout("aws", cloud, "aws")  # type: ignore[arg-type]
    bill = monthly_bill(workload(cold_days=days), layout, BOOK)
    early = [r for r in bill.rows if (r.part, r.item) == ("cold storage", "early deletion")]
    assert len(early) == (missing > 0)
    if early:
        kept = row(bill, "cold storage", "objects")
        assert early[0].quantity == pytest.approx(kept.quantity * missing / days)  # type: ignore[operator]


def test_a_deep_archive_object_brings_40_kb_along_for_at_least_180_days() -> None:
    bill = monthly_bill(workload(archive_days=90), AWS, BOOK)
    objects = 10 * DAYS_PER_MONTH
    overhead, index = (row(bill, "archive storage", f"{what} per object") for what in ("overhead", "index entry"))
    assert overhead.quantity == pytest.approx(objects * 32_768 * 180 / DAYS_PER_MONTH / GB)
    assert index.quantity == pytest.approx(objects * 8_192 * 180 / DAYS_PER_MONTH / GB)
    assert (overhead.unit_price, index.unit_price) == (Decimal("0.00099"), Decimal("0.023"))
    assert row(bill, "archive storage", "early deletion").quantity == row(bill, "archive storage", "objects").quantity
