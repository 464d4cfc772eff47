"""The report's plots: titles say what the numbers say, also where some are unknown; the picture is grey."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

import pytest

from l3kit.cost.analysis.budget import compare, side_by_side
from l3kit.cost.analysis.choices import break_even, compressions, delete_modes
from l3kit.cost.analysis.compression import Measured, measure_weather
from l3kit.cost.analysis.ranking import rank_layouts
from l3kit.cost.analysis.scenario import Scenario
from l3kit.cost.analysis.seed_tables import chunk_table
from l3kit.cost.analysis.sweeps import retention, sensitivity, size_text, sweep_chunk_size
from l3kit.cost.report.comparison_plots import days_kept, item_sizes, two_scenarios
from l3kit.cost.report.front_page import first_page
from l3kit.cost.report.plots import (
    break_even as break_even_plot,
)
from l3kit.cost.report.plots import chunk_sizes, compression, cost_breakdown, deletes, layouts, three_figures
from tests.unit.cost.analysis.test_compression import WEATHER
from tests.unit.cost.report.front_pages import TODAY
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
