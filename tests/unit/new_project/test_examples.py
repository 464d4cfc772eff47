"""The examples of a new project are those that l3kit ships, and find their twins and samples in the project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from l3kit.errors import ConfigurationError
from l3kit.new_project.choices import Choices
from l3kit.new_project.examples import EXAMPLES, TWINS, example_files
from l3kit.new_project.making import make_project
from l3kit.notebook.parameter_model import check
from l3kit.packaging.shipped import shipped
from l3kit.twin.config import Twin
from tests.support.notebook_models import MODELS

LAYOUT = ("aws", "aws", "aws")
PARAMS = sorted(path.name for name in EXAMPLES for path in shipped("params").glob(f"{name}.*.yaml"))


def made(folder: Path, *, examples: bool) -> Path:
    make_project(Choices("plant", LAYOUT, "aws", "aws", 7, 30, ["p-1"], examples=examples), folder)
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("projects") / "plant", examples=True)


def test_examples_are_made_only_where_they_are_asked_for(tmp_path: Path, project: Path) -> None:
    plain = made(tmp_path / "plant", examples=False)
    names = [{str(path.relative_to(one)) for path in one.rglob("*") if path.is_file()} for one in (plain, project)]
    content = dict(example_files(shipped("notebooks"), shipped("params")))
    assert names[1] - names[0] == {*content}
    assert names[0] < names[1]
    assert all((project / name).read_bytes() == held for name, held in content.items())


def defaults(project: Path, name: str) -> dict[str, Any]:
    """Return what the parameters cell of a notebook sets."""
    cells = json.loads((project / f"notebooks/{name}.ipynb").read_text())["cells"]
    namespace: dict[str, Any] = {}
    exec("".join(next(cell["source"] for cell in cells if cell["cell_type"] == "code")), namespace)
    del namespace["__builtins__"]
    return namespace


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_without_parameters_works_on_its_twin_in_the_project(
    project: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / "notebooks")
    content = json.loads((project / f"notebooks/{name}.ipynb").read_text())
    assert not [cell for cell in content["cells"] if cell.get("outputs")]
    assert "](../" not in "".join("".join(cell["source"]) for cell in content["cells"])
    p = check(MODELS[name], defaults(project, name))
    assert Twin.load(p.twin_path).devices
    assert project in p.twin_path.parents


@pytest.mark.parametrize("file", PARAMS)
def test_the_paths_in_an_examples_params_file_are_in_the_project(
    project: Path, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    given = yaml.safe_load((project / "params" / file).read_text())
    name = file.split(".")[0]
    check(MODELS[name], {**defaults(project, name), **given, "result_path": ""})
    for path in (given[key] for key in ("twin", "sample", "compare_with") if given.get(key)):
        assert (project / path).exists()


def test_the_readme_tells_how_to_run_the_examples(tmp_path: Path, project: Path) -> None:
    readme = (project / "README.md").read_text()
    for name in EXAMPLES:
        assert f"papermill notebooks/{name}.ipynb build/{name}.ipynb -f params/{name}.sandbox.yaml" in readme
        assert (project / f"params/{name}.sandbox.yaml").is_file()
    assert "Examples" not in (made(tmp_path / "plant", examples=False) / "README.md").read_text()


def test_what_running_has_left_in_a_twins_folder_is_not_taken_along(tmp_path: Path) -> None:
    for name in EXAMPLES:
        (tmp_path / f"{name}.ipynb").write_text('{"cells": []}')
        (tmp_path / f"{name}.sandbox.yaml").write_text("")
    for twin in TWINS:
        (tmp_path / "twins" / twin).mkdir(parents=True)
        for file in ("config.json", "config_inter_cloud.json", ".config_inter_cloud.json.x"):
            (tmp_path / "twins" / twin / file).write_text("{}")
    names = [name for name, _ in example_files(tmp_path, tmp_path) if "twins" in name]
    assert names == [f"params/twins/{twin}/config.json" for twin in TWINS]


def test_an_incomplete_installation_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Install l3kit again"):
        list(example_files(tmp_path, tmp_path))
    (tmp_path / "walkthrough.ipynb").write_text('{"cells": []}')
    with pytest.raises(ConfigurationError, match=r"has no file walkthrough.*Install l3kit again"):
        list(example_files(tmp_path, tmp_path))
