"""The report's first page and its tables: what is said follows from the bill, and what is unknown is said to be."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from l3kit.cost.analysis.scenario import Scenario
from l3kit.cost.analysis.seed_tables import chunk_frame
from l3kit.cost.model.amounts import format_usd
from l3kit.cost.report.findings import chunk_saving, object_share, per_cent, plain
from l3kit.cost.report.front_page import FrontPage, first_page
from l3kit.cost.report.tables import Table, bill_table, doubtful_table, frame_table, quantity_text, source_table
from l3kit.prices.price_book import load_prices
from tests.unit.cost.scenarios import UNKNOWN_WRITES, scenario

TODAY = date(2026, 11, 23)


def page(asked: Scenario) -> FrontPage:
    return first_page("A test", asked, TODAY)


@pytest.fixture(scope="module")
def whole() -> FrontPage:
    return page(scenario())


@pytest.fixture(scope="module")
def incomplete(tmp_path_factory: pytest.TempPathFactory) -> FrontPage:
    return page(scenario(prices=UNKNOWN_WRITES, folder=tmp_path_factory.mktemp("prices")))


def test_the_answer_gives_the_total_its_range_and_what_larger_chunks_save(whole: FrontPage) -> None:
    low, middle, high = (str(bill.total) for bill in whole.usage)
    assert (
        whole.answer[0] == f"A month costs {middle}; at half the usage {low}, at one and a half times as much {high}."
    )
    assert whole.answer[1].startswith("Chunks of 5 MB need 80\N{NO-BREAK SPACE}% fewer PUTs")
    assert whole.saving.saved is not None
    assert f"save {format_usd(whole.saving.saved)} a month here" in whole.answer[2]
    assert whole.title == f"A test: {middle} a month"


def test_what_expiry_would_save_is_said_only_where_it_saves() -> None:
    def says(**values: object) -> bool:
        return any("expire" in sentence for sentence in page(scenario(**values)).answer)

    assert says()
    assert not says(ttl_deletes=True)
    assert not says(layout="gcp-gcp-gcp")


@pytest.mark.parametrize(
    ("budget", "words"), [(1, "OVER THE BUDGET of $1.00"), (1000, "within the budget of $1,000.00")]
)
def test_the_answer_holds_the_bill_against_the_budget(budget: int, words: str) -> None:
    assert words in page(scenario(budget_usd=budget)).answer[-1]


def test_old_and_unconfirmed_prices_are_warned_of_with_what_rests_on_them(whole: FrontPage) -> None:
    old, doubtful = whole.warnings
    assert re.match(r"\d+ prices are older than a year or undated; \$[\d.]+ \(.+%\) of the bill rests on them", old)
    assert "not confirmed by the provider" in doubtful
    assert "list prices from 2024-11-15 to 2026-10-01, looked at on 2026-11-23" in whole.prices
    later = first_page("A test", scenario(), date(2030, 1, 1))
    assert later.warnings[0].startswith(f"{len(later.bill.keys)} prices are older")


def test_with_an_unknown_price_nothing_is_claimed_of_the_whole(incomplete: FrontPage) -> None:
    text = " ".join(incomplete.answer)
    assert "4 rows have no amount" in text
    assert "is unknown" in text
    assert "largest rows" not in text
    assert incomplete.title == "A test: the bill is incomplete"
    assert [value for value, _ in incomplete.figures][::2] == ["incomplete", "unknown"]
    assert "The total is incomplete, because these are unknown: ingest: write items" in incomplete.warnings[-1]
    assert object_share(incomplete.bill) is None


def test_the_page_is_text_and_html_of_the_same_words(whole: FrontPage) -> None:
    html = whole._repr_html_()
    assert all(sentence.replace("'", "&#x27;") in html for sentence in whole.answer)
    assert all(value in html for value, _ in whole.figures)
    assert str(whole).splitlines()[0] == whole.title
    small = whole.small_print()
    assert small._repr_html_().count("Warning:") == len(whole.warnings)
    assert all(text in str(small) for text in (*whole.assumptions, whole.prices))


def test_names_of_people_are_text_in_html() -> None:
    named = first_page("<b>x</b>", replace(scenario(), budget_usd=None), TODAY)
    assert "<b>x" not in named._repr_html_()
    assert "&lt;b&gt;" in Table(("a",), (("<b>",),))._repr_html_()


def test_larger_chunks_save_nothing_where_a_run_does_not_fill_the_small_ones() -> None:
    assert chunk_saving(scenario(items_per_device_per_day=10)).saved == 0
    saved = chunk_saving(scenario(items_per_device_per_day=86_400)).saved
    assert saved is not None
    assert saved > 0


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


def test_an_unknown_price_is_unknown_in_the_plans_table_too(tmp_path: Path) -> None:
    unknown_put = UNKNOWN_WRITES.replace("dynamodb", "s3").replace("on_demand", "standard_ia")
    unknown_put = unknown_put.replace("write_unit", "put").replace("million WRU", "1,000 requests")
    book = scenario(prices=unknown_put, folder=tmp_path).book
    frame = chunk_frame(book)
    assert frame.loc["PUT cost, cold"].tolist() == ["unknown", "unknown", "unknown"]
    assert frame.loc["objects"].tolist() == ["100", "20", "80 %"]
    assert "100 MB cost unknown" in page(scenario(prices=unknown_put, folder=tmp_path)).figures[1][1]


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


def test_shares_and_rows_in_words() -> None:
    assert [per_cent(share).replace("\N{NO-BREAK SPACE}", " ") for share in (0.4438, 0.0053, 0.0001, 0)] == [
        "44 %",
        "0.5 %",
        "less than 0.1 %",
        "0 %",
    ]
    assert plain("hot to cold: delete moved items") == "delete moved items (hot to cold)"
    assert plain("all else") == "all else"
