"""The report's first page: what is said follows from the bill, and what is unknown is said to be."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from l3kit.cost.analysis.seed_tables import chunk_frame
from l3kit.cost.model.amounts import format_usd
from l3kit.cost.report.findings import object_share
from l3kit.cost.report.front_page import FrontPage, first_page
from l3kit.cost.report.tables import Table
from tests.unit.cost.report.front_pages import TODAY, page
from tests.unit.cost.scenarios import UNKNOWN_WRITES, scenario


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


def test_an_unknown_price_is_unknown_in_the_plans_table_too(tmp_path: Path) -> None:
    unknown_put = UNKNOWN_WRITES.replace("dynamodb", "s3").replace("on_demand", "standard_ia")
    unknown_put = unknown_put.replace("write_unit", "put").replace("million WRU", "1,000 requests")
    book = scenario(prices=unknown_put, folder=tmp_path).book
    frame = chunk_frame(book)
    assert frame.loc["PUT cost, cold"].tolist() == ["unknown", "unknown", "unknown"]
    assert frame.loc["objects"].tolist() == ["100", "20", "80 %"]
    assert "100 MB cost unknown" in page(scenario(prices=unknown_put, folder=tmp_path)).figures[1][1]
