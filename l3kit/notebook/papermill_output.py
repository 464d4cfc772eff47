"""Find the output notebook if papermill runs this one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

VALUES = {
    "-p": 2,
    "--parameters": 2,
    "-r": 2,
    "--parameters_raw": 2,
    "-f": 1,
    "--parameters_file": 1,
    "-y": 1,
    "--parameters_yaml": 1,
    "-b": 1,
    "--parameters_base64": 1,
    "-k": 1,
    "--kernel": 1,
    "-l": 1,
    "--language": 1,
    "--cwd": 1,
    "--engine": 1,
    "--autosave-cell-every": 1,
    "--start-timeout": 1,
    "--execution-timeout": 1,
    "--start_timeout": 1,
    "--log-level": 1,
    "--stdout-file": 1,
    "--stderr-file": 1,
}
"""Number of values of each option of papermill 2; all others take none. A test compares it with papermill itself."""


def output_notebook(namespace: Mapping[str, Any], parent: int) -> Path | None:
    """Return the output notebook's path; None if papermill does not run this one, or does not write to a file.

    Args:
        namespace: the notebook's `globals()`; papermill puts the path there with `--inject-output-path`.
        parent: id of the process that started the kernel; papermill's command line names both notebooks.
    """
    named = namespace.get("PAPERMILL_OUTPUT_PATH")
    bases: tuple[Path, ...]
    try:
        process = psutil.Process(parent)
        source, output = notebooks_of(process.cmdline())
        bases = (Path(process.cwd()), Path(process.environ().get("PWD", "/")))
    except (psutil.Error, OSError):
        source, output, bases = "", "", (Path.cwd(),)
    output = named if isinstance(named, str) and named else output
    if not output or output == "-" or "://" in output:
        return None
    # With --cwd, papermill's paths are no longer relative to its own working directory.
    base = next((base for base in bases if source and (base / source).is_file()), bases[0])
    return Path(os.path.normpath(base / output))


def notebooks_of(command: Sequence[str]) -> tuple[str, str]:
    """Return the input and output notebook on papermill's command line; empty if it is not one, or lacks them."""
    start = next((n for n, word in enumerate(command[:4]) if Path(word).name in ("papermill", "papermill.exe")), None)
    if start is None:
        return "", ""
    given: list[str] = []
    words = iter(command[start + 1 :])
    for word in words:
        if word == "--":
            given += words
        elif word.startswith("-") and word != "-":
            for _ in range(_values_behind(word)):
                next(words, None)
        else:
            given.append(word)
    return (given[0], given[1]) if len(given) > 1 else ("", "")


def _values_behind(option: str) -> int:
    """Count the following words that belong to an option; its first value may be attached: `-fFILE`, `--cwd=DIR`."""
    name, attached, _ = option.partition("=") if option.startswith("--") else (option[:2], option[2:], "")
    return max(0, VALUES.get(name, 0) - bool(attached))
