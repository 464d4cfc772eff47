"""Content of the report's first page for a scenario: the answer, three figures, assumptions, dates, warnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from l3kit.cost.analysis.ranking import waterfall
from l3kit.cost.analysis.scenario import Scenario
from l3kit.cost.analysis.seed_tables import CHUNK_MB, MOVED_MB, Comparison, chunk_table
from l3kit.cost.analysis.sweeps import depends_on_objects, size_text
from l3kit.cost.model.amounts import format_usd
from l3kit.cost.model.bill import Bill, total_of
from l3kit.cost.model.monthly import monthly_bill
from l3kit.cost.report.tables import quantity_text
from l3kit.prices.price_file import Figure
from l3kit.tiering.counts import count_of

SMALL_CHUNK, LARGE_CHUNK = 2**20, 5 * 2**20
_SPACE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class ChunkSaving:
    """A month of the scenario with chunks of 1 MiB and of 5 MiB."""

    small: Bill
    large: Bill

    @property
    def saved(self) -> Decimal | None:
        """USD per month; None if a bill is incomplete."""
        small, large = self.small.total.amount, self.large.total.amount
        return None if small is None or large is None else small - large

    def summary(self) -> str:
        """Describe how much of the whole bill the larger chunks save."""
        if self.saved is None or not self.small.total.known:
            return "What larger chunks save of the whole bill is unknown: it is incomplete."
        share = abs(self.saved) / self.small.total.known
        word = "save" if self.saved >= 0 else "add"
        return (
            f"Of the whole bill, chunks of {size_text(LARGE_CHUNK)} instead of {size_text(SMALL_CHUNK)} {word} "
            f"{format_usd(abs(self.saved))} a month here, which is {per_cent(share)}."
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
    """The share of a bill, 0 to 1, that depends on the number of objects; None if unknown."""
    total = bill.total.amount
    if not total:
        return None
    return total_of(row for row in bill.rows if depends_on_objects(row)).known / total


def answer(scenario: Scenario, bill: Bill, usage: Sequence[Bill], saving: ChunkSaving) -> tuple[str, ...]:
    """The answer in sentences, the most important first."""
    objects = plan_row(chunk_table(scenario.book), "objects")
    low, high = usage[0].total, usage[2].total
    cost = f"A month costs {bill.total}; at half the usage {low}, at one and a half times as much {high}."
    if bill.incomplete:
        unknown = count_of(bill.total.unknown, "row has", "rows have") + " no amount"
        cost = f"What a month costs is not known in full: {unknown}, the others {_known(bill)}."
    return (
        cost,
        f"Chunks of {CHUNK_MB[1]} MB need {per_cent(objects.saving)} fewer PUTs than of {CHUNK_MB[0]} MB, as planned.",
        saving.summary(),
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
    """Return a sentence on expiry of moved items if it would save money; otherwise nothing."""
    if scenario.workload.ttl_deletes:
        return ()
    workload = replace(scenario.workload, ttl_deletes=True)
    expired = monthly_bill(workload, scenario.layout, scenario.book, scenario.regions).total.amount
    if expired is None or bill.total.amount is None or expired >= bill.total.amount:
        return ()
    saved = bill.total.amount - expired
    return (
        f"Moved items that expire instead of being deleted, which l3kit's movers do not offer yet, would save "
        f"{format_usd(saved)} a month ({per_cent(saved / bill.total.amount)}).",
    )


def _budget(scenario: Scenario, bill: Bill) -> tuple[str, ...]:
    budget = scenario.budget_usd
    if budget is None:
        return ()
    if bill.total.known > budget:
        return (f"That is OVER THE BUDGET of {format_usd(budget)}.",)
    if bill.incomplete:
        return (f"Whether that is within the budget of {format_usd(budget)} is unknown.",)
    return (f"That is within the budget of {format_usd(budget)}.",)


def figures(bill: Bill, saving: ChunkSaving, scenario: Scenario) -> tuple[tuple[str, str], ...]:
    """Value and meaning of the three figures that matter most."""
    plan = chunk_table(scenario.book)
    objects, cold = plan_row(plan, "objects"), plan_row(plan, "PUT cost, cold")
    share = object_share(bill)
    return (
        ("incomplete", f"the known rows {_known(bill)} a month on {scenario.layout}, {bill.total.unknown} rows unknown")
        if bill.incomplete
        else (str(bill.total), f"a month, on {scenario.layout}"),
        (
            per_cent(objects.saving),
            f"of the PUTs saved by chunks of {CHUNK_MB[1]} MB: {MOVED_MB} MB cost {usd(cold.second)} instead of "
            f"{usd(cold.first)}",
        ),
        (
            "unknown" if share is None else per_cent(share),
            "of the month's bill depends on the number of objects at all",
        ),
    )


def assumptions(scenario: Scenario) -> tuple[str, ...]:
    """Return the assumptions behind the bill."""
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


def price_dates(bill: Bill, today: date) -> str:
    """Describe the age of the prices."""
    dates = sorted(row.as_of for row in bill.rows if row.as_of is not None)
    between = f"from {dates[0].isoformat()} to {dates[-1].isoformat()}" if dates else "undated"
    looked = f"looked at on {today.isoformat()}; doubtful ones are listed below the whole bill"
    return f"{len(bill.keys)} list prices {between}, {looked}."


def warnings(scenario: Scenario, bill: Bill, today: date) -> tuple[str, ...]:
    """Doubtful prices and their share of the bill; unknown rows."""
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
    return f"; {format_usd(amount)} ({per_cent(amount / bill.total.amount)}) of the bill rests on them"


def _clouds(scenario: Scenario) -> list[Any]:
    return [scenario.layout.hot, scenario.layout.cold, scenario.layout.archive]


def _known(bill: Bill) -> str:
    return f"sum to {format_usd(bill.total.known)}"


def plan_row(plan: Sequence[Comparison], metric: str) -> Comparison:
    """The row of the plan's table with this name."""
    return next(row for row in plan if row.metric == metric)


def usd(amount: Decimal) -> str:
    """Format like `format_usd`, but also NaN, which tables have for unknown amounts."""
    return format_usd(None if amount.is_nan() else amount)


def plain(item: str) -> str:
    """`hot to cold: delete moved items` for display: `delete moved items (hot to cold)`."""
    part, _, what = item.partition(": ")
    return f"{what} ({part})" if what else item


def per_cent(share: Decimal | float) -> str:
    """0.4438 as `44 %`, 0.0053 as `0.5 %`, smaller values as `less than 0.1 %`, with a non-breaking space."""
    value = abs(float(share)) * 100
    if value and value < 0.1:
        return f"less than {per_cent(0.001)}"
    return f"{value:.0f}{_SPACE}%" if value >= 10 or value == 0 else f"{value:.1f}{_SPACE}%"
