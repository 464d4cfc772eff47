"""The project's folder, looked for from where a notebook runs, and the twin's folder in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit.errors import ConfigurationError
from l3kit.notebook.project import project_root, twin_folder

ROOT = Path(__file__).parents[3]


def test_the_project_is_found_from_any_folder_below_it(tmp_path: Path) -> None:
    assert project_root(ROOT / "params" / "twins" / "nyc-weather") == ROOT
    with pytest.raises(ConfigurationError, match="not inside a project"):
        project_root(tmp_path)


def test_a_folder_with_notebooks_and_params_is_a_project_without_a_checkout(tmp_path: Path) -> None:
    for name in ("params", "notebooks"):
        (tmp_path / name).mkdir()
    assert project_root(tmp_path / "notebooks") == tmp_path


def test_a_twins_folder_is_below_the_present_project_else_below_that_of_the_params_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for project in ("here", "there"):
        for name in ("params", "notebooks"):
            (tmp_path / project / name).mkdir(parents=True)
    file = tmp_path / "there" / "params" / "deploy_l3.sandbox.yaml"
    monkeypatch.chdir(tmp_path / "here" / "notebooks")
    assert twin_folder(file, "twin") == tmp_path / "here" / "twin"
    assert twin_folder(file, "/twins/mine") == Path("/twins/mine")
    monkeypatch.chdir(tmp_path)
    assert twin_folder(file, "twin") == tmp_path / "there" / "twin"
