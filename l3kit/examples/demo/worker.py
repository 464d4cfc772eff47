"""A worker process of the demo: runs notebooks one after the other with papermill and renders each.

Importing papermill takes more than a second of CPU, so `stage` does it once, in the process from which
all workers are forked.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import psutil
from papermill import PapermillExecutionError, execute_notebook
from papermill.engines import NBClientEngine, papermill_engines

from l3kit.examples.demo.pages import doc_pages, notebook_page
from l3kit.examples.demo.scenes import LOG, Outcome, Scene, sentence_of

ENGINE = "l3kit-demo"


@dataclass(frozen=True, slots=True)
class Step:
    """The start of a cell: `number` of `count`, below the heading `section`."""

    name: str
    number: int
    count: int
    section: str


Event = Step | Outcome


class _Followed(NBClientEngine):  # type: ignore[misc]
    """Papermill's own engine, extended to report each cell before it begins."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, *, begins: Any = None, **more: Any) -> Any:
        cell_start = nb_man.cell_start

        def on_cell_executed(cell: Any, cell_index: int = 0, **rest: Any) -> None:
            begins(cell_index, nb_man.nb.cells)
            cell_start(cell, cell_index, **rest)

        nb_man.cell_start = on_cell_executed
        return super().execute_managed_notebook(nb_man, kernel_name, **more)


def perform(scenes: Sequence[Scene], root: Path, out: Path, pages: Sequence[str], events: Connection) -> None:
    """Run the scenes of one chain, up to the first failure, and send each `Step` and `Outcome`."""
    _begin(root, out)
    papermill_engines.register(ENGINE, _Followed)
    for scene in scenes:
        outcome = run_notebook(scene, root, out, events.send)
        executed = out / f"{scene.name}.ipynb"
        if executed.exists():
            notebook_page(executed, executed.with_suffix(".html"), root, pages)
        events.send(outcome)
        if outcome.verdict != "ok":
            return


def write_docs(out: Path, root: Path, pages: Sequence[str]) -> None:
    """Render the documentation."""
    _begin(root, out)
    doc_pages(out, root, pages)


def run_notebook(scene: Scene, root: Path, out: Path, tell: Callable[[Step], None]) -> Outcome:
    """Execute one notebook and read its result file.

    A failing cell does not raise: the outcome carries the error, and the output notebook shows the cell.
    """
    started = time.monotonic()
    executed, result = out / f"{scene.name}.ipynb", out / f"{scene.name}.json"

    def begins(index: int, cells: Sequence[Any]) -> None:
        tell(Step(scene.name, index + 1, len(cells), section_of(index, cells)))

    def outcome(sentence: str = "", error: str = "") -> Outcome:
        seconds = time.monotonic() - started
        return Outcome(scene.name, "failed" if error else "ok", seconds, sentence, error)

    try:
        execute_notebook(
            scene.source(root),
            executed,
            {**scene.parameters(root), "result_path": str(result)},
            engine_name=ENGINE,
            kernel_name="python3",
            progress_bar=False,
            begins=begins,
        )
        return outcome(sentence_of(result))
    except PapermillExecutionError as error:
        return outcome(error=f"{error.ename}: {error.evalue}")
    except Exception as error:
        return outcome(error=f"{type(error).__name__}: {error}")


def section_of(index: int, cells: Sequence[Any]) -> str:
    """The last heading at or above a cell, without its marks; empty if there is none."""
    for cell in reversed(cells[: index + 1]):
        if cell["cell_type"] == "markdown" and cell["source"].startswith("#"):
            return str(cell["source"].splitlines()[0].lstrip("# "))
    return ""


def _begin(root: Path, out: Path) -> None:
    """Start a process group, so that Ctrl-C reaches the demo alone, which then stops this process in order.

    Output of kernels outside the notebook goes to a log, not between the lines of the bars.
    """
    os.setpgrp()
    os.chdir(root)
    log = os.open(out / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)
    logging.getLogger("papermill").setLevel(logging.ERROR)
    threading.Thread(target=_end_with_the_demo, daemon=True).start()


def _end_with_the_demo() -> None:
    """End this process and its kernels when the demo ends, even if it is killed."""
    demo = parent_process()
    if demo is not None:
        wait([demo.sentinel])
        for child in psutil.Process().children(recursive=True):
            child.kill()
        os._exit(1)
