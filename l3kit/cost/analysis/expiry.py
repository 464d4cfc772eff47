"""The archive's cost with and without expiry: a steady state, or growth without end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from l3kit.cost.model.amounts import format_usd
from l3kit.cost.model.bill import Bill
from l3kit.cost.model.monthly import monthly_bill
from l3kit.cost.model.workload import DAYS_PER_MONTH, Workload

if TYPE_CHECKING:
    from l3kit.prices.price_book import PriceBook
    from l3kit.prices.price_file import Provider
    from l3kit.twin.layout import Layout

PART, EARLY = "archive storage", "early deletion"
LONG = Decimal(10_000)
"""Days in the archive beyond every minimum storage time."""


@dataclass(frozen=True, slots=True)
class ExpiryCost:
    """The cost of the archive's storage in USD, its expirer included.

    Attributes:
        days: time that data stay in the archive.
        steady: the cost of a month, once the archive holds that many days.
        early: the part of that for data deleted before the minimum storage time of their class.
        growth: increase from month to month without expiry.
    """

    days: Decimal
    steady: Decimal
    early: Decimal
    growth: Decimal

    def kept(self, months: int) -> Decimal:
        """Return a month's USD without expiry, after this many months."""
        return self.growth * months

    def summary(self) -> str:
        early = f", {format_usd(self.early)} of it for early deletion" if self.early else ""
        return (
            f"With expiry after {self.days:,.0f} days in the archive it costs {format_usd(self.steady)} a month and "
            f"stays there{early}; without, each month costs {format_usd(self.growth)} more than the one before"
        )


def expiry_cost(
    workload: Workload, layout: Layout, book: PriceBook, regions: Mapping[Provider, str] | None = None
) -> ExpiryCost:
    """Price the archive of a workload whose data expire after `archive_days` there.

    Raises: ConfigurationError, as `monthly_bill` does.
    """
    bill = monthly_bill(workload, layout, book, regions, expires=True)
    now, later = (
        _stored(monthly_bill(replace(workload, archive_days=days), layout, book, regions))
        for days in (LONG, LONG + DAYS_PER_MONTH)
    )
    early = sum((row.amount or Decimal(0) for row in bill.rows if (row.part, row.item) == (PART, EARLY)), Decimal(0))
    return ExpiryCost(workload.archive_days, _stored(bill), early, later - now)


def _stored(bill: Bill) -> Decimal:
    parts = bill.by_part()
    return parts[PART].known if PART in parts else Decimal(0)
