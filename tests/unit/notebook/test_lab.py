"""Copies of the notebooks to work in: made once, never overwritten, and told when the original has changed."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from l3kit.errors import ConfigurationError
from l3kit.notebook.lab import FOLDER, copy_notebooks

ROOT = Path(__file__).parents[3]


def write(path: Path, source: str) -> None:
    cell = nbformat.v4.new_code_cell(source)  # type: ignore[no-untyped-call]
    cell.outputs = [nbformat.v4.new_output("stream", text="seen")]  # type: ignore[no-untyped-call]
    path.parent.mkdir(exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)  # type: ignore[no-untyped-call]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    write(tmp_path / "notebooks" / "a.ipynb", "1")
    return tmp_path / "notebooks", tmp_path / FOLDER


def test_copies_come_without_outputs_and_leave_the_original_alone(folders: tuple[Path, Path]) -> None:
    source, target = folders
    before = (source / "a.ipynb").read_bytes()
    assert copy_notebooks(source, target).made == ("a",)
    assert (source / "a.ipynb").read_bytes() == before
    assert "seen" not in (target / "a.ipynb").read_text()


def test_work_in_a_copy_is_never_overwritten(folders: tuple[Path, Path]) -> None:
    source, target = folders
    copy_notebooks(source, target)
    notebook = nbformat.read(target / "a.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    notebook.cells[0].source = "my work"
    nbformat.write(notebook, target / "a.ipynb")  # type: ignore[no-untyped-call]
    assert copy_notebooks(source, target).kept == ("a",)
    write(source / "a.ipynb", "2")
    assert copy_notebooks(source, target).behind == ("a",)
    assert "my work" in (target / "a.ipynb").read_text()


def test_a_newer_original_is_put_beside_the_copy_when_asked_for(folders: tuple[Path, Path]) -> None:
    source, target = folders
    copy_notebooks(source, target)
    write(source / "a.ipynb", "2")
    assert "make lab NEW=1" in "".join(copy_notebooks(source, target).lines())
    assert copy_notebooks(source, target, renew=True).made == ("a-2",)
    assert copy_notebooks(source, target, renew=True).kept == ("a",)


def test_a_copy_that_is_no_notebook_any_more_is_left_alone(folders: tuple[Path, Path]) -> None:
    source, target = folders
    copy_notebooks(source, target)
    (target / "a.ipynb").write_text("half a fi")
    assert copy_notebooks(source, target).behind == ("a",)
    assert (target / "a.ipynb").read_text() == "half a fi"


def test_an_original_that_is_no_notebook_is_named(folders: tuple[Path, Path]) -> None:
    source, target = folders
    (source / "b.ipynb").write_text("[]")
    with pytest.raises(ConfigurationError, match=r"b\.ipynb: is not a notebook"):
        copy_notebooks(source, target)


def test_git_ignores_the_folder_of_the_copies() -> None:
    assert f"/{FOLDER}/" in (ROOT / ".gitignore").read_text().splitlines()
