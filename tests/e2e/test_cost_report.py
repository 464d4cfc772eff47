"""The cost notebook by papermill, and `make cost-report`: budget, result, and files for people."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from l3kit.cost.report import NO_BROWSER, find_browser
from tests.e2e.conftest import ROOT, Papermill

SCENARIO: dict[str, Any] = yaml.safe_load((ROOT / "params" / "cost_analysis.three_clouds.yaml").read_text("utf-8"))


def test_a_scenario_file_gives_a_bill_as_json_and_csv_whose_rows_sum_to_the_total(papermill: Papermill) -> None:
    ran = papermill("cost_analysis", **SCENARIO)
    assert ran.code == 0, ran.printed[-2000:]
    assert ran.result["summary"].startswith("Three clouds: $")
    bill = ran.result["bill"]
    assert bill["title"] == "Three clouds"
    assert "aws-azure-gcp" in ran.result["figures"][0]["meaning"]
    assert sum(Decimal(row["amount_usd"]) for row in bill["rows"]) == Decimal(bill["total_usd"])
    assert all(row["kind"] in ("list price", "estimated", "measured") for row in bill["rows"])
    assert all(row["price_as_of"] and row["price_source"] for row in bill["rows"])
    assert ran.result["comparison"].startswith("AWS alone costs $")
    assert ran.result["agreement"] == "No move was measured."
    with (papermill.folder / "cost_analysis.csv").open(newline="") as file:
        assert [row["amount_usd"] for row in csv.DictReader(file)] == [row["amount_usd"] for row in bill["rows"]]


def test_a_budget_that_is_exceeded_fails_the_notebook_after_its_result_is_written(papermill: Papermill) -> None:
    ran = papermill("cost_analysis", **{**SCENARIO, "budget_usd": 1})
    assert ran.code != 0
    assert "BudgetExceededError" in ran.printed
    assert "over the budget of $1.00" in ran.printed
    assert "OVER THE BUDGET of $1.00" in " ".join(ran.result["answer"])


def test_a_wrong_value_is_refused_before_anything_is_priced(papermill: Papermill) -> None:
    ran = papermill("cost_analysis", **{**SCENARIO, "layout": "aws-moon-gcp"})
    assert ran.code != 0
    assert "layout = 'aws-moon-gcp': is not allowed" in ran.printed
    assert ran.result == {}


def report(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({"PATH": path} if path is not None else {})}
    command = [sys.executable, "-m", "l3kit.cost.report", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False)


def test_a_report_over_its_budget_is_made_all_the_same_and_says_so_first(tmp_path: Path) -> None:
    params = tmp_path / "dear.yaml"
    params.write_text(yaml.safe_dump({**SCENARIO, "budget_usd": 1}))
    done = report("--params", str(params), "--out", str(tmp_path), "--no-pdf")
    assert done.returncode == 1
    assert "BudgetExceededError" in done.stderr
    html = (tmp_path / "dear.html").read_text("utf-8")
    assert html.index("BudgetExceededError") < html.index("<h1>Three clouds: $")
    assert "The whole bill" in html
    assert (tmp_path / "dear.csv").exists()
    assert not (tmp_path / "dear.pdf").exists()


def test_without_a_browser_the_html_is_made_and_what_to_install_is_said(tmp_path: Path) -> None:
    params = ROOT / "params" / "cost_analysis.expiry.yaml"
    done = report("--params", str(params), "--out", str(tmp_path), path=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert NO_BROWSER in done.stderr
    assert (tmp_path / "cost_analysis.expiry.html").exists()
    assert not (tmp_path / "cost_analysis.expiry.pdf").exists()


@pytest.mark.slow
@pytest.mark.sandbox
def test_make_cost_report_makes_all_files_with_a_measured_move(tmp_path: Path) -> None:
    done = report("--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    names = {path.suffix for path in tmp_path.glob("cost_analysis.sandbox.*")}
    assert names >= {".html", ".json", ".csv"}
    assert (".pdf" in names) is (find_browser() is not None)
    html = (tmp_path / "cost_analysis.sandbox.html").read_text("utf-8")
    assert "Both bills agree with their predictions within 2 %." in html
    target = (ROOT / "Makefile").read_text().split("\ncost-report:")[1].split("\n\n")[0]
    assert "-m l3kit.cost.report" in target
