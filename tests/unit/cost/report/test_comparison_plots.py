"""A measured move beside its prediction: whether they agree is said in words and in the plot."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit.cost.analysis.meter import Agreement
from l3kit.cost.analysis.trial import TrialMove
from l3kit.cost.report.comparison_plots import predicted_beside_measured
from l3kit.errors import CheckFailedError
from tests.unit.cost.bills import run
from tests.unit.cost.report.test_plots import text
from tests.unit.cost.scenarios import UNKNOWN_WRITES, scenario


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
