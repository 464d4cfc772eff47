"""Comparison plots: item size, retention, two scenarios, prediction and measurement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from l3kit.cost.analysis.trial import TOLERANCE
from l3kit.cost.model.amounts import format_usd
from l3kit.cost.report.plot_style import (
    DARK,
    LIGHT,
    LINES,
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
from l3kit.cost.report.tables import quantity_text

if TYPE_CHECKING:
    from decimal import Decimal

    import pandas as pd


def item_sizes(varied: pd.DataFrame) -> Plot:
    """The bill by item size.

    Args:
        varied: the result of `sweeps.sensitivity` for `item_bytes`.
    """
    known = varied.dropna(subset=["total"])
    if known.empty:
        return nothing_to_show("The bill by item size is incomplete")
    figure, axes = figure_of(2.6)
    sizes = [float(size) for size in known["item_bytes"]]
    axes.plot(sizes, known["total"].astype(float), marker="o", markersize=4, color=DARK, label="the whole bill")
    per_byte = [float(known["total"].iloc[-1]) * size / sizes[-1] for size in sizes]
    axes.plot(sizes, per_byte, linestyle=":", color=MIDDLE, label="if every byte cost the same")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(sizes, [f"{size:,.0f}" for size in sizes], fontsize=7)
    axes.minorticks_off()
    plain_ticks(axes.yaxis)
    first, last = known["total"].iloc[0], known["total"].iloc[-1]
    say(
        axes,
        f"Items {sizes[-1] / sizes[0]:,.0f} times larger cost {last / first:,.0f} times as much: small items pay for "
        "being items, not for their bytes",
        "bytes of one item",
        "USD a month",
    )
    explain(axes)
    return Plot(figure)


def days_kept(kept: pd.DataFrame) -> Plot:
    """The bill by the retention of one tier, with the others as in the scenario.

    Args:
        kept: the result of `sweeps.retention`.
    """
    known = kept.dropna()
    if len(known) < 2:
        return nothing_to_show("The bill by days kept is incomplete")
    figure, axes = figure_of(2.8)
    per_day: dict[str, Decimal] = {}
    span = int(known["days"].iloc[-1] - known["days"].iloc[0])
    for name, (line, marker) in zip(("hot_days", "cold_days", "archive_days"), LINES, strict=True):
        tier = name.removesuffix("_days")
        values = known[name].astype(float)
        axes.plot(
            known["days"], values, linestyle=line, marker=marker, markersize=4, color=DARK, label=f"days in {tier}"
        )
        per_day[tier] = (known[name].iloc[-1] - known[name].iloc[0]) / span
    axes.set_ylim(bottom=0)
    words = ", ".join(f"{format_usd(amount * 30)} in {tier}" for tier, amount in per_day.items())
    say(axes, f"Thirty days more cost on average {words} a month", "days kept in the tier", "USD a month")
    explain(axes)
    return Plot(figure)


def two_scenarios(beside: pd.DataFrame, sentence: str) -> Plot:
    """Two bills part by part.

    Args:
        beside: the result of `budget.side_by_side`.
        sentence: the result of `budget.compare`, used as the title.
    """
    first, second, _ = beside.columns
    parts = beside.drop(index="total").dropna()
    figure, axes = figure_of(1.2 + 0.36 * max(1, len(parts)))
    places = range(len(parts))
    for shift, name, color in ((-0.2, first, LIGHT), (0.2, second, DARK)):
        bars = axes.barh([p + shift for p in places], parts[name].astype(float), 0.36, color=color, label=name)
        axes.bar_label(bars, [f" {format_usd(amount)}" for amount in parts[name]], fontsize=7)
    axes.set_yticks(list(places), list(parts.index))
    axes.invert_yaxis()
    axes.margins(x=0.12)
    say(axes, sentence.rstrip("."), "USD a month", "")
    explain(axes)
    return Plot(figure)


def predicted_beside_measured(moves: pd.DataFrame) -> Plot:
    """Plot the cost of two real moves by the model and by the meter, price by price, without run time.

    Args:
        moves: the result of `TrialMove.to_frame`.
    """
    names = list(dict.fromkeys(moves["move"]))
    figure, panels = figure_of_several(3.1, len(names))
    for axes, name in zip(panels, names, strict=True):
        rows = moves[moves["move"] == name]
        places = range(len(rows))
        labels = [price.removeprefix("aws ").replace("on_demand.", "") for price in rows["price"]]
        for column, marker, fill in (("predicted", "o", "none"), ("measured", "x", "full")):
            look = {"marker": marker, "fillstyle": fill, "markersize": 7, "color": DARK}
            axes.plot(rows[column].astype(float), places, linestyle="", label=column, **look)
        axes.grid(axis="y", color=PALE)
        axes.margins(x=0.1)
        axes.set_yticks(list(places), labels, fontsize=7)
        axes.invert_yaxis()
        axes.set_xscale("log")
        total = rows.iloc[-1]
        off = abs(total["difference"]) if total["difference"] is not None else None
        verdict = "totals unknown" if off is None else "totals agree" if off <= float(TOLERANCE) else "totals DIFFER"
        within = "" if off is None else f" within {max(0.1, off * 100):.1f} %"
        cost = quantity_text(total["measured"])
        say(axes, f"{name}: {verdict}{within}", f"USD per million items moved (measured: {cost})", "", 48)
    explain(panels[0])
    return Plot(figure)
