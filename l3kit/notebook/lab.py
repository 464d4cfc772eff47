"""`make lab`: JupyterLab on copies of the notebooks, in a folder that git ignores; the originals stay unchanged."""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from l3kit.errors import ConfigurationError, L3Error
from l3kit.files import os_errors_reported, write_whole
from l3kit.notebook.project import project_root

if TYPE_CHECKING:
    from nbformat import NotebookNode

FOLDER = "lab"
FURTHER = "Further options go to JupyterLab: --no-browser, --port, ..."
KEY = "l3kit_source"
"""Metadata key of a copy for the digest of its original notebook."""


@dataclass(frozen=True, slots=True)
class Copied:
    """Result of copying: copies made or renewed, unchanged, and kept although the original has changed."""

    made: tuple[str, ...]
    kept: tuple[str, ...]
    behind: tuple[str, ...]

    def lines(self) -> list[str]:
        found = [f"made from notebooks/: {', '.join(self.made)}"] if self.made else []
        found += [f"as you left them: {', '.join(self.kept)}"] if self.kept else []
        if self.behind:
            found.append(
                f"as you left them, though the original is newer: {', '.join(self.behind)}; "
                "`make lab NEW=1` puts a new copy next to each"
            )
        return found


def copy_notebooks(source: Path, target: Path, *, renew: bool = False) -> Copied:
    """Copy the notebooks without their outputs; an existing copy is never touched.

    Args:
        renew: if the original has changed since, put a new, numbered copy next to the old one.
    Raises: ConfigurationError if the folder cannot be written, or a notebook cannot be read.
    """
    made, kept, behind = [], [], []
    for path in sorted(source.glob("*.ipynb")):
        fresh, digest = _stripped(path)
        copies = sorted(target.glob(f"{path.stem}.ipynb")) + sorted(target.glob(f"{path.stem}-[0-9]*.ipynb"))
        if not copies:
            write_whole(target / path.name, fresh)
            made.append(path.stem)
        elif any(_source_of(copy) == digest for copy in copies):
            kept.append(path.stem)
        elif renew:
            name = f"{path.stem}-{len(copies) + 1}"
            write_whole(target / f"{name}.ipynb", fresh)
            made.append(name)
        else:
            behind.append(path.stem)
    return Copied(tuple(made), tuple(kept), tuple(behind))


def _stripped(path: Path) -> tuple[str, str]:
    """Return the notebook's text without outputs, and the digest of its cells."""
    import nbformat

    notebook = _read(path)
    cells = "\0".join(f"{cell.cell_type}\0{cell.source}" for cell in notebook.cells)
    digest = hashlib.sha256(cells.encode()).hexdigest()[:16]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.metadata[KEY] = digest
    text: str = nbformat.writes(notebook)
    return text, digest


def _source_of(copy: Path) -> str:
    try:
        return str(_read(copy).metadata.get(KEY, ""))
    except ConfigurationError:
        return ""


def _read(path: Path) -> NotebookNode:
    import nbformat

    with os_errors_reported(str(path), "cannot be read"):
        try:
            notebook: NotebookNode = nbformat.read(path, as_version=4)
        except (ValueError, KeyError, AttributeError, nbformat.ValidationError):
            raise ConfigurationError(str(path), "is not a notebook", "Take it out of the folder") from None
    return notebook


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns the exit code: JupyterLab's, or 1 if there is nothing to open."""
    parser = argparse.ArgumentParser(prog="python -m l3kit.notebook.lab", description=__doc__, epilog=FURTHER)
    parser.add_argument("--new", action="store_true", help="put a new copy next to one whose original has changed")
    parser.add_argument("--no-open", action="store_true", help="only copy")
    options, further = parser.parse_known_args(arguments)
    try:
        root = project_root(Path(__file__).parent)
        copied = copy_notebooks(root / "notebooks", root / FOLDER, renew=options.new)
    except L3Error as error:
        print(error, file=sys.stderr)
        return 1
    for line in copied.lines():
        print(f"{FOLDER}/: {line}")
    if options.no_open:
        return 0
    sys.stdout.flush()
    # The project is the server's root, so that links to ../docs work.
    places = [f"--ServerApp.root_dir={root}", f"--LabApp.default_url=/lab/tree/{FOLDER}"]
    return subprocess.call([sys.executable, "-m", "jupyter", "lab", *places, *further], cwd=root)


if __name__ == "__main__":
    sys.exit(main())
