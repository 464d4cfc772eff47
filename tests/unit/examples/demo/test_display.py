"""What the demo prints while it runs."""

from __future__ import annotations

import io

from l3kit.examples.demo.display import Bars, Lines, display, line_of
from l3kit.examples.demo.scenes import Outcome
from l3kit.examples.demo.worker import Step

OK = Outcome("deploy_l3", "ok", 7.5, "20 created")
NOT_RUN = Outcome("query_tiers", "not run", error="not run, because deploy_l3 failed")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_than_in_a_terminal_there_are_plain_lines() -> None:
    out = io.StringIO()
    lines = display(2, 2, out)
    assert isinstance(lines, Lines)
    for event in (Step("deploy_l3", 1, 9, "Deploy"), None, Step("deploy_l3", 2, 9, "Deploy"), OK, NOT_RUN):
        lines(event)
    lines.close()
    assert out.getvalue().splitlines() == ["begins   deploy_l3", line_of(OK), line_of(NOT_RUN)]
    assert line_of(OK).split() == ["ok", "deploy_l3", "7.5", "s", "20", "created"]


def test_in_a_terminal_the_bar_names_what_runs_and_its_section() -> None:
    out = Terminal()
    bars = display(3, 2, out)
    assert isinstance(bars, Bars)
    for event in (Step("deploy_l3", 4, 9, "2. Apply"), Step("walkthrough", 1, 8, ""), None, OK, NOT_RUN):
        bars(event)
    bars.close()
    shown = out.getvalue()
    assert "deploy_l3:  2. Apply  (cell 4 of 9)" in shown
    assert "walkthrough  (cell 1 of 8)" in shown.replace("walkthrough:", "walkthrough")
    assert line_of(OK) in shown
    assert "2.0 of 3 notebooks" in shown


def test_a_third_notebook_takes_the_line_of_one_that_has_ended() -> None:
    out = Terminal()
    bars = display(3, 2, out)
    for event in (Step("a", 1, 2, ""), Step("b", 1, 2, ""), Outcome("a", "ok", 1.0, "x"), Step("c", 2, 2, "End")):
        bars(event)
    bars.close()
    assert "c:  End  (cell 2 of 2)" in out.getvalue()
