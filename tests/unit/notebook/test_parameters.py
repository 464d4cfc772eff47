"""Notebook parameters: typed, ranged, none unknown, none secret; params files and notebooks agree with their models."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest
import yaml

from l3kit.errors import ConfigurationError
from l3kit.notebook import parameters as params
from l3kit.notebook.parameter_model import check
from l3kit.notebook.parameters import parameters
from l3kit.twin.target import built_in_parameters
from tests.support.notebook_models import MODELS
from tests.unit.notebook.given_parameters import GOOD, MOVERS, ROOT, problem

SHARED = {"aws-azure-gcp": ("deploy_l3", "run_movers", "verify_connections", "query_tiers", "destroy_l3")}
"""Files with what several notebooks take alike."""
SCENARIOS = {"cost_analysis": {"three_clouds", "expiry"}}
"""Notebooks that need no cloud, with the files that are named for what they ask instead of a target."""
ALL_CLOUDS = {parameter.name for parameter in built_in_parameters()}
OF_CLOUDS: dict[str, set[str]] = {"crash_lab": set(), "cost_analysis": set()}
"""Parameters of one cloud that a notebook sets where those are not all of them: these two know only the sandbox."""
TWINS = {"crash_lab": "crash-lab", "walkthrough": "weather-stations", "letters": "weather-stations"}
"""Twins of notebooks that need another than the example: one device, or a message chain."""
FILES = sorted((ROOT / "params").glob("*.yaml"))


def cell_values(notebook: str) -> tuple[dict[str, Any], str]:
    """What the notebook's parameters cell sets, and its source."""
    cells = nbformat.read(ROOT / "notebooks" / f"{notebook}.ipynb", as_version=4).cells
    (cell,) = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    values: dict[str, Any] = {}
    exec(cell.source, values)  # the notebook's own assignments
    values.pop("__builtins__")
    return values, cell.source


def test_what_jupyter_and_papermill_put_there_is_no_parameter() -> None:
    namespace = {
        **MOVERS,
        "In": ["", "x = 1"],
        "Out": {},
        "_": 3,
        "_i1": "x",
        "__name__": "__main__",
        "PAPERMILL_OUTPUT_PATH": "out.ipynb",
        "exit": object(),
        "l3kit": ModuleType("l3kit"),
        "parameters": parameters,
    }
    found = parameters(params.RunMoversParameters, namespace)
    assert found.model_dump() == check(params.RunMoversParameters, MOVERS).model_dump()


DESTROY = {**GOOD, "prepare": False, "apply_changes": True, "data": True, "confirm": ""}


def test_data_of_a_real_account_is_removed_only_with_the_twins_name() -> None:
    text = problem(params.DestroyParameters, {**DESTROY, "target": "live"})
    assert "confirm must be the twin's name, 'nyc-weather', because data is True" in text
    assert check(params.DestroyParameters, {**DESTROY, "target": "live", "confirm": "nyc-weather"}).data
    assert check(params.DestroyParameters, DESTROY).data
    assert not check(params.DestroyParameters, {**DESTROY, "target": "live", "data": False}).data


@pytest.mark.parametrize("notebook", MODELS)
def test_a_notebooks_parameters_cell_has_exactly_its_models_fields_each_with_a_comment(notebook: str) -> None:
    values, source = cell_values(notebook)
    assert set(values) == set(MODELS[notebook].model_fields) | OF_CLOUDS.get(notebook, ALL_CLOUDS)
    check(MODELS[notebook], values)
    for line in source.splitlines():
        assert re.fullmatch(r"[a-z_]+ = .+  # .+", line), line


@pytest.mark.parametrize("notebook", MODELS)
def test_defaults_are_local_and_deterministic(notebook: str) -> None:
    values, _ = cell_values(notebook)
    assert (values["target"], values.get("aws_profile", "")) == ("sandbox", "")
    assert values.get("as_of", "2014-01-01T00:00:00Z") != ""


@pytest.mark.parametrize("notebook", MODELS)
def test_notebooks_for_one_twin_share_a_sandbox_and_experiments_have_their_own(notebook: str) -> None:
    values, _ = cell_values(notebook)
    shared = ("default", False) if notebook in (*SHARED["aws-azure-gcp"], "letters", "operations") else (notebook, True)
    assert (values["sandbox"], values["fresh"]) == shared
    assert values["twin"] == f"params/twins/{TWINS.get(notebook, 'nyc-weather')}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_params_file_fits_its_notebook_and_comments_every_value(path: Path) -> None:
    for notebook in SHARED.get(path.stem, (path.stem.split(".")[0],)):
        fits(path, notebook, path.stem.partition(".")[2])


def fits(path: Path, notebook: str, target: str) -> None:
    defaults, _ = cell_values(notebook)
    given = yaml.safe_load(path.read_text("utf-8"))
    p = check(MODELS[notebook], {**defaults, **given})
    assert p.target == ("sandbox" if notebook in SCENARIOS or path.stem in SHARED else target)
    for line in path.read_text("utf-8").splitlines():
        assert line.startswith("#") or "  # " in line, line


def test_every_notebook_has_a_params_file_for_the_sandbox_and_those_for_real_accounts_one_for_live() -> None:
    names = {path.stem for path in FILES} - SHARED.keys()
    only_sandbox = {"walkthrough", "crash_lab", *SCENARIOS}
    scenarios = {f"{notebook}.{name}" for notebook, names in SCENARIOS.items() for name in names}
    for_live = {f"{n}.live" for n in MODELS.keys() - only_sandbox}
    assert names == {f"{n}.sandbox" for n in MODELS} | for_live | scenarios


def test_files_for_a_real_account_change_nothing_before_they_are_edited() -> None:
    for name in ("deploy_l3", "destroy_l3"):
        given = yaml.safe_load((ROOT / "params" / f"{name}.live.yaml").read_text())
        assert given["apply_changes"] is False
    assert yaml.safe_load((ROOT / "params" / "destroy_l3.live.yaml").read_text())["data"] is False


CELL = "\n".join(f"{name} = {value!r}" for name, value in MOVERS.items())


def test_a_second_run_in_the_same_kernel_passes_over_the_names_of_the_first() -> None:
    left = {"count": 5, "step": "x", "moments": [1]}
    history = ["", CELL, "p = parameters(...)", "count = 5", "moments = [1]", CELL, "p = parameters(...)"]
    found = parameters(params.RunMoversParameters, {**MOVERS, **left, "In": history})
    assert found.as_of == MOVERS["as_of"]


@pytest.mark.parametrize("injected", ["# Parameters\nreplay_day = 3", "\n# Parameters\nreplay_day = 3\n"])
def test_an_unknown_name_is_refused_where_papermill_or_the_parameters_cell_set_it(injected: str) -> None:
    given = {**MOVERS, "replay_day": 3}
    for history in (["", CELL, injected, "p = ..."], ["", f"{CELL}\nreplay_day = 3", "p = ..."]):
        with pytest.raises(ConfigurationError, match=r"replay_day: is not a parameter .*replay_days"):
            parameters(params.RunMoversParameters, {**given, "In": history})


def test_papermill_may_set_nearly_all_parameters() -> None:
    most = "\n".join(f"{name} = {value!r}" for name, value in MOVERS.items() if name != "prepare")
    history = ["", CELL, f"# Parameters\n{most}", "p = ..."]
    assert parameters(params.RunMoversParameters, {**MOVERS, "count": 5, "In": history}).prepare is True


def test_without_a_parameters_cell_in_the_history_every_plain_name_counts() -> None:
    with pytest.raises(ConfigurationError, match="colour: is not a parameter"):
        parameters(params.RunMoversParameters, {**MOVERS, "colour": 1, "In": ["", "%broken ("]})
