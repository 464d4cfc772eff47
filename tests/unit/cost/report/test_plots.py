"""The report's plots: titles say what the numbers say, also where some are unknown; the picture is grey."""

from __future__ import annotations

import io
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from l3kit.cost.analysis.budget import compare, side_by_side
from l3kit.cost.analysis.choices import break_even, compressions, delete_modes
from l3kit.cost.analysis.compression import Measured, measure_weather
from l3kit.cost.analysis.meter import Agreement
from l3kit.cost.analysis.ranking import rank_layouts
from l3kit.cost.analysis.scenario import Scenario
from l3kit.cost.analysis.seed_tables import chunk_table
from l3kit.cost.analysis.sweeps import retention, sensitivity, size_text, sweep_chunk_size
from l3kit.cost.analysis.trial import TrialMove
from l3kit.cost.report.comparison_plots import days_kept, item_sizes, predicted_beside_measured, two_scenarios
from l3kit.cost.report.front_page import first_page
from l3kit.cost.report.plots import (
    break_even as break_even_plot,
)
from l3kit.cost.report.plots import chunk_sizes, compression, cost_breakdown, deletes, layouts, three_figures
from l3kit.errors import CheckFailedError
from tests.unit.cost.analysis.test_compression import WEATHER
from tests.unit.cost.bills import run
from tests.unit.cost.report.test_front_page import TODAY
from tests.unit.cost.scenarios import UNKNOWN_WRITES, scenario

ASKED = scenario()


@pytest.fixture(scope="module")
def incomplete(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return scenario(prices=UNKNOWN_WRITES, folder=tmp_path_factory.mktemp("prices"))


def text(plot: object) -> str:
    return str(plot).replace("\N{NO-BREAK SPACE}", " ")


@cache
def weather() -> Measured:
    return measure_weather(WEATHER)


def plots_of(asked: Scenario) -> list[str]:
    """The titles of all plots that price whole months."""
    w, layout, book = asked.workload, asked.layout, asked.book
    page = first_page("A test", asked, TODAY)
    measured = weather()
    drawn = [
        three_figures(page, chunk_table(book)),
        cost_breakdown(page.bill),
        chunk_sizes(sweep_chunk_size(w, layout, book)),
        compression(measured, compressions(w, layout, book, measured)),
        layouts(rank_layouts(w, book), str(layout)),
        deletes(delete_modes(w, book)),
        item_sizes(sensitivity(w, layout, book, "item_bytes", [100, 1000])),
        days_kept(retention(w, layout, book, [1, 365])),
        two_scenarios(side_by_side(page.bill, page.usage[0]), compare(page.bill, page.usage[0])),
    ]
    assert all(plot._repr_png_().startswith(b"\x89PNG") for plot in drawn)
    return [text(plot) for plot in drawn]


@pytest.mark.slow
def test_titles_of_a_whole_bill_state_what_was_found() -> None:
    titles = plots_of(ASKED)
    sweep = sweep_chunk_size(ASKED.workload, ASKED.layout, ASKED.book)
    assert sweep.optimum is not None
    assert titles[0].startswith("100 MB: 80 % fewer PUTs; What the $")
    assert f"least with chunks of {size_text(sweep.optimum)}, and the same within 1 %" in titles[2]
    assert "gzip makes the items 11 times smaller" in titles[3]
    cheapest = rank_layouts(ASKED.workload, ASKED.book)["layout"].iloc[0]
    assert titles[4].startswith(f"{cheapest} is the cheapest at $")
    assert "on aws, nothing on azure and gcp" in titles[5]
    assert not any("incomplete" in title or "unknown" in title for title in titles)


def test_titles_over_unknown_prices_claim_nothing(incomplete: Scenario) -> None:
    titles = plots_of(incomplete)
    assert "Known part of the bill by usage" in titles[0]
    assert titles[1].startswith("The total is unknown: incomplete: $")
    assert titles[2] == "The best chunk size is unknown: a bill is incomplete"
    assert titles[3].endswith("The totals are incomplete")
    assert titles[4].endswith("9 are incomplete")
    assert titles[5] == "Expiry saves nothing on azure and gcp; not known for aws"
    assert titles[6:8] == ["The bill by item size is incomplete", "The bill by days kept is incomplete"]
    assert "cannot be compared in full" in titles[8]


@pytest.mark.slow
def test_nothing_sent_is_drawn_too() -> None:
    assert "The bill by" not in " ".join(plots_of(scenario(items_per_device_per_day=0)))


def test_crossing_pays_only_where_items_stay_long_enough() -> None:
    tables = {"cold": break_even(ASKED.book, "cold"), "archive": break_even(ASKED.book, "archive")}
    brief = break_even_plot(tables, {"cold": Decimal(60), "archive": Decimal(275)})
    assert "With 60 days in cold and 275 days in archive, crossing a border" in text(brief)
    assert "never pays" in text(brief)
    years = break_even_plot(tables, {"cold": Decimal(365), "archive": Decimal(275)})
    assert "pays only from cold: aws to gcp, cold: azure to gcp" in text(years)


def test_the_picture_has_no_colours() -> None:
    picture = Image.open(io.BytesIO(cost_breakdown(ASKED.bill())._repr_png_()))
    assert picture.mode == "L"
    assert min(picture.size) > 100


def agreement(predicted_items: int, measured_items: int) -> TrialMove:
    """A move whose prediction is for other items than were measured."""
    bills = [run("hot-to-cold-mover", items_per_device_per_day=n) for n in (predicted_items, measured_items)]
    return TrialMove(1000, (10, 20), 5_242_880, (("hot-to-cold-mover", Agreement(*bills)),))


def test_a_move_that_agrees_says_so_in_words_and_plot() -> None:
    move = agreement(1000, 1005)
    assert move.check() == "Both bills agree with their predictions within 2 %."
    assert text(predicted_beside_measured(move.to_frame())).startswith("hot to cold: totals agree within 0.")
    assert move.stored() == "1,000 items lie in 2 objects of 10 to 20 bytes; a chunk may have 5,242,880."


def test_a_move_that_does_not_agree_fails() -> None:
    move = agreement(1000, 1100)
    with pytest.raises(CheckFailedError, match="prediction and measurement differ"):
        move.check()
    assert "totals DIFFER" in text(predicted_beside_measured(move.to_frame()))


def test_parts_of_a_moves_table_sum_to_its_total_without_run_time() -> None:
    frame = agreement(1000, 1005).to_frame().set_index("price")
    assert not any("compute" in price or "ingest" in price for price in frame.index)
    for column in ("predicted", "measured"):
        assert sum(frame[column].iloc[:-1]) == frame.loc["total", column]


def test_a_move_with_an_unknown_price_is_neither_right_nor_wrong(tmp_path: Path) -> None:
    from l3kit.cost.model.monthly import move_bill

    asked = scenario(prices=UNKNOWN_WRITES, folder=tmp_path)
    bill = move_bill(asked.workload, asked.layout, asked.book, "hot-to-cold-mover")
    move = TrialMove(1000, (10,), 100, (("hot-to-cold-mover", Agreement(bill, bill)),))
    assert "is unknown for hot-to-cold-mover" in move.check()
    assert move.to_frame().set_index("price").loc["total", "measured"] is None
    assert text(predicted_beside_measured(move.to_frame())) == "hot to cold: totals unknown"
