"""The grid: the same model for thousands of scenarios, and quick."""

from __future__ import annotations

import cProfile
from dataclasses import asdict

import pandas as pd
import pytest
from hypothesis import given, settings

from l3kit.cost.model.grid import price_grid
from l3kit.cost.model.monthly import monthly_bill
from l3kit.cost.model.uses import PARTS
from l3kit.cost.model.workload import LAYOUTS, Workload
from l3kit.errors import ConfigurationError
from l3kit.twin.layout import Layout
from tests.unit.cost.bills import BOOK
from tests.unit.cost.workloads import ANY_LAYOUT, PLAIN, WORKLOADS


@settings(max_examples=60, deadline=None)
@given(WORKLOADS, ANY_LAYOUT)
def test_the_grid_agrees_with_the_exact_model(load: Workload, layout: Layout) -> None:
    bill = monthly_bill(load, layout, BOOK)
    grid = price_grid(pd.DataFrame([{"layout": str(layout), **asdict(load)}]), BOOK).iloc[0]
    assert grid["total"] == pytest.approx(float(bill.total.known), rel=1e-9, abs=1e-12)
    for part in PARTS:
        total = bill.by_part().get(part)
        assert grid[part] == pytest.approx(float(total.known) if total else 0.0, rel=1e-9, abs=1e-9)


def test_the_grid_knows_what_is_unknown() -> None:
    grid = price_grid(
        pd.DataFrame([{"layout": "gcp-gcp-gcp", **PLAIN}, {"layout": "aws-aws-aws", **PLAIN}]),
        BOOK,
        {"gcp": "us-east1"},
    )
    assert grid["total"].isna().tolist() == [True, False]
    assert grid["cold storage"].notna().all()


def test_the_grid_keeps_order_and_index() -> None:
    rows = [{"layout": str(layout), **PLAIN} for layout in (*LAYOUTS, *LAYOUTS)]
    scenarios = pd.DataFrame(rows, index=[f"s{n}" for n in range(54)][::-1])
    grid = price_grid(scenarios, BOOK)
    assert list(grid.index) == list(scenarios.index)
    assert grid["total"].iloc[:27].tolist() == grid["total"].iloc[27:].tolist()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("devices", [1, 0], "devices, row 1: 0 is not allowed. Allowed: a whole number from 1"),
        ("item_bytes", [1.5, 2], "item_bytes, row 0"),
        ("hot_days", [1, float("nan")], "hot_days, row 1: nan"),
        ("colour", [1, 2], "colour: is not known"),
        ("layout", ["aws-aws-aws", "aws-aws"], "'aws-aws' is not allowed"),
    ],
)
def test_the_grid_names_the_column_row_and_value_that_is_not_allowed(name: str, value: object, words: str) -> None:
    scenarios = pd.DataFrame([{"layout": "aws-aws-aws", **PLAIN}] * 2).assign(**{name: value})
    with pytest.raises(ConfigurationError) as caught:
        price_grid(scenarios, BOOK)
    assert words in str(caught.value)


def test_thousands_of_scenarios_take_as_few_steps_as_27() -> None:
    """Their time is the benchmark's; what makes it short is that no step is taken for each scenario."""

    def steps(scenarios: int) -> int:
        frame = pd.DataFrame([{"layout": str(layout), **PLAIN} for layout in LAYOUTS] * (scenarios // len(LAYOUTS)))
        profile = cProfile.Profile()
        profile.runcall(price_grid, frame, BOOK)
        return sum(entry.callcount for entry in profile.getstats())

    steps(27)  # what is imported or looked up once
    assert steps(9_990) < 2 * steps(27)
