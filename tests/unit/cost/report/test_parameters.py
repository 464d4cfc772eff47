"""Parameters of the cost notebook: one list of names for notebook, scenario file and command line."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from l3kit.cli import main
from l3kit.cost.analysis.scenario import load_scenario
from l3kit.cost.report.parameters import NOTEBOOK_KEYS, SCENARIO_KEYS, CostAnalysisParameters
from l3kit.errors import ConfigurationError
from l3kit.notebook.parameter_model import check
from tests.unit.notebook.test_parameters import cell_values

ROOT = Path(__file__).parents[4]
FILES = sorted((ROOT / "params").glob("cost_*.yaml"))


def given(**values: Any) -> dict[str, Any]:
    defaults, _ = cell_values("cost_analysis")
    return {**defaults, **values}


def asked(**values: Any) -> CostAnalysisParameters:
    return check(CostAnalysisParameters, given(**values))


def problem(**values: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        asked(**values)
    return str(caught.value)


def test_every_name_of_a_scenario_is_a_parameter() -> None:
    assert set(CostAnalysisParameters.model_fields) >= SCENARIO_KEYS
    assert {"scenario", "compare_with", "measure_move", "twin", "as_of"} <= NOTEBOOK_KEYS


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.name, marks=[pytest.mark.slow] * ("three_clouds" not in path.name)) for path in FILES],
)
def test_notebook_and_command_line_make_the_same_bill_of_a_file(path: Path) -> None:
    values = yaml.safe_load(path.read_text("utf-8"))
    from_notebook = asked(**values).priced().bill()
    from_file = load_scenario(path, ignored=NOTEBOOK_KEYS, folder=ROOT).bill()
    assert from_notebook.to_json() == from_file.to_json()


def test_the_command_line_takes_a_notebooks_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "bill", str(ROOT / "params" / "cost_analysis.three_clouds.yaml")]) == 0
    assert capsys.readouterr().out.startswith("aws-azure-gcp, a month")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("devices", 0, "greater than or equal to 1"),
        ("item_bytes", 500_000, "less than or equal to 400000"),
        ("cold_days", -1, "greater than or equal to 0"),
        ("days_between_runs", 0, "greater than or equal to 0.01"),
        ("compression", "brotli", "'none', 'gzip' or 'zstd'"),
        ("layout", "aws-moon-gcp", "HOT-COLD-ARCHIVE, each one of aws, azure, gcp"),
        ("target", "live", "prices need no account"),
        ("budget_usd", -1, "greater than or equal to 0"),
        ("move_readings", 9999, "less than or equal to 8706"),
        ("ttl_deletes", "no", "valid boolean"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(name: str, value: object, words: str) -> None:
    text = problem(**{name: value})
    assert f"{name} = {value!r}" in text
    assert words in text


def test_a_mistyped_name_is_set_right() -> None:
    assert "item_byte: is not a parameter of this notebook; did you mean item_bytes?" in problem(item_byte=3)


def test_an_unknown_region_is_refused_with_those_there_are_prices_for() -> None:
    with pytest.raises(ConfigurationError, match=r"'moon-1' is not in the price book.*us-east-1"):
        asked(regions={"aws": "moon-1"}).priced()


def test_a_ratio_that_is_given_takes_the_place_of_the_measured_one() -> None:
    assert asked().priced().workload.at_rest_ratio == Decimal("0.0995")
    assert asked(at_rest_ratio=0.5).priced().workload.at_rest_ratio == Decimal("0.5")


def test_the_other_scenario_is_a_file_laid_over_this_one(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text("scenario: weekly\ndays_between_runs: 7\n")
    first = asked(compare_with=str(path), devices=7)
    other = first.other()
    assert other is not None
    assert (other.scenario, other.compare_with) == ("weekly", "")
    assert other.priced().workload == replace(first.priced().workload, days_between_runs=Decimal(7))
    assert asked(compare_with="").other() is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("devices: 0", "other.yaml: parameters: 1 problem:.*devices = 0"),
        ("- 3", "other.yaml: is not a table of names and values"),
        ("a: [", "other.yaml: is not YAML"),
        (None, "other.yaml: cannot be read"),
    ],
    ids=["wrong value", "list", "broken", "missing"],
)
def test_a_wrong_other_scenario_is_named(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "other.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError, match=f"(?s){words}"):
        asked(compare_with=str(path)).other()
