"""Creation of a new project's folder, whole or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import l3kit
from l3kit.errors import ConfigurationError
from l3kit.files import os_errors_reported
from l3kit.new_project.choices import TWIN_FOLDER, Choices
from l3kit.new_project.examples import example_files
from l3kit.new_project.notebooks import notebook_files, params_files
from l3kit.new_project.pages import GITIGNORE, readme, requirements
from l3kit.new_project.twin_files import twin_files
from l3kit.new_project.workflow import workflow
from l3kit.packaging.shipped import shipped
from l3kit.twin.config import Twin


def project_files(choices: Choices) -> Iterator[tuple[str, bytes]]:
    """Yield the path below the project and the content of each file.

    Raises: ConfigurationError if l3kit's own notebooks or params files are missing.
    """
    for name, text in _texts(choices):
        yield name, text.encode()
    if choices.examples:
        yield from example_files(shipped("notebooks"), shipped("params"))


def _texts(choices: Choices) -> Iterator[tuple[str, str]]:
    yield from twin_files(choices)
    yield from params_files(choices, shipped("params"))
    yield from notebook_files(choices, shipped("notebooks"))
    yield "README.md", readme(choices)
    yield "requirements.txt", requirements(l3kit.__version__)
    yield "requirements.lock", _locked()
    yield ".gitignore", GITIGNORE
    yield ".github/workflows/l3kit.yml", workflow(choices)


def _locked() -> str:
    path = shipped("requirements.lock")
    with os_errors_reported(str(path), "cannot be read", "Install l3kit again"):
        return path.read_text("utf-8")


def check_free(folder: Path) -> None:
    """Check the target folder. Raises: ConfigurationError unless it is empty or missing."""
    with os_errors_reported(str(folder), "cannot be read"):
        if folder.is_dir() and not any(folder.iterdir()):
            return
        if not folder.exists() and not folder.is_symlink():
            return
    what = "is not empty" if folder.is_dir() else "exists and is not a folder"
    raise ConfigurationError(str(folder), what, "Nothing was written; name another folder with --folder")


def make_project(choices: Choices, folder: Path) -> list[str]:
    """Create the project, and return the paths of its files.

    All is written into a folder `.l3kit-init.*`, checked as a twin, and then renamed: an interrupted call leaves no
    half project. The files are moved into an existing folder, which may be a shell's current one.

    Raises: ConfigurationError if the twin would not be valid, the folder is not empty, or it cannot be written.
    """
    check_free(folder)
    with os_errors_reported(str(folder)):
        there = folder.is_dir()
        place = folder if there else folder.parent
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place, prefix=".l3kit-init.") as work:
            whole = Path(work) / "project"
            made = _write(choices, whole)
            if there:
                _move_in(whole, folder)
            else:
                whole.rename(folder)
    return made


def _write(choices: Choices, whole: Path) -> list[str]:
    made = []
    for name, content in project_files(choices):
        (whole / name).parent.mkdir(parents=True, exist_ok=True)
        (whole / name).write_bytes(content)
        made.append(name)
    Twin.load(whole / TWIN_FOLDER)
    return sorted(made)


def _move_in(whole: Path, folder: Path) -> None:
    """Move all entries into a folder, or none."""
    moved: list[Path] = []
    try:
        for entry in sorted(whole.iterdir()):
            moved.append(entry.rename(folder / entry.name))
    except BaseException:
        for entry in moved:
            entry.rename(whole / entry.name)
        raise
