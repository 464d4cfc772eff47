"""Run every notebook with its default parameters and save its outputs, clean enough to commit: `make notebooks`.

Outputs of cells tagged `nbval-ignore-output` (progress bars, timings) are dropped, and so is everything that a
machine or a moment leaves behind.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from tests.support.own_sandbox import own_sandbox

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
IGNORED = "nbval-ignore-output"


def clean(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Keep sources, tags, and the outputs that nbval compares."""
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({"tags": cell.metadata["tags"]} if "tags" in cell.metadata else {})
        if cell.cell_type == "code":
            if IGNORED in cell.metadata.get("tags", []):
                cell.outputs = []
            for output in cell.outputs:
                output.pop("metadata", None) if output.output_type == "stream" else None
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    return notebook


def main(names: Sequence[str]) -> int:
    """Refresh the named notebooks, or all."""
    for path in [NOTEBOOKS / f"{name}.ipynb" for name in names] or sorted(NOTEBOOKS.glob("*.ipynb")):
        print(f"running {path.stem}", file=sys.stderr)
        notebook = nbformat.read(path, as_version=4)
        with own_sandbox():
            NotebookClient(
                notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOKS)}}
            ).execute()
        nbformat.write(clean(notebook), path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
