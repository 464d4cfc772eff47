"""The look of the cost report's plots: greys and hatches, a title to the left, units on the axes."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DARK, MIDDLE, LIGHT, PALE = "#222222", "#7f7f7f", "#b5b5b5", "#e4e4e4"
LOOKS = ((DARK, ""), (LIGHT, "//"), (PALE, "xx"), (MIDDLE, ".."), (MIDDLE, ""))
"""Colour and hatch of the parts of a stacked bar."""
LINES = (("-", "o"), ("--", "s"), (":", "^"))
"""Style and marker of the curves of one plot."""
WIDTH = 7.2
"""Inches between a page's margins."""
TITLE_LETTERS = 102
"""Letters that fit in one line over a whole figure."""


@dataclass(frozen=True, repr=False)
class Plot:
    """A figure that Jupyter shows in grey, as printed; its text form is its findings."""

    figure: Figure

    def __repr__(self) -> str:
        over_all = self.figure.get_suptitle()
        titles = [over_all] if over_all else [axes.get_title(loc="left") for axes in self.figure.axes]
        return "; ".join(" ".join(title.split()) for title in titles)

    def _repr_png_(self) -> bytes:
        from PIL import Image

        drawn, grey = io.BytesIO(), io.BytesIO()
        self.figure.savefig(drawn, format="png", dpi=self.figure.dpi, bbox_inches="tight")
        Image.open(drawn).convert("L").save(grey, format="png", optimize=True)
        return grey.getvalue()


def figure_of(height: float) -> tuple[Figure, Any]:
    """Return a figure with one plot, and the plot."""
    figure, (axes,) = figure_of_several(height, 1)
    return figure, axes


def figure_of_several(height: float, columns: int, width_ratios: Sequence[float] | None = None) -> tuple[Figure, Any]:
    """A figure with plots side by side.

    Args:
        height: inches. Dots per inch are matplotlib's setting, which the report raises for print.
    """
    import matplotlib.pyplot as plt

    figure, grid = plt.subplots(
        1,
        columns,
        figsize=(WIDTH, height),
        layout="constrained",
        squeeze=False,
        gridspec_kw={"width_ratios": width_ratios},
    )
    for axes in grid[0]:
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        axes.tick_params(labelsize=8)
    plt.close(figure)  # the notebook shows what the cell returns, once
    return figure, list(grid[0])


def say(axes: Any, finding: str, x: str, y: str, letters: int = TITLE_LETTERS) -> None:
    """Set the finding as title, wrapped to a line length, and the axis labels."""
    text = textwrap.fill(finding, letters)
    if len(axes.figure.axes) == 1:
        title = axes.figure.suptitle(text, x=0.01, ha="left", fontsize=9, fontweight="bold")
    else:
        title = axes.set_title(text, fontsize=9, loc="left", fontweight="bold")
    title.set_parse_math(False)  # two dollar signs are two amounts, not a formula
    axes.set_xlabel(x, fontsize=8)
    axes.set_ylabel(y, fontsize=8)


def nothing_to_show(why: str) -> Plot:
    """Placeholder for a plot whose numbers are unknown."""
    figure, axes = figure_of(0.5)
    axes.set_axis_off()
    say(axes, why, "", "")
    return Plot(figure)


def explain(axes: Any) -> None:
    """Add a legend below the figure, where it covers nothing."""
    handles, labels = axes.get_legend_handles_labels()
    axes.figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=8)


def plain_ticks(axis: Any) -> None:
    """Format the numbers of a logarithmic axis without exponents: 0.1, 10, 1,000."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10f}".rstrip("0").rstrip(".")))
    axis.set_minor_formatter(NullFormatter())
