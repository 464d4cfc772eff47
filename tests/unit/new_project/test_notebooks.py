"""A new project's notebooks and params are those that l3kit ships, about its own twin, and valid as they stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from l3kit.new_project.choices import Choices
from l3kit.new_project.making import make_project
from l3kit.new_project.notebooks import NOTEBOOKS, notebooks_of
from l3kit.new_project.rewriting import parameters_cell, params_file, without_local_links
from l3kit.notebook.parameter_model import check
from tests.support.notebook_models import MODELS


@pytest.fixture(scope="module", params=[("aws", "aws", "aws"), ("azure", "gcp", "azure")], ids="-".join)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("projects") / "plant"
    cloud = request.param[0]
    make_project(Choices("plant", request.param, cloud, cloud, 7, 30, ["p-1"]), folder)
    return folder


@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.parametrize("target", ["sandbox", "live"])
def test_a_params_file_has_exactly_what_its_notebook_takes(
    project: Path, name: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    given = yaml.safe_load((project / f"params/{name}.{target}.yaml").read_text())
    p = check(MODELS[name], {"sandbox": "plant", **given, "result_path": ""})
    assert p.twin_path == project / "twin"
    assert (p.target, p.sandbox) == (target, "plant")
    providers = (project / "twin/config_providers.json").read_text()
    for cloud in ("aws", "gcp"):
        assert (f"{cloud}_region" in given) == (target == "live" and cloud in providers)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_without_parameters_works_on_the_twin_in_the_sandbox(
    project: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / "notebooks")
    content = json.loads((project / f"notebooks/{name}.ipynb").read_text())
    assert not [cell for cell in content["cells"] if cell.get("outputs")]
    namespace: dict[str, Any] = {}
    exec("".join(content["cells"][1]["source"]), namespace)
    del namespace["__builtins__"]
    p = check(MODELS[name], namespace)
    assert (p.twin_path, p.target, p.sandbox) == (project / "twin", "sandbox", "plant")
    assert "nyc" not in "".join(content["cells"][1]["source"])
    prose = "".join("".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "markdown")
    assert "](../" not in prose


def test_a_twin_without_messages_has_no_notebook_of_letters() -> None:
    layout = ("aws", "aws", "aws")
    without = Choices("plant", layout, "aws", "aws", 7, 30, ["p-1"], message_chain=False)
    assert set(NOTEBOOKS) - {*notebooks_of(without)} == {"letters"}


def test_on_real_accounts_nothing_changes_before_somebody_says_so(project: Path) -> None:
    for name in ("deploy_l3", "destroy_l3"):
        assert yaml.safe_load((project / f"params/{name}.live.yaml").read_text())["apply_changes"] is False
    assert yaml.safe_load((project / "params/destroy_l3.live.yaml").read_text())["data"] is False


def test_a_value_is_replaced_and_its_comment_kept_in_line() -> None:
    shipped = '# old\na: 1        # first\nlong: "x y"  # second\ngone: 2     # third\n'
    assert params_file(shipped, {"long": 'é "q"', "gone": None}, "new") == (
        '# new\na: 1             # first\nlong: "é \\"q\\""  # second\n'
    )


def test_a_parameters_cell_takes_other_values_as_python() -> None:
    cell = 'a = "x"  # first\nb = True  # second\nc = []  # third\nd = 1  # fourth'
    changed = parameters_cell(cell, {"a": 'q"é', "b": False, "d": None})
    assert changed == 'a = "q\\"é"  # first\nb = False  # second\nc = []  # third'


def test_links_into_the_repository_become_text_and_others_stay() -> None:
    assert without_local_links("a [b](../docs/b.md) [c](https://c.example)") == "a b [c](https://c.example)"
