"""The look of plots: grey as it is printed, findings as text, numbers as people write them."""

from __future__ import annotations

import io

from PIL import Image

from l3kit.cost.report.plot_style import Plot, figure_of_several, nothing_to_show, plain_ticks, say
from l3kit.cost.report.plots import cost_breakdown
from tests.unit.cost.scenarios import scenario


def test_the_picture_has_no_colours() -> None:
    picture = Image.open(io.BytesIO(cost_breakdown(scenario().bill())._repr_png_()))
    assert picture.mode == "L"
    assert min(picture.size) > 100


def test_as_text_a_plot_is_its_findings_in_one_line() -> None:
    figure, (left, right) = figure_of_several(1, 2)
    say(left, "a bill of $1 and $2 that is long enough " * 4, "x", "y")
    say(right, "nothing else", "x", "y")
    assert repr(Plot(figure)) == "a bill of $1 and $2 that is long enough " * 3 + (
        "a bill of $1 and $2 that is long enough; nothing else"
    )


def test_what_cannot_be_drawn_says_why() -> None:
    assert repr(nothing_to_show("the bill is incomplete")) == "the bill is incomplete"


def test_numbers_on_a_logarithmic_axis_are_as_people_write_them() -> None:
    _, (axes,) = figure_of_several(1, 1)
    axes.set_xscale("log")
    plain_ticks(axes.xaxis)
    shown = axes.xaxis.get_major_formatter()
    assert [shown(value, None) for value in (0.1, 10, 1000)] == ["0.1", "10", "1,000"]
