"""Run All, and Run All again in the same kernel, as somebody does who changes a parameter and wants to see."""

from __future__ import annotations

import copy
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_twice_in_one_kernel(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("L3KIT_SANDBOX_HOME", str(tmp_path / "home"))
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source += f"\nresult_path = {str(tmp_path / 'result.json')!r}"
    again = copy.deepcopy(notebook.cells)
    for cell in again:
        cell.id = f"{cell.id}-2"
    notebook.cells += again
    client = NotebookClient(
        notebook, timeout=250, kernel_name="python3", resources={"metadata": {"path": os.fspath(ROOT)}}
    )
    client.execute()
    assert (tmp_path / "result.json").stat().st_size
