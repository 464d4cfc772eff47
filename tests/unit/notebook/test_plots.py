"""Plots of the notebooks: each title states what its numbers say."""

from __future__ import annotations

import pandas as pd

from l3kit.notebook.plots import crash_sweep, history_by_tier, tiers_over_time

DAYS = pd.date_range("2026-03-01", periods=2, tz="UTC")


def title(figure: object) -> str:
    return figure.axes[0].get_title()  # type: ignore[attr-defined, no-any-return]


def test_the_title_tells_the_share_that_left_the_hot_tier_by_the_last_run() -> None:
    rows = [(DAYS[0], "hot", 400), (DAYS[1], "hot", 100), (DAYS[1], "cold", 200), (DAYS[1], "archive", 100)]
    figure = tiers_over_time(pd.DataFrame(rows, columns=["time", "tier", "items"]))
    assert title(figure).startswith("After the last run 75 % of the items")
    shown = figure.axes[0].get_legend().get_texts()
    assert {text.get_text() for text in shown} == {"hot", "cold", "archive"}


def test_a_history_tells_how_many_readings_each_tier_gave_and_no_tier_that_gave_none() -> None:
    frame = pd.DataFrame({"time": DAYS, "tier": ["cold", "hot"], "t": ["1.5", "2"]})
    assert title(history_by_tier(frame, "t", "K")) == "2 readings as one history: 1 from hot, 1 from cold"


def test_a_sweep_with_a_missing_item_says_so() -> None:
    whole = pd.DataFrame({"only hot": [4, 0], "in both": [0, 4], "only cold": [0, 0], "only cold then": [4, 4]})
    assert "Killed after each of 2 calls: no kill loses an item" in title(crash_sweep(whole))
    for column in ("in both", "only cold then"):
        missing = whole.copy()
        missing.loc[1, column] = 3
        assert "ITEMS ARE MISSING" in title(crash_sweep(missing))
