"""Two bills in one sentence, budgets, and money as text."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.cost.analysis.budget import check_budget, compare, side_by_side
from l3kit.cost.model.amounts import format_usd, round_parts
from l3kit.cost.model.monthly import monthly_bill, move_bill
from l3kit.errors import BudgetExceededError, CheckFailedError, ConfigurationError
from l3kit.prices.price_book import load_prices
from l3kit.twin.layout import Layout
from tests.unit.cost.workloads import workload

BOOK = load_prices()
AWS, GCP = Layout("aws", "aws", "aws"), Layout("gcp", "gcp", "gcp")
BILL = monthly_bill(workload(), AWS, BOOK)
UNKNOWN = monthly_bill(workload(), GCP, BOOK, {"gcp": "us-east1"})


def test_the_difference_is_one_sentence_that_names_the_largest_part() -> None:
    other = monthly_bill(workload(ttl_deletes=True), AWS, BOOK)
    saved = BILL.total.known - other.total.known
    text = compare(BILL, other)
    assert text.startswith(f"aws-aws-aws, a month costs {format_usd(saved)} (")
    assert "less than aws-aws-aws, a month; most of it is hot to cold (-$" in text
    assert text.count(". ") == 0
    assert text.endswith(".")
    assert " more than " in compare(other, BILL)


def test_equal_bills_are_called_equal() -> None:
    assert compare(BILL, BILL) == f"aws-aws-aws, a month costs as much as aws-aws-aws, a month: {BILL.total}."


def test_side_by_side_the_differences_sum_to_the_totals() -> None:
    other = monthly_bill(workload(), Layout("aws", "aws", "gcp"), BOOK)
    frame = side_by_side(BILL, other)
    assert list(frame.columns) == ["aws-aws-aws, a month", "aws-aws-gcp, a month", "difference"]
    assert frame["difference"].iloc[:-1].sum() == frame.loc["total", "difference"]
    assert frame.loc["ingest", "difference"] == 0
    assert frame.loc["total", "difference"] == other.total.known - BILL.total.known
    unknown = side_by_side(BILL, UNKNOWN)
    assert unknown.loc["total", "difference"] is None
    assert unknown.loc["cold storage", "difference"] is not None
    assert side_by_side(BILL, BILL).columns.is_unique


def test_an_incomplete_bill_is_not_compared_in_full() -> None:
    text = compare(BILL, UNKNOWN)
    assert "cannot be compared in full, because gcp-gcp-gcp, a month has unknown rows" in text
    assert "%" not in text


def test_a_budget_that_is_exceeded_raises_with_the_largest_part() -> None:
    check_budget(BILL, BILL.total.known)
    with pytest.raises(BudgetExceededError, match=r"over the budget of \$0\.10\. The largest part is ") as caught:
        check_budget(BILL, "0.1")
    assert format_usd(BILL.total.known - Decimal("0.1")) in str(caught.value)


def test_a_budget_cannot_be_kept_by_an_incomplete_bill() -> None:
    with pytest.raises(BudgetExceededError, match="incomplete"):
        check_budget(UNKNOWN, 0)
    with pytest.raises(CheckFailedError, match="may or may not be within") as caught:
        check_budget(UNKNOWN, 10**6)
    assert "firestore.writes" in str(caught.value)


@pytest.mark.parametrize("budget", [-1, "much", float("inf"), True])
def test_a_budget_is_an_amount_of_money(budget: object) -> None:
    with pytest.raises(ConfigurationError, match="budget_usd"):
        check_budget(BILL, budget)  # type: ignore[arg-type]


def test_a_move_is_compared_like_a_month() -> None:
    large, small = (
        move_bill(workload(items_per_device_per_day=100_000, chunk_bytes=size), AWS, BOOK, "cold-to-archive-mover")
        for size in (2**20, 5 * 2**20)
    )
    assert "less than" in compare(large, small)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1234.567", "$1,234.57"),
        ("0", "$0.00"),
        ("0.5", "$0.50"),
        ("0.0312", "$0.031"),
        ("0.000314159", "$0.00031"),
        ("-2", "-$2.00"),
        (None, "unknown"),
    ],
)
def test_money_as_text(amount: str | None, text: str) -> None:
    assert format_usd(None if amount is None else Decimal(amount)) == text


@given(st.lists(st.decimals(0, 10**6, places=7), max_size=12), st.integers(0, 5))
def test_rounded_parts_sum_to_the_rounded_sum(parts: list[Decimal], places: int) -> None:
    rounded = round_parts(parts, places)
    unit = Decimal(1).scaleb(-places)
    assert sum(rounded, Decimal(0)) == sum(parts, Decimal(0)).quantize(unit)
    assert all(abs(a - b) < unit for a, b in zip(rounded, parts, strict=True))
