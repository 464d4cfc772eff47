"""The report's tables: every row with its kind, date and source; sums that hold; unknowns that are said to be."""

from __future__ import annotations

from decimal import Decimal

import pytest

from l3kit.cost.model.amounts import format_usd
from l3kit.cost.report.front_page import FrontPage
from l3kit.cost.report.tables import bill_table, doubtful_table, frame_table, quantity_text, source_table
from l3kit.prices.price_book import load_prices
from tests.unit.cost.report.front_pages import TODAY
from tests.unit.cost.scenarios import scenario


def test_every_row_of_the_bill_tells_its_kind_the_prices_date_and_its_source(whole: FrontPage) -> None:
    table, sources = bill_table(whole.bill), dict(source_table(whole.bill).rows)
    lines = [row for number, row in enumerate(table.rows) if number not in table.strong]
    assert len(lines) == len(whole.bill.rows)
    for line, row in zip(lines, whole.bill.rows, strict=True):
        assert line[5] == row.kind
        assert line[6].startswith(row.as_of.isoformat() if row.as_of else "undated")
        assert line[6].endswith("*") is not row.confirmed
        assert sources[line[7]] == row.source
    assert table.rows[-1][4] == str(whole.bill.total)


@pytest.mark.parametrize("devices", [1, 100, 7_777])
def test_the_parts_shown_sum_to_the_total_shown(devices: int) -> None:
    bill = scenario(devices=devices).bill()
    table = bill_table(bill)
    *parts, total = (Decimal(table.rows[n][4].replace("$", "").replace(",", "")) for n in sorted(table.strong))
    assert sum(parts) == total
    assert table.rows[-1][4] == format_usd(bill.total.known)


def test_totals_over_an_unknown_row_are_incomplete_in_the_table(incomplete: FrontPage) -> None:
    table = bill_table(incomplete.bill)
    strong = {table.rows[number][0]: table.rows[number][4] for number in table.strong}
    assert strong["ingest"] == "incomplete: $0.00 and 1 unknown"
    assert strong["total"].startswith("incomplete: $")
    assert not strong["cold storage"].startswith("incomplete")
    assert [row[4] for row in table.rows if row[0].startswith("write items")] == ["unknown"]


def test_doubtful_prices_are_listed_once_with_the_reason(incomplete: FrontPage) -> None:
    book = load_prices()
    asked = scenario()
    bill = asked.bill()
    table = doubtful_table(bill, book, book.stale(TODAY, bill.keys))
    doubts = {row[0]: row[2] for row in table.rows}
    assert len(doubts) == len(table.rows)
    assert doubts["aws us-east-1 s3.standard_ia.put"] == "not confirmed, older than a year"
    assert doubts["aws us-east-1 s3.standard_ia.storage"] == "not confirmed"
    assert "aws us-east-1 dynamodb.on_demand.write_unit" not in doubts


def test_a_frame_for_reading_shows_money_shares_and_what_is_not_known() -> None:
    import pandas as pd

    frame = pd.DataFrame(
        [["a", Decimal("0.00031"), 0.8, True], ["b", None, None, False]], columns=["name", "USD", "share", "confirmed"]
    )
    table = frame_table(frame.astype(object), money=["USD"], share=["share"])
    assert table.rows == (("a", "$0.00031", "80.0 %", "yes"), ("b", "unknown", "unknown", "no"))
    assert table.numeric == {"USD", "share"}


@pytest.mark.parametrize(
    ("value", "text"),
    [("26298000", "26,298,000"), ("0.000030437", "0.00003044"), ("12.49", "12.49"), ("0", "0"), ("1.50", "1.5")],
)
def test_quantities_keep_four_digits_that_say_something(value: str, text: str) -> None:
    assert quantity_text(Decimal(value)) == text
