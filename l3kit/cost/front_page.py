"""The report's first page, which can be read alone: question, answer, three figures, assumptions, dates, warnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from html import escape
from typing import Any

from l3kit.cost.amounts import shown
from l3kit.cost.bill import Bill, total_of
from l3kit.cost.model import monthly_bill, usage_range
from l3kit.cost.price_file import Figure
from l3kit.cost.ranking import waterfall
from l3kit.cost.scenario import Scenario
from l3kit.cost.seed_tables import CHUNK_MB, MOVED_MB, chunk_table
from l3kit.cost.sweeps import depends_on_objects, size_text
from l3kit.cost.tables import quantity_text

QUESTION = "What do storing and moving the telemetry cost in a month, and what do chunks of 5 MB instead of 1 MB save?"
_SPACE = "\N{NO-BREAK SPACE}"
_TILE = "width: 33%; text-align: left; vertical-align: top"
SMALL_CHUNK, LARGE_CHUNK = 2**20, 5 * 2**20


@dataclass(frozen=True, slots=True)
class ChunkSaving:
    """A month of the scenario with chunks of 1 MiB and of 5 MiB."""

    small: Bill
    large: Bill

    @property
    def saved(self) -> Decimal | None:
        """USD a month; None where a bill is incomplete."""
        small, large = self.small.total.amount, self.large.total.amount
        return None if small is None or large is None else small - large

    def sentence(self) -> str:
        """What the larger chunks save of the whole bill."""
        if self.saved is None or not self.small.total.known:
            return "What larger chunks save of the whole bill cannot be told: it is incomplete."
        share = abs(self.saved) / self.small.total.known
        word = "save" if self.saved >= 0 else "add"
        return (
            f"Of the whole bill, chunks of {size_text(LARGE_CHUNK)} instead of {size_text(SMALL_CHUNK)} {word} "
            f"{shown(abs(self.saved))} a month here, which is {per_cent(share)}."
        )


@dataclass(frozen=True, repr=False)
class FrontPage:
    """What `first_page` found, in words. `figures`: value and caption of the three that matter most.

    Attributes:
        bill: of the month.
        usage: bills for half, all, and one and a half times the usage.
        saving: of larger chunks in this scenario.
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
        """Assumptions, dates of prices, warnings: for the foot of the page."""
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
    """Price the scenario and say what matters.

    Args:
        name: of the scenario.
        today: against which prices are old.
    Raises: ConfigurationError for an unknown region or a missing price.
    """
    bill = replace(scenario.bill(), title=name)
    usage = usage_range(scenario.workload, scenario.layout, scenario.book, scenario.regions)
    saving = chunk_saving(scenario)
    return FrontPage(
        f"{name}: {bill.total} a month",
        _answer(scenario, bill, usage, saving),
        _figures(bill, saving, scenario),
        _assumptions(scenario),
        _price_dates(bill, today),
        _warnings(scenario, bill, today),
        bill,
        usage,
        saving,
    )


def chunk_saving(scenario: Scenario) -> ChunkSaving:
    """The scenario's month with chunks of 1 MiB and of 5 MiB."""
    small, large = (
        monthly_bill(
            replace(scenario.workload, chunk_bytes=Decimal(size)), scenario.layout, scenario.book, scenario.regions
        )
        for size in (SMALL_CHUNK, LARGE_CHUNK)
    )
    return ChunkSaving(small, large)


def object_share(bill: Bill) -> Decimal | None:
    """The part of a bill, 0 to 1, that depends on the number of objects; None where it is not known."""
    total = bill.total.amount
    if not total:
        return None
    return total_of(row for row in bill.rows if depends_on_objects(row)).known / total


def _answer(scenario: Scenario, bill: Bill, usage: Sequence[Bill], saving: ChunkSaving) -> tuple[str, ...]:
    cold = next(c for c in chunk_table(scenario.book) if c.metric == "PUT cost, cold")
    low, high = usage[0].total, usage[2].total
    return (
        f"A month costs {bill.total}; at half the usage {low}, at one and a half times as much {high}.",
        f"Chunks of {CHUNK_MB[1]} MB need {per_cent(cold.saving)} fewer PUTs than of {CHUNK_MB[0]} MB, as planned.",
        saving.sentence(),
        *_largest(bill),
        *_expiry(scenario, bill),
        *_budget(scenario, bill),
    )


def _largest(bill: Bill) -> tuple[str, ...]:
    items = waterfall(bill, most=2)
    if bill.incomplete or len(items) < 2:
        return ()
    named = zip(items["item"][:2], items["share"][:2], strict=True)
    first, second = (f"'{plain(item)}', {per_cent(share)}" for item, share in named)
    return (f"The largest rows of the bill are {first}, and {second}.",)


def _expiry(scenario: Scenario, bill: Bill) -> tuple[str, ...]:
    """What would save more than any chunk size, where it does."""
    if scenario.workload.ttl_deletes:
        return ()
    workload = replace(scenario.workload, ttl_deletes=True)
    expired = monthly_bill(workload, scenario.layout, scenario.book, scenario.regions).total.amount
    if expired is None or bill.total.amount is None or expired >= bill.total.amount:
        return ()
    saved = bill.total.amount - expired
    return (
        f"Letting moved items expire instead of deleting them would save {shown(saved)} a month "
        f"({per_cent(saved / bill.total.amount)}).",
    )


def _budget(scenario: Scenario, bill: Bill) -> tuple[str, ...]:
    budget = scenario.budget_usd
    if budget is None:
        return ()
    if bill.total.known > budget:
        return (f"That is OVER THE BUDGET of {shown(budget)}.",)
    if bill.incomplete:
        return (f"Whether that is within the budget of {shown(budget)} cannot be told.",)
    return (f"That is within the budget of {shown(budget)}.",)


def _figures(bill: Bill, saving: ChunkSaving, scenario: Scenario) -> tuple[tuple[str, str], ...]:
    cold = next(c for c in chunk_table(scenario.book) if c.metric == "PUT cost, cold")
    share = object_share(bill)
    return (
        (str(bill.total), f"a month, on {scenario.layout}"),
        (
            per_cent(cold.saving),
            f"of the PUT costs saved by chunks of {CHUNK_MB[1]} MB: {MOVED_MB} MB cost {shown(cold.second)} instead of "
            f"{shown(cold.first)}",
        ),
        (
            "unknown" if share is None else per_cent(share),
            "of the month's bill depends on the number of objects at all",
        ),
    )


def _assumptions(scenario: Scenario) -> tuple[str, ...]:
    w = scenario.workload
    number = quantity_text
    stored = f"{number(w.at_rest_ratio * 100)} % of their size at rest and {number(w.wire_ratio * 100)} % on the wire"
    where = ", ".join(f"{cloud} {scenario.regions[cloud]}" for cloud in dict.fromkeys(_clouds(scenario)))
    every = "daily" if w.days_between_runs == 1 else f"every {number(w.days_between_runs)} days"
    deletes = "expire in the hot store" if w.ttl_deletes else "are deleted from the hot store by the mover"
    return (
        f"{number(w.devices)} devices send {number(w.items_per_device_per_day)} items of {number(w.item_bytes)} bytes "
        f"a day each, {number(w.items_per_month / 10**6)} million a month, all of one size and evenly.",
        f"Items stay {number(w.hot_days)} days in hot, {number(w.cold_days)} in cold, {number(w.archive_days)} in the "
        f"archive; all tiers are full. Movers run {every}; moved items {deletes}.",
        f"Chunks hold at most {size_text(w.chunk_bytes)}, and keep {stored}"
        + (" (measured on the sample)." if scenario.measured else "."),
        _reads(scenario),
        f"Regions: {where}. List prices before tax, "
        + ("less the monthly allowances" if w.free_tiers else "without free allowances")
        + "; run times are estimated from the benchmark.",
    )


def _reads(scenario: Scenario) -> str:
    w = scenario.workload
    reads = (w.hot_reads_per_device_per_day, w.cold_read_share, w.archive_read_share)
    lookups = (w.cold_lookups_per_month, w.archive_lookups_per_month)
    if not any((*reads, *lookups)):
        return "Nobody reads anything: what readers cost comes on top."
    parts = [
        f"{quantity_text(reads[0])} hot reads per device and day",
        f"{quantity_text(reads[1] * 100)} % of cold and {quantity_text(reads[2] * 100)} % of the archive a month",
        f"{quantity_text(lookups[0])} and {quantity_text(lookups[1])} single items there",
    ]
    return f"Read are {', '.join(parts)}; " + ("they leave the cloud." if w.reads_leave_cloud else "inside the cloud.")


def _price_dates(bill: Bill, today: date) -> str:
    dates = sorted(row.as_of for row in bill.rows if row.as_of is not None)
    between = f"from {dates[0].isoformat()} to {dates[-1].isoformat()}" if dates else "undated"
    looked = f"looked at on {today.isoformat()}; doubtful ones are listed below the whole bill"
    return f"{len(bill.keys)} list prices {between}, {looked}."


def _warnings(scenario: Scenario, bill: Bill, today: date) -> tuple[str, ...]:
    found = []
    if stale := scenario.book.stale(today, bill.keys):
        found.append(f"{_prices(len(stale))} older than a year or undated{_weight(bill, stale)}.")
    if doubtful := scenario.book.unconfirmed(bill.keys):
        found.append(f"{_prices(len(doubtful))} not confirmed by the provider{_weight(bill, doubtful)}.")
    if bill.incomplete:
        names = "; ".join(row.name for row in bill.rows if row.amount is None)
        found.append(f"The total is incomplete, because these are unknown: {names}.")
    return tuple(found)


def _prices(count: int) -> str:
    return f"{count} price is" if count == 1 else f"{count} prices are"


def _weight(bill: Bill, figures: Sequence[Figure]) -> str:
    keys = {figure.key for figure in figures}
    if not bill.total.amount:
        return ""
    amount = total_of(row for row in bill.rows if row.key in keys).known
    return f"; {shown(amount)} ({per_cent(amount / bill.total.amount)}) of the bill rests on them"


def _clouds(scenario: Scenario) -> list[Any]:
    return [scenario.layout.hot, scenario.layout.cold, scenario.layout.archive]


def plain(item: str) -> str:
    """`hot to cold: delete moved items` for people: `delete moved items (hot to cold)`."""
    part, _, what = item.partition(": ")
    return f"{what} ({part})" if what else item


def per_cent(share: Decimal | float) -> str:
    """0.4438 as `44 %`, 0.0053 as `0.5 %`, less than a tenth of a per cent as that; never broken before the sign."""
    value = abs(float(share)) * 100
    if value and value < 0.1:
        return f"less than {per_cent(0.001)}"
    return f"{value:.0f}{_SPACE}%" if value >= 10 or value == 0 else f"{value:.1f}{_SPACE}%"
