"""The report's assembly: what of an executed notebook is shown, how a failure is told, who prints the PDF."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from l3kit.cost.report import document as report
from l3kit.cost.report.document import Files, find_browser, main, print_pdf, render
from l3kit.cost.report.report_page import report_html
from l3kit.errors import L3Error
from tests.unit.cost.report.executed import notebook

ROOT = Path(__file__).parents[4]


def test_files_are_named_as_the_scenario_and_an_earlier_report_is_removed(tmp_path: Path) -> None:
    files = Files.of(Path("params/cost_analysis.three_clouds.yaml"), tmp_path)
    assert files.pdf == tmp_path / "cost_analysis.three_clouds.pdf"
    files.pdf.write_text("old")
    files.csv.write_text("old")
    assert files.made() == [files.pdf, files.csv]
    files.remove()
    assert files.made() == []


def test_the_title_is_the_results_summary_and_a_missing_result_is_told(tmp_path: Path) -> None:
    files = Files.of(Path("a.yaml"), tmp_path)
    nbformat.write(notebook(), files.notebook)
    render(files, "papermill was killed")
    assert "<h1>The report is incomplete</h1>" in files.html.read_text("utf-8")
    assert "papermill was killed" in files.html.read_text("utf-8")
    files.result.write_text('{"summary": "AWS alone: $3 a month"}')
    render(files, "")
    assert "<title>AWS alone: $3 a month</title>" in files.html.read_text("utf-8")


def test_a_browser_is_found_by_name_the_first_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_browser() is None
    for name in ("google-chrome", "chromium"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    assert find_browser() == str(tmp_path / "chromium")


@pytest.mark.parametrize("browser", ["/bin/true", "/no/such/browser"])
def test_a_browser_that_prints_nothing_is_an_error_with_the_remedy(tmp_path: Path, browser: str) -> None:
    html = tmp_path / "a.html"
    html.write_text("<p>a</p>")
    with pytest.raises(L3Error, match=r"a\.pdf: .* did not print it.*print it by hand"):
        print_pdf(browser, html, tmp_path / "a.pdf")


@pytest.mark.skipif(find_browser() is None, reason=report.NO_BROWSER)
def test_chromium_prints_a_page_for_each_sheet(tmp_path: Path) -> None:
    html = tmp_path / "a.html"
    sheets = new_notebook(
        cells=[new_markdown_cell("one", metadata={"tags": ["end-of-page"]}), new_markdown_cell("two")]
    )
    html.write_text(report_html(sheets, "Title"), "utf-8")
    browser = find_browser()
    assert browser is not None
    print_pdf(browser, html, tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "a.pdf").read_bytes())) == 2


def test_a_missing_scenario_file_ends_with_2_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--params", "params/no_such.yaml", "--out", str(tmp_path / "out")])
    assert ended.value.code == 2
    assert "params/no_such.yaml is not a file" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(option in said for option in ("--params", "--out", "--browser", "--no-pdf"))


def test_a_scenario_that_is_no_yaml_is_an_error_and_no_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [")
    assert main(["--params", str(broken), "--out", str(tmp_path), "--no-pdf"]) == 1
    assert "did not begin" in capsys.readouterr().err
    assert not (tmp_path / "broken.html").exists()
