"""Notebooks share a sandbox; a notebook under test gets one of its own, and a folder for its result, by variables."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from l3kit import sandbox
from l3kit.notebook.results import FOLDER_VARIABLE
from l3kit.sandbox.state import HOME_VARIABLE


@contextmanager
def own_sandbox() -> Iterator[Path]:
    """Kernels started meanwhile have an empty sandbox, and a folder for results; both are below the path given."""
    with tempfile.TemporaryDirectory(prefix="l3kit-notebook-") as folder:
        home = Path(folder) / "sandbox"
        wanted = {HOME_VARIABLE: str(home), FOLDER_VARIABLE: str(Path(folder) / "results")}
        before = {name: os.environ.get(name) for name in wanted}
        os.environ.update(wanted)
        try:
            yield Path(folder)
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
            sandbox.down(home)
