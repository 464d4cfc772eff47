"""Make a new project's folder, whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import l3kit
from l3kit.errors import ConfigurationError
from l3kit.files import os_errors_reported, write_whole
from l3kit.new_project.choices import TWIN_FOLDER, Choices
from l3kit.new_project.notebooks import notebook_files, params_files
from l3kit.new_project.pages import GITIGNORE, readme, requirements
from l3kit.new_project.twin_files import twin_files
from l3kit.new_project.workflow import workflow
from l3kit.packaging.shipped import shipped
from l3kit.twin.config import Twin


def project_files(choices: Choices) -> Iterator[tuple[str, str]]:
    """Return the path below the project and the text of each file.

    Raises: ConfigurationError if l3kit's own notebooks or params files are not there.
    """
    yield from twin_files(choices)
    yield from params_files(choices, shipped("params"))
    yield from notebook_files(choices, shipped("notebooks"))
    yield "README.md", readme(choices)
    yield "requirements.txt", requirements(l3kit.__version__)
    yield ".gitignore", GITIGNORE
    yield ".github/workflows/l3kit.yml", workflow(choices)


def check_free(folder: Path) -> None:
    """Raises: ConfigurationError unless the folder is empty, or not there."""
    with os_errors_reported(str(folder), "cannot be read"):
        if folder.is_dir() and not any(folder.iterdir()):
            return
        if not folder.exists() and not folder.is_symlink():
            return
    what = "is not empty" if folder.is_dir() else "is there, and no folder"
    raise ConfigurationError(str(folder), what, "Nothing was written; name another folder with --folder")


def make_project(choices: Choices, folder: Path) -> list[str]:
    """Make the folder, and return the paths of its files.

    All is written beside it, checked as a twin, and then renamed: an interrupted call leaves no half project.

    Raises: ConfigurationError if the twin would not be valid, the folder is not empty, or it cannot be written.
    """
    check_free(folder)
    with os_errors_reported(str(folder)):
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        try:
            made = []
            for name, text in project_files(choices):
                (work / name).parent.mkdir(parents=True, exist_ok=True)
                write_whole(work / name, text)
                made.append(name)
            Twin.load(work / TWIN_FOLDER)
            work.chmod(0o755)
            work.rename(folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return sorted(made)
