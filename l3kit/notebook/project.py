"""The project folder of a notebook, and the twin's folder in it."""

from __future__ import annotations

from pathlib import Path

from l3kit.errors import ConfigurationError


def is_project(folder: Path) -> bool:
    """Return whether this is the folder of a project: a checkout, or made by `l3kit init`."""
    return (folder / "params").is_dir() and (folder / "notebooks").is_dir()


def project_root(start: Path | None = None) -> Path:
    """The nearest enclosing folder with `notebooks/` and `params/`."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if is_project(folder):
            return folder
    raise ConfigurationError(
        str(here),
        "is not inside a project",
        "Start Jupyter or papermill in the project's folder; l3kit init makes one",
    )


def twin_folder(file: Path, twin: str) -> Path:
    """Return the folder of a params file's twin: below the current project, else below the file's own."""
    if Path(twin).is_absolute():
        return Path(twin)
    try:
        return project_root() / twin
    except ConfigurationError:
        return project_root(file.parent) / twin
