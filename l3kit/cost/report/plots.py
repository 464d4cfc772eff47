"""Plots of the cost report: each title states the finding, each axis its unit, and all read well in grey."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from l3kit.cost.analysis.compression import Measured
from l3kit.cost.analysis.ranking import waterfall
from l3kit.cost.analysis.seed_tables import CHUNK_MB, MOVED_MB, Comparison
from l3kit.cost.analysis.sweeps import ChunkSweep, size_text
from l3kit.cost.model.amounts import format_usd, format_usd_parts
from l3kit.cost.model.bill import Bill
from l3kit.cost.report.findings import object_share, per_cent, plain, plan_row, usd
from l3kit.cost.report.front_page import FrontPage
from l3kit.cost.report.plot_style import (
    DARK,
    LIGHT,
    LOOKS,
    MIDDLE,
    PALE,
    Plot,
    explain,
    figure_of,
    figure_of_several,
    nothing_to_show,
    plain_ticks,
    say,
)
from l3kit.tiering.settings.tuning import MAX_CHUNK_BYTES

if TYPE_CHECKING:
    import pandas as pd


_GROUPS: Mapping[str, tuple[str, ...]] = {
    "ingest and hot storage": ("ingest", "hot storage"),
    "moves": ("hot to cold", "cold to archive", "schedules"),
    "cold and archive storage": ("cold storage", "archive storage"),
    "reads": ("reads",),
}


def three_figures(page: FrontPage, plan: Sequence[Comparison]) -> Plot:
    """The first page's plots: the plan's saving, the parts of the bill, and half and one and a half times the usage.

    Args:
        plan: the result of `seed_tables.chunk_table`.
    """
    figure, (left, middle, right) = figure_of_several(2.9, 3, width_ratios=(1, 1.5, 1.1))
    objects, puts = plan_row(plan, "objects"), plan_row(plan, "PUT cost, cold")
    counts = (objects.first, objects.second)
    bars = left.bar([f"{size} MB" for size in CHUNK_MB], [float(n) for n in counts], color=(LIGHT, DARK))
    left.bar_label(bars, [usd(amount) for amount in (puts.first, puts.second)], fontsize=8)
    left.margins(y=0.15)
    right.margins(y=0.15)
    say(left, f"{MOVED_MB} MB: {per_cent(objects.saving)} fewer PUTs", "chunks of", "PUTs into the cold tier")
    known = "known " if page.bill.incomplete else ""
    frame = waterfall(page.bill, most=4).dropna(subset=["USD"]).iloc[::-1]
    names = [textwrap.fill(plain(item), 22) for item in frame["item"]]
    bars = middle.barh(names, frame["USD"].astype(float), color=MIDDLE)
    middle.bar_label(bars, [f" {per_cent(share)}" for share in frame["share"]], fontsize=8)
    middle.margins(x=0.2)
    middle.tick_params(axis="y", labelsize=7)
    say(middle, f"What the {known}{format_usd(page.bill.total.known)} are for", "USD a month", "")
    totals = [float(bill.total.known) for bill in page.usage]
    bars = right.bar(["× 0.5", "× 1", "× 1.5"], totals, color=(LIGHT, DARK, LIGHT))
    right.bar_label(bars, [format_usd(bill.total.known) for bill in page.usage], fontsize=8)
    say(right, _proportion(page.usage), "usage", "USD a month")
    return Plot(figure)


def _proportion(usage: Sequence[Bill]) -> str:
    low, middle, high = (bill.total.amount for bill in usage)
    if low is None or middle is None or high is None:
        return "Known part of the bill by usage"
    proportional = middle and abs((high - low) / middle - 1) < Decimal("0.05")
    return "The bill grows with the usage" if proportional else "A part of the bill is fixed"


def cost_breakdown(bill: Bill) -> Plot:
    """A waterfall from the largest row to the total."""
    frame = waterfall(bill)
    known = frame.dropna(subset=["USD"])
    names = [plain(item) for item in known["item"]] + ["total" if not bill.incomplete else "total, incomplete"]
    starts = [*known["start"].astype(float), 0.0]
    amounts = [*known["USD"], bill.total.known]
    figure, axes = figure_of(0.6 + 0.28 * len(names))
    colors = [MIDDLE] * len(known) + [DARK]
    bars = axes.barh(names, [float(a) for a in amounts], left=starts, color=colors)
    axes.bar_label(
        bars, [f" {text}" for text in (*format_usd_parts(known["USD"].tolist()), format_usd(amounts[-1]))], fontsize=8
    )
    axes.invert_yaxis()
    axes.margins(x=0.12)
    share = object_share(bill)
    if share is None or known.empty:
        title = f"The total is unknown: {bill.total}"
    else:
        title = (
            f"'{plain(known['item'].iloc[0]).capitalize()}' is {per_cent(known['share'].iloc[0])} of the bill; "
            f"all that depends on the number of objects is {per_cent(share)}"
        )
    say(axes, title, "USD a month", "")
    return Plot(figure)


def chunk_sizes(sweep: ChunkSweep) -> Plot:
    """The bill by chunk size, and the part of it that depends on the number of objects."""
    if sweep.optimum is None or sweep.flat is None:
        return nothing_to_show("The best chunk size is unknown: a bill is incomplete")
    frame = sweep.to_frame()
    figure, axes = figure_of(3.0)
    sizes = frame["chunk bytes"].astype(float)
    rest, total = frame["rest USD"].astype(float), frame["total USD"].astype(float)
    axes.fill_between(sizes, 0, rest, color=PALE, label="does not depend on the number of objects")
    axes.fill_between(sizes, rest, total, color=DARK, label="requests and overheads of objects")
    low, high = (float(size) for size in sweep.flat)
    axes.hlines(float(total.min()) * 1.08, low, high, color=MIDDLE, linewidth=3, label="within 1 % of the least")
    axes.axvline(MAX_CHUNK_BYTES, color=DARK, linestyle=":", label=f"l3kit's largest, {size_text(MAX_CHUNK_BYTES)}")
    axes.plot([sweep.optimum], [float(total.min())], "v", color=DARK, markersize=8, label="least bill")
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(sizes), [size_text(int(size)) for size in sizes], rotation=45, ha="right", fontsize=7)
    axes.set_ylim(0, float(total.max()) * 1.2)
    say(
        axes,
        f"The bill is least with chunks of {size_text(sweep.optimum)}, and the same within 1 % from "
        f"{size_text(sweep.flat[0])} to {size_text(sweep.flat[1])}",
        "largest chunk, uncompressed",
        "USD a month",
    )
    explain(axes)
    return Plot(figure)


def compression(measured: Measured, bills: pd.DataFrame) -> Plot:
    """Ratios measured on the sample, and the bill with each.

    Args:
        bills: the result of `choices.compressions`.
    """
    figure, (left, right) = figure_of_several(2.6, 2)
    ratios = {**{f"{name}\nat rest": float(ratio) for name, ratio in measured.at_rest.items()}}
    ratios["gzip\non the wire"] = float(measured.wire)
    bars = left.bar(list(ratios), [100 * ratio for ratio in ratios.values()], color=(PALE, LIGHT, MIDDLE, DARK))
    left.bar_label(bars, [f"{100 * ratio:.0f} %" for ratio in ratios.values()], fontsize=8)
    best = min(measured.at_rest, key=lambda name: measured.at_rest[name])
    say(left, f"{best} makes the items {1 / measured.at_rest[best]:.0f} times smaller", "", "% of the bytes")
    totals = dict(zip(bills["compression"], bills["total"], strict=True))
    known = {name: total for name, total in totals.items() if total is not None}
    bars = right.bar(list(known), [float(total) for total in known.values()], color=(PALE, LIGHT, MIDDLE)[: len(known)])
    right.bar_label(bars, [format_usd(total) for total in known.values()], fontsize=8)
    plain_total = known.get("none")
    if plain_total and len(known) == len(totals):
        saved = plain_total - min(known.values())
        title = f"and the month {format_usd(saved)} ({per_cent(saved / plain_total)}) cheaper"
    else:
        title = "The totals are incomplete"
    for axes in (left, right):
        axes.margins(y=0.15)
    say(right, title, "", "USD a month")
    return Plot(figure)


def layouts(ranked: pd.DataFrame, chosen: str) -> Plot:
    """All layouts, the cheapest first.

    Args:
        ranked: the result of `ranking.rank_layouts`.
        chosen: the scenario's, marked with an arrow.
    """
    known = ranked.dropna(subset=["total"])
    if known.empty:
        return nothing_to_show("No layout has a complete bill")
    figure, axes = figure_of(0.9 + 0.2 * len(known))
    names = [f"→ {layout}" if layout == chosen else layout for layout in known["layout"]]
    base = known["total"].astype(float) * 0
    for (group, parts), (color, hatch) in zip(_GROUPS.items(), LOOKS, strict=False):
        amount = sum((known[part].astype(float) for part in parts), base * 0)
        if amount.any():
            axes.barh(
                names, amount, left=base, color=color, hatch=hatch, edgecolor="#555555", linewidth=0.4, label=group
            )
        base = base + amount
    for row, (total, doubt) in enumerate(zip(known["total"], known["unconfirmed"], strict=True)):
        axes.text(float(total), row, f" {format_usd(total)}, {per_cent(doubt)} unconfirmed", va="center", fontsize=7)
    axes.invert_yaxis()
    axes.tick_params(axis="y", labelsize=7)
    axes.margins(x=0.28, y=0.01)
    missing = len(ranked) - len(known)
    title = (
        f"{known['layout'].iloc[0]} is the cheapest at {format_usd(known['total'].iloc[0])}; the dearest costs "
        f"{known['times the cheapest'].iloc[-1]:.1f} times as much"
    ) + (f"; {missing} are incomplete" if missing else "")
    say(axes, title, "USD a month; clouds of hot-cold-archive", "")
    explain(axes)
    return Plot(figure)


def break_even(tables: Mapping[str, pd.DataFrame], days: Mapping[str, Decimal]) -> Plot:
    """Months until cheaper storage elsewhere has paid for the egress.

    Args:
        tables: results of `choices.break_even`, by tier.
        days: the scenario's retention of the tier.
    """
    figure, axes = figure_of(3.0)
    rows = [(tier, row) for tier, table in tables.items() for row in table.to_dict("records")]
    names = [f"{tier}: {row['from']} to {row['to']}" for tier, row in rows]
    months = [float(row["months"]) if row["months"] is not None else 0.0 for _, row in rows]
    bars = axes.barh(names, months, color=[LIGHT if tier == "cold" else DARK for tier, _ in rows])
    axes.bar_label(bars, [f" {_when(row)}" for _, row in rows], fontsize=7)
    axes.invert_yaxis()
    axes.tick_params(axis="y", labelsize=7)
    axes.margins(x=0.3)
    axes.set_xscale("symlog", linthresh=1)
    plain_ticks(axes.xaxis)
    pays = [
        name
        for name, month, (tier, _) in zip(names, months, rows, strict=True)
        if 0 < month <= float(days[tier]) / 30.4375
    ]
    kept = " and ".join(f"{float(number):g} days in {tier}" for tier, number in days.items())
    verdict = f"pays only from {', '.join(pays)}" if pays else "never pays: items leave before storage has saved it"
    say(axes, f"With {kept}, crossing a border for cheaper storage {verdict}", "months until it has paid", "")
    return Plot(figure)


def _when(row: Mapping[Any, Any]) -> str:
    return str(row["verdict"]).partition(":")[0]


def deletes(modes: pd.DataFrame) -> Plot:
    """Cost of deletes by the mover and by expiry, for each hot store.

    Args:
        modes: the result of `choices.delete_modes`.
    """
    figure, axes = figure_of(2.6)
    known = modes.dropna(subset=["paid deletes", "TTL"])
    if known.empty:
        return nothing_to_show("What removing moved items costs is not known for any hot store")
    axes.margins(y=0.15)
    places = range(len(known))
    for shift, column, color in ((-0.2, "paid deletes", MIDDLE), (0.2, "TTL", DARK)):
        bars = axes.bar([p + shift for p in places], known[column].astype(float), 0.38, color=color, label=column)
        axes.bar_label(bars, [format_usd(amount) for amount in known[column]], fontsize=8)
    axes.set_xticks(list(places), list(known["hot"]))
    saving = known[known["saved"] > 0]
    if saving.empty:
        title = f"Expiry saves nothing on {' and '.join(known['hot'])}"
    else:
        saved = " and ".join(
            format_usd(row["saved"])
            + (f" ({per_cent(row['share'])} of the bill)" if row["share"] is not None else "")
            + f" on {row['hot']}"
            for row in saving.to_dict("records")
        )
        others = " and ".join(known[known["saved"] <= 0]["hot"])
        title = f"Expiry instead of deletes saves {saved}" + (f", nothing on {others}" if others else "")
    unknown = modes[~modes.index.isin(known.index)]["hot"]
    title += f"; not known for {' and '.join(unknown)}" if len(unknown) else ""
    say(axes, title, "hot store", "USD a month")
    explain(axes)
    return Plot(figure)
