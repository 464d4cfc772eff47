"""An executed notebook as a page for readers: outputs alone, a failure at the top, nothing fetched."""

from __future__ import annotations

import re

import nbformat
from nbformat.v4 import new_output

from l3kit.cost.report.report_page import failure_of, report_html
from tests.unit.cost.report.executed import notebook, result


def failing(value: str) -> nbformat.NotebookNode:
    return new_output("error", ename="BudgetExceededError", evalue=value, traceback=["\x1b[31mTraceback\x1b[0m of it"])


def test_outputs_are_shown_without_code_and_prompts() -> None:
    html = report_html(notebook(result("a table")), "Title & more")
    assert "<p>shown</p>" in html
    assert "<p>a table</p>" in html
    assert "secret_of_the_code" not in html
    assert "left out" not in html
    assert "Out[" not in html
    assert "<h1>Title &amp; more</h1>" in html


def test_links_into_the_docs_become_text_and_nothing_is_fetched() -> None:
    html = report_html(notebook(), "Title")
    assert "Formulas are in cost (docs/reference/cost.md)." in html
    assert "<script src" not in html
    assert not re.search(r'(src|href)="(https?:)?//', html)


def test_a_failure_stands_at_the_top_and_what_did_not_run_is_left_out() -> None:
    executed = notebook(failing("too \x1b[31mdear\x1b[0m, <really>"))
    failure = failure_of(executed)
    assert failure == "BudgetExceededError: too dear, <really>"
    html = report_html(executed, "Title", failure)
    assert html.index('<div class="failed">BudgetExceededError: too dear, &lt;really&gt;') < html.index("<h1>")
    assert "Traceback" not in html
    assert "The end" not in html
    assert "<p>shown</p>" in html


def test_progress_bars_and_warnings_are_not_shown() -> None:
    written = [new_output("stream", name="stderr", text="50 %"), new_output("stream", name="stdout", text="a finding")]
    html = report_html(notebook(*written), "Title")
    assert "a finding" in html
    assert "50 %" not in html


def test_without_a_failure_there_is_none() -> None:
    assert failure_of(notebook(result("fine"))) == ""
    assert 'class="failed"' not in report_html(notebook(), "Title")
