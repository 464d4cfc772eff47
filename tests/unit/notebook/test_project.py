"""The project's folder, looked for from where a notebook runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from l3kit.errors import ConfigurationError
from l3kit.notebook.project import project_root

ROOT = Path(__file__).parents[3]


def test_the_project_is_found_from_any_folder_below_it(tmp_path: Path) -> None:
    assert project_root(ROOT / "params" / "twins" / "nyc-weather") == ROOT
    with pytest.raises(ConfigurationError, match="not inside the project"):
        project_root(tmp_path)
