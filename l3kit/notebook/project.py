"""The folder of the project that a notebook is run in."""

from __future__ import annotations

from pathlib import Path

from l3kit.errors import ConfigurationError


def project_root(start: Path | None = None) -> Path:
    """The folder that holds `notebooks/` and `params/`, looked for from here upwards."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "params").is_dir() and (folder / "pyproject.toml").is_file():
            return folder
    raise ConfigurationError(
        str(here), "is not inside the project", "Start Jupyter or papermill in the project's folder"
    )
