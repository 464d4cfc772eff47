"""The archive's cost with expiry is a steady state; without, it grows by the same amount each month."""

from __future__ import annotations

from l3kit.cost.analysis.expiry import expiry_cost
from l3kit.cost.model.monthly import monthly_bill
from l3kit.prices.price_book import load_prices
from l3kit.twin.layout import Layout
from tests.unit.cost.workloads import workload

LAYOUT, BOOK = Layout("aws", "aws", "aws"), load_prices()


def test_the_steady_state_is_what_the_archive_costs_with_that_many_days_and_its_expirer() -> None:
    found = expiry_cost(workload(archive_days=3650), LAYOUT, BOOK)
    kept, expiring = (
        monthly_bill(workload(archive_days=3650), LAYOUT, BOOK, expires=expires).by_part()["archive storage"].known
        for expires in (False, True)
    )
    assert found.steady == expiring > kept
    assert found.growth > 0
    assert abs(found.kept(120) - kept) < kept / 10  # ten years of growth are what ten years cost
    assert found.early == 0
    assert "stays there; without, each month costs" in found.summary()


def test_a_short_stay_costs_early_deletion() -> None:
    found = expiry_cost(workload(archive_days=30), LAYOUT, BOOK)
    assert 0 < found.early < found.steady
    assert "of it for early deletion; without" in found.summary()
