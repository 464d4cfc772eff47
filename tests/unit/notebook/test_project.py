"""The project's folder, looked for from where a notebook runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit.errors import ConfigurationError
from l3kit.notebook.project import project_root

ROOT = Path(__file__).parents[3]


def test_the_project_is_found_from_any_folder_below_it(tmp_path: Path) -> None:
    assert project_root(ROOT / "params" / "twins" / "nyc-weather") == ROOT
    with pytest.raises(ConfigurationError, match="not inside a project"):
        project_root(tmp_path)


def test_a_folder_with_notebooks_and_params_is_a_project_without_a_checkout(tmp_path: Path) -> None:
    for name in ("params", "notebooks"):
        (tmp_path / name).mkdir()
    assert project_root(tmp_path / "notebooks") == tmp_path
