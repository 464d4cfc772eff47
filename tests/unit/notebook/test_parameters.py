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
from l3kit.notebook.parameter_model import Parameters, check
from l3kit.notebook.parameters import parameters
from l3kit.twin.target import built_in_parameters
from tests.support.notebook_models import MODELS

ROOT = Path(__file__).parents[3]
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
GOOD: dict[str, Any] = {
    "twin": "params/twins/nyc-weather",
    "target": "sandbox",
    "sandbox": "x",
    "fresh": True,
    "aws_region": "us-east-1",
    "aws_profile": "",
    "result_path": "",
}
MOVERS = {**GOOD, "as_of": "2014-01-01T00:00:00Z", "prepare": True, "replay_days": 0, "replay_every_days": 30}


def problem(model: type[Parameters], given: dict[str, Any]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        check(model, given)
    return str(caught.value)


def cell_values(notebook: str) -> tuple[dict[str, Any], str]:
    """What the notebook's parameters cell sets, and its source."""
    cells = nbformat.read(ROOT / "notebooks" / f"{notebook}.ipynb", as_version=4).cells
    (cell,) = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    values: dict[str, Any] = {}
    exec(cell.source, values)  # the notebook's own assignments
    values.pop("__builtins__")
    return values, cell.source


def test_a_good_set_of_parameters_is_taken() -> None:
    p = check(params.RunMoversParameters, MOVERS)
    assert p.moment.isoformat() == "2014-01-01T00:00:00+00:00"
    assert p.twin_path == ROOT / "params/twins/nyc-weather"


def test_an_unknown_parameter_names_the_nearest_known_one() -> None:
    text = problem(params.RunMoversParameters, {**MOVERS, "replay_day": 3})
    assert "replay_day: is not a parameter of this notebook; did you mean replay_days?" in text
    assert "Nothing was done" in text


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("replay_days", -1, "greater than or equal to 0"),
        ("replay_days", 4000, "less than or equal to 3650"),
        ("replay_days", "3", "valid integer"),
        ("replay_every_days", 0, "greater than or equal to 1"),
        ("prepare", "yes", "valid boolean"),
        ("target", "moon", "is not allowed; allowed are sandbox and live"),
        ("target", ["live"], "is not allowed; allowed are sandbox and live"),
        ("target", "aws", "the target for real accounts is now called live"),
        ("aws_region", "moon", "is not an AWS region, such as us-east-1"),
        ("aws_profile", 3, "should be text"),
        ("as_of", "yesterday", "neither ISO 8601"),
        ("as_of", "2014-01-01T00:00:00", "has no time zone"),
        ("sandbox", "../x", "match pattern"),
        ("twin", "", "at least 1 character"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(name: str, value: object, words: str) -> None:
    text = problem(params.RunMoversParameters, {**MOVERS, name: value})
    assert f"{name} = {value!r}" in text
    assert words in text


def test_what_only_one_cloud_takes_is_handed_on_and_shown_behind_what_every_notebook_takes() -> None:
    p = check(params.RunMoversParameters, {**MOVERS, "aws_region": "eu-central-1"})
    assert p.cloud_parameters == {"aws_region": "eu-central-1", "aws_profile": ""}
    frame = p.to_frame()
    assert list(frame.index)[3:7] == ["fresh", "aws_region", "aws_profile", "as_of"]
    assert tuple(frame.loc["aws_profile"]) == ('""', "AWS profile; empty takes boto3's default")


def test_a_clouds_parameter_may_be_left_out() -> None:
    given = {name: value for name, value in MOVERS.items() if not name.startswith("aws_")}
    assert check(params.RunMoversParameters, given).cloud_parameters == {}


def test_a_mistyped_parameter_of_a_cloud_names_the_nearest() -> None:
    text = problem(params.RunMoversParameters, {**MOVERS, "aws_regoin": "us-east-1", "azure_region": "westeurope"})
    assert "aws_regoin: is not a parameter of this notebook; did you mean aws_region?" in text
    assert "azure_region: is not a parameter of this notebook" in text


def test_a_params_file_of_an_earlier_version_is_told_every_new_name_at_once() -> None:
    old = {name: value for name, value in MOVERS.items() if not name.startswith("aws_")}
    text = problem(params.RunMoversParameters, {**old, "target": "aws", "region": "us-east-1", "profile": ""})
    assert "3 problems" in text
    assert "target = 'aws': is a cloud, not a target; the target for real accounts is now called live" in text
    assert "region: is now called aws_region" in text
    assert "profile: is now called aws_profile" in text


def test_all_problems_are_reported_together() -> None:
    text = problem(params.RunMoversParameters, {**MOVERS, "replay_days": -1, "prepare": 1, "extra": 2})
    assert "3 problems" in text


@pytest.mark.parametrize("name", ["token", "INTER_CLOUD_TOKEN", "aws_secret_key", "my_password"])
def test_a_secret_is_never_a_parameter_and_its_value_is_not_shown(name: str) -> None:
    text = problem(params.RunMoversParameters, {**MOVERS, name: "s3cr3t-value"})
    assert f"{name}: parameters never carry secrets" in text
    assert "s3cr3t-value" not in text


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


def test_an_empty_moment_is_now() -> None:
    p = check(params.RunMoversParameters, {**MOVERS, "as_of": ""})
    assert p.moment.year >= 2026
    assert p.moment is p.moment, "one moment for all cells"


DESTROY = {**GOOD, "prepare": False, "apply_changes": True, "data": True, "confirm": ""}


def test_data_of_a_real_account_is_removed_only_with_the_twins_name() -> None:
    text = problem(params.DestroyParameters, {**DESTROY, "target": "live"})
    assert "confirm must be the twin's name, 'nyc-weather', because data is True" in text
    assert check(params.DestroyParameters, {**DESTROY, "target": "live", "confirm": "nyc-weather"}).data
    assert check(params.DestroyParameters, DESTROY).data
    assert not check(params.DestroyParameters, {**DESTROY, "target": "live", "data": False}).data


def test_the_table_of_parameters_shows_meanings_and_no_result_path() -> None:
    frame = check(params.RunMoversParameters, MOVERS).to_frame()
    assert "result_path" not in frame.index
    assert frame.loc["replay_days", "meaning"].endswith("0 runs once")


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


def test_a_mistyped_parameter_that_looks_like_a_secret_is_set_right() -> None:
    text = problem(params.DeployParameters, {**GOOD, "rotate_token": True})
    assert "rotate_token: parameters never carry secrets" in text
    assert "did you mean rotate_tokens?" in text


def test_a_moment_in_another_zone_is_the_same_moment() -> None:
    p = check(params.RunMoversParameters, {**MOVERS, "as_of": "2014-01-01T05:30:00+05:30"})
    assert p.moment.isoformat() == "2014-01-01T00:00:00+00:00"


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


@pytest.mark.parametrize(("text", "value"), [("true", True), ("False", False), ("FALSE", False)])
def test_truth_may_be_spelled_as_on_a_command_line(text: str, value: bool) -> None:
    assert check(params.RunMoversParameters, {**MOVERS, "prepare": text}).prepare is value
    assert "prepare = 'yes'" in problem(params.RunMoversParameters, {**MOVERS, "prepare": "yes"})
