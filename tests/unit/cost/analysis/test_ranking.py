"""Layouts side by side, what a bill is made of, and how much of it is confirmed."""

from __future__ import annotations

import pytest

from l3kit.cost.analysis.ranking import rank_layouts, unconfirmed_share, waterfall
from l3kit.cost.model.monthly import monthly_bill
from l3kit.cost.model.workload import all_layouts
from tests.unit.cost.bills import AWS, BOOK, GCP, UNKNOWN_REGION
from tests.unit.cost.workloads import workload


def test_all_layouts_are_ranked_by_their_total() -> None:
    frame = rank_layouts(workload(), BOOK)
    assert sorted(frame["layout"]) == sorted(map(str, all_layouts()))
    assert frame["total"].is_monotonic_increasing
    assert frame["times the cheapest"].iloc[0] == 1
    assert (frame.loc[frame["crossings"] == 0, "egress"] == 0).all()
    assert (frame.loc[frame["crossings"] > 0, "egress"] > 0).all()
    assert frame["unconfirmed"].between(0, 1).all()


def test_layouts_with_unknown_prices_come_last_and_have_no_total() -> None:
    frame = rank_layouts(workload(), BOOK, UNKNOWN_REGION)  # type: ignore[arg-type]
    assert frame["total"].isna().tolist() == [False] * 18 + [True] * 9
    assert frame["layout"].tail(9).str.startswith("gcp-").all()


def test_the_waterfall_ends_at_the_total() -> None:
    bill = monthly_bill(workload(), AWS, BOOK)
    frame = waterfall(bill, most=5)
    assert len(frame) == 6
    assert frame["item"].iloc[-1] == "all else"
    assert frame["USD"].iloc[:5].is_monotonic_decreasing
    assert frame["end"].iloc[-1] == bill.total.known
    assert frame["start"].tolist()[1:] == frame["end"].tolist()[:-1]
    assert frame["share"].sum() == pytest.approx(1)


def test_the_waterfall_shows_what_is_unknown_last() -> None:
    frame = waterfall(monthly_bill(workload(), GCP, BOOK, UNKNOWN_REGION))  # type: ignore[arg-type]
    assert frame["USD"].isna().tolist()[-1]
    assert "ingest: write items" in frame[frame["USD"].isna()]["item"].tolist()


def test_the_share_of_unconfirmed_prices() -> None:
    assert unconfirmed_share(monthly_bill(workload(), GCP, BOOK, UNKNOWN_REGION)) is None  # type: ignore[arg-type]
    share = unconfirmed_share(monthly_bill(workload(), AWS, BOOK))
    assert share is not None
    assert 0 < share < 1
