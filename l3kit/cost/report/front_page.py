"""The report's self-contained first page: question, answer, three figures, assumptions, dates, warnings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from html import escape
from typing import Any

from l3kit.cost.analysis.scenario import Scenario
from l3kit.cost.model.bill import Bill
from l3kit.cost.model.monthly import usage_range
from l3kit.cost.report.findings import ChunkSaving, answer, assumptions, chunk_saving, figures, price_dates, warnings

QUESTION = "What do storing and moving the telemetry cost in a month, and what do chunks of 5 MB instead of 1 MB save?"
_TILE = "width: 33%; text-align: left; vertical-align: top"


@dataclass(frozen=True, repr=False)
class FrontPage:
    """Result of `first_page`, in words. `figures`: value and caption of the three that matter most.

    Attributes:
        bill: the bill of a month.
        usage: bills for half, all, and one and a half times the usage.
        saving: the saving by larger chunks in this scenario.
    """

    title: str
    answer: tuple[str, ...]
    figures: tuple[tuple[str, str], ...]
    assumptions: tuple[str, ...]
    prices: str
    warnings: tuple[str, ...]
    bill: Bill
    usage: tuple[Bill, Bill, Bill]
    saving: ChunkSaving

    def __repr__(self) -> str:
        return "\n".join([self.title, QUESTION, *self.answer])

    def _repr_html_(self) -> str:
        tiles = "".join(
            f'<td style="{_TILE}"><b style="font-size: 170%">{escape(value)}</b><br/>{escape(caption)}</td>'
            for value, caption in self.figures
        )
        return (
            f'<div class="l3-front"><h3>{escape(QUESTION)}</h3><p>{escape(" ".join(self.answer))}</p>'
            f'<table class="l3-figures"><tbody><tr>{tiles}</tr></tbody></table></div>'
        )

    def small_print(self) -> SmallPrint:
        """Assumptions, dates of prices and warnings for the foot of the page."""
        return SmallPrint(self.assumptions, self.prices, self.warnings)

    def to_json(self) -> dict[str, Any]:
        """Plain values for the result file."""
        return {
            "question": QUESTION,
            "answer": list(self.answer),
            "figures": [{"value": value, "meaning": caption} for value, caption in self.figures],
            "assumptions": list(self.assumptions),
            "prices": self.prices,
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, repr=False)
class SmallPrint:
    """The foot of the first page."""

    assumptions: tuple[str, ...]
    prices: str
    warnings: tuple[str, ...]

    def __repr__(self) -> str:
        return "\n".join([*self.assumptions, self.prices, *self.warnings])

    def _repr_html_(self) -> str:
        warned = "".join(f"<li><b>Warning:</b> {escape(text)}</li>" for text in self.warnings)
        assumed = "".join(f"<li>{escape(text)}</li>" for text in self.assumptions)
        return (
            f'<div class="l3-small"><b>Assumptions</b><ul>{assumed}</ul>'
            f"<b>Prices</b><ul><li>{escape(self.prices)}</li>{warned}</ul></div>"
        )


def first_page(name: str, scenario: Scenario, today: date) -> FrontPage:
    """Price the scenario and summarize it.

    Args:
        name: name of the scenario.
        today: the date from which the age of prices is counted.
    Raises: ConfigurationError for an unknown region or a missing price.
    """
    bill = replace(scenario.bill(), title=name)
    usage = usage_range(scenario.workload, scenario.layout, scenario.book, scenario.regions)
    saving = chunk_saving(scenario)
    return FrontPage(
        f"{name}: the bill is incomplete" if bill.incomplete else f"{name}: {bill.total} a month",
        answer(scenario, bill, usage, saving),
        figures(bill, saving, scenario),
        assumptions(scenario),
        price_dates(bill, today),
        warnings(scenario, bill, today),
        bill,
        usage,
        saving,
    )
