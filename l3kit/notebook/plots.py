"""Plots of the notebooks: each title states the finding, each axis its unit, and all are legible in greyscale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from l3kit.twin.layout import TIERS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

GREYS = {"hot": "#222222", "cold": "#7f7f7f", "archive": "#b5b5b5"}
HATCHES = {"hot": "", "cold": "//", "archive": ".."}


def tiers_over_time(history: pd.DataFrame) -> Figure:
    """Plot the items in each tier after each run.

    Args:
        history: columns `time` (datetime), `tier`, `items`.
    """
    figure, axes = _figure(8, 3.6)
    table = history.pivot_table(index="time", columns="tier", values="items", aggfunc="sum", fill_value=0)
    columns = [tier for tier in TIERS if tier in table]
    stacks = axes.stackplot(
        table.index,
        [table[tier] / 1000 for tier in columns],
        labels=columns,
        colors=[GREYS[tier] for tier in columns],
        edgecolor="white",
    )
    for stack, tier in zip(stacks, columns, strict=True):
        stack.set_hatch(HATCHES[tier])
    last = table.iloc[-1]
    share = 100 * (1 - last.get("hot", 0) / max(1, last.sum()))
    axes.set_title(f"After the last run {share:.0f} % of the items have left the hot tier; the total never changes")
    axes.set_ylabel("thousand items")
    axes.set_xlabel("scheduled time of the run")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, reverse=True)
    figure.autofmt_xdate()
    return figure


def history_by_tier(frame: pd.DataFrame, quantity: str, unit: str) -> Figure:
    """Plot one device's quantity over time, shaded by the tier it was read from.

    Args:
        frame: columns `time`, `tier` and the quantity.
    """
    figure, axes = _figure(8, 3.2)
    styles: dict[str, dict[str, Any]] = {
        "hot": {"marker": "o", "markersize": 2.0},
        "cold": {"marker": "s", "markersize": 1.5},
        "archive": {"marker": "^", "markersize": 1.5},
    }
    for tier in TIERS:
        part = frame[frame["tier"] == tier]
        if len(part):
            values = part[quantity].astype(float)
            axes.plot(part["time"], values, linestyle="", color=GREYS[tier], label=tier, **styles[tier])
    counts = ", ".join(f"{(frame['tier'] == t).sum():,} from {t}" for t in TIERS if (frame["tier"] == t).any())
    axes.set_title(f"{len(frame):,} readings as one history: {counts}")
    axes.set_ylabel(f"{quantity} ({unit})")
    axes.set_xlabel("time (UTC)")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, markerscale=3)
    figure.autofmt_xdate()
    return figure


def crash_sweep(frame: pd.DataFrame) -> Figure:
    """Plot the location of a batch's items after a kill at each step.

    Args:
        frame: the result of `crash_lab.sweep_frame`.
    """
    figure, axes = _figure(8, 3.2)
    base = frame["only hot"] * 0
    looks = {"only hot": ("#222222", ""), "in both": ("#ffffff", "xx"), "only cold": ("#7f7f7f", "//")}
    for column, (color, hatch) in looks.items():
        axes.bar(frame.index, frame[column], bottom=base, color=color, hatch=hatch, edgecolor="#555555", label=column)
        base = base + frame[column]
    total = int(base.max())
    whole = (base == total).all() and (frame["only cold then"] == total).all()
    finding = "no kill loses an item" if whole else "ITEMS ARE MISSING"
    axes.set_title(f"Killed after each of {len(frame)} calls: {finding}; the next run ends with each in one tier")
    axes.set_ylabel("items")
    axes.set_xlabel("step after whose call the mover was killed")
    axes.set_xticks(list(frame.index))
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, reverse=True)
    return figure


def runs_over_time(frame: pd.DataFrame) -> Figure:
    """Plot the items that each run of the movers moved, and mark incomplete runs.

    Args:
        frame: columns `started` (datetime), `mover`, `verdict`, `items`.
    """
    figure, axes = _figure(8, 3.2)
    looks = {
        "hot-to-cold-mover": ("o", "#222222"),
        "cold-to-archive-mover": ("s", "#9a9a9a"),
        "archive-expirer": ("v", "#c0392b"),
    }
    for mover, (marker, color) in looks.items():
        part = frame[frame["mover"] == mover].sort_values("started")
        if len(part):
            axes.plot(part["started"], part["items"], marker=marker, color=color, linewidth=1, label=mover)
    bad = frame[frame["verdict"] != "complete"]
    if len(bad):
        axes.plot(
            bad["started"], bad["items"], linestyle="", marker="x", markersize=10, color="black", label="not complete"
        )
    found = f"{len(bad):,} did not end complete" if len(bad) else "all ended complete"
    axes.set_title(f"{len(frame):,} runs moved {frame['items'].sum():,} items; {found}")
    axes.set_ylabel("items moved")
    axes.set_xlabel("start of the run (UTC)")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    figure.autofmt_xdate()
    return figure


def _figure(width: float, height: float) -> tuple[Figure, Any]:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(width, height), dpi=80, layout="constrained")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    plt.close(figure)  # closed, so that the notebook shows the returned figure only once
    return figure, axes
