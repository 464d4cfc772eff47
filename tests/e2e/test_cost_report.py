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

from l3kit.cost.report.document import NO_BROWSER, find_browser
from tests.e2e.conftest import ROOT, Papermill

SCENARIO: dict[str, Any] = yaml.safe_load((ROOT / "params" / "cost_analysis.three_clouds.yaml").read_text("utf-8"))


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_budget_that_is_exceeded_fails_the_notebook_after_its_result_is_written(papermill: Papermill) -> None:
    ran = papermill("cost_analysis", **{**SCENARIO, "budget_usd": 1})
    assert ran.code != 0
    assert "BudgetExceededError" in ran.printed
    assert "over the budget of $1.00" in ran.printed
    assert "OVER THE BUDGET of $1.00" in " ".join(ran.result["answer"])


@pytest.mark.slow
def test_a_wrong_value_is_refused_before_anything_is_priced(papermill: Papermill) -> None:
    ran = papermill("cost_analysis", **{**SCENARIO, "layout": "aws-moon-gcp"})
    assert ran.code != 0
    assert "layout = 'aws-moon-gcp': is not allowed" in ran.printed
    assert ran.result["verdict"] == "failed"
    assert "layout = 'aws-moon-gcp': is not allowed" in ran.result["error"]["cause"]


@pytest.mark.slow
def test_a_report_over_its_budget_is_made_all_the_same_also_without_a_browser(tmp_path: Path) -> None:
    params = tmp_path / "dear.yaml"
    params.write_text(yaml.safe_dump({**SCENARIO, "budget_usd": 1}))
    command = [sys.executable, "-m", "l3kit.cost.report.document", "--params", str(params), "--out", str(tmp_path)]
    no_browser = {**os.environ, "PATH": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=no_browser, capture_output=True, text=True, timeout=800, check=False)
    assert done.returncode == 1
    assert "BudgetExceededError" in done.stderr
    assert NO_BROWSER in done.stderr
    html = (tmp_path / "dear.html").read_text("utf-8")
    assert html.index("BudgetExceededError") < html.index("<h1>Three clouds: $")
    assert "The whole bill" in html
    assert {path.name for path in tmp_path.glob("dear.*")} == {
        f"dear.{kind}" for kind in ("yaml", "ipynb", "html", "json", "csv")
    }


@pytest.mark.slow
@pytest.mark.sandbox
def test_make_cost_report_makes_all_files_with_a_measured_move(tmp_path: Path) -> None:
    make = ["make", "--no-print-directory", "cost-report", f"OUT={tmp_path}", f"VENV={sys.prefix}"]
    make += ["-o", f"{sys.prefix}/.ready"]
    done = subprocess.run(make, cwd=ROOT, capture_output=True, text=True, timeout=800, check=False)
    assert done.returncode == 0, done.stderr
    made = {path.suffix: path for path in tmp_path.glob("cost_analysis.sandbox.*")}
    assert made.keys() >= {".html", ".json", ".csv"}
    assert (".pdf" in made) is (find_browser() is not None)
    assert done.stdout.split() == [str(made[kind]) for kind in (".pdf", ".html", ".json", ".csv") if kind in made]
    assert "Both bills agree with their predictions within 2 %." in made[".html"].read_text("utf-8")
