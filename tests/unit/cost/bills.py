"""What the tests of bills share: the book, a layout, and finding a row."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from l3kit.cost.model.bill import Bill, Row
from l3kit.cost.model.monthly import move_bill
from l3kit.prices.price_book import PriceBook, load_prices
from l3kit.twin.layout import Layout
from tests.unit.cost.workloads import workload

BOOK = load_prices()
AWS, GCP = Layout("aws", "aws", "aws"), Layout("gcp", "gcp", "gcp")
UNKNOWN_REGION = {"gcp": "us-east1"}
"""Where not every price of Google Cloud is known."""
GB = Decimal(2**30)


def row(bill: Bill, part: str, item: str) -> Row:
    (found,) = [r for r in bill.rows if (r.part, r.item) == (part, item)]
    return found


def run(mover: str, layout: Layout = AWS, **other: Any) -> Bill:
    return move_bill(workload(**other), layout, BOOK, mover)  # type: ignore[arg-type]


def overlaid(folder: Path, text: str) -> PriceBook:
    path = folder / "mine.yaml"
    path.write_text(text)
    return load_prices(path)
