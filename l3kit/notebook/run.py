"""One run of a notebook in its kernel.

Its result file is started with its parameters and marked as failed if a cell fails; l3kit's errors are displayed as
one sentence."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import l3kit
from l3kit.errors import L3Error
from l3kit.notebook.papermill_output import output_notebook
from l3kit.notebook.results import FOLDER_VARIABLE, ResultFile, result_file

EVENT = "post_run_cell"
STOPPED = "Interrupted. Run the notebook again: it completes what is missing"


class CellWatch:
    """IPython hook called after each cell; a failed cell ends the run and is recorded in its result."""

    def __init__(self, result: ResultFile) -> None:
        self.result = result

    def after_cell(self, info: Any) -> None:
        error = info.error_before_exec or info.error_in_exec
        if error is None:
            return
        try:
            self.result.failed(error)
        except L3Error as refused:
            print(refused, file=sys.stderr)


def begin_run(notebook: str, given: Mapping[str, Any], namespace: Mapping[str, Any], root: Path) -> ResultFile:
    """Start the result file of this run of a notebook, and watch its cells if it runs in a kernel.

    Args:
        given: the notebook's parameters, not yet validated.
        namespace: the notebook's `globals()`.
        root: the project.
    Raises: ConfigurationError, before any work is done, if the result file cannot be written.
    """
    shell = _shell()
    output = output_notebook(namespace, os.getppid()) if shell is not None else None
    result = result_file(
        notebook,
        given,
        root=root,
        output=output,
        folder=os.environ.get(FOLDER_VARIABLE, "").strip(),
        version=l3kit.__version__,
        now=datetime.now(UTC),
        process=os.getpid(),
    )
    if shell is not None:
        result.begin()
        watch(shell, result)
    return result


def watch(shell: Any, result: ResultFile) -> None:
    """Register IPython hooks for this run in place of an earlier run's, and display an interrupt as one sentence."""
    for known in list(shell.events.callbacks[EVENT]):
        if isinstance(getattr(known, "__self__", None), CellWatch):
            shell.events.unregister(EVENT, known)
    shell.events.register(EVENT, CellWatch(result).after_cell)
    shell.set_custom_exc((KeyboardInterrupt,), _show_stopped)


def _show_stopped(shell: Any, kind: Any, error: BaseException, trace: Any, tb_offset: Any = None) -> list[str]:
    notes = getattr(error, "__notes__", None) or [STOPPED]
    lines = [f"{kind.__name__}: {line}" for line in notes]
    shell._showtraceback(kind, error, lines)
    return lines


def _shell() -> Any:
    try:
        from IPython import get_ipython
    except ModuleNotFoundError:
        return None
    return get_ipython()
