"""Where papermill writes: from its own command line, whatever options stand on it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import papermill.cli
import pytest

from l3kit.notebook.papermill_output import VALUES, notebooks_of, output_notebook


def test_the_table_of_options_is_papermills_own() -> None:
    options = [option for option in papermill.cli.papermill.params if option.param_type_name == "option"]
    valued = [option for option in options if not option.is_flag]  # type: ignore[attr-defined]
    assert {name: option.nargs for option in valued for name in option.opts} == VALUES


@pytest.mark.parametrize(
    "words",
    [
        "in.ipynb out.ipynb",
        "in.ipynb out.ipynb -f params.yaml -p sandbox demo",
        "-k python3 --cwd=/x --no-progress-bar in.ipynb -p fresh true out.ipynb",
        "-kpython3 -pfresh true in.ipynb out.ipynb",
        "--parameters data 5 --request-save-on-cell-execute in.ipynb out.ipynb",
        "--log-level DEBUG -- in.ipynb out.ipynb",
    ],
)
@pytest.mark.parametrize("program", ["papermill", "/venv/bin/python /venv/bin/papermill", "python -m papermill"])
def test_both_notebooks_are_found_among_the_options(program: str, words: str) -> None:
    assert notebooks_of([*program.split(), *words.split()]) == ("in.ipynb", "out.ipynb")


@pytest.mark.parametrize("command", ["", "python -m pytest --nbval notebooks", "jupyter lab", "papermill in.ipynb"])
def test_other_commands_have_no_output_notebook(command: str) -> None:
    assert notebooks_of(command.split()) == ("", "")


def found(folder: Path, *arguments: str) -> Path | None:
    """What is found where the parent is a process that looks like papermill, run in this folder by a shell."""
    program = folder / "papermill"
    program.write_text("print('runs', flush=True)\ninput()")
    environment = {**os.environ, "PWD": str(folder)}
    command = [sys.executable, str(program), *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "runs\n"  # while a process begins, its command line reads as empty
        try:
            return output_notebook({}, process.pid)
        finally:
            process.kill()


def test_paths_are_relative_to_papermills_folder(tmp_path: Path) -> None:
    (tmp_path / "in.ipynb").write_text("{}")
    assert found(tmp_path, "in.ipynb", "runs/out.ipynb") == tmp_path / "runs" / "out.ipynb"
    assert found(tmp_path, "in.ipynb", "/x/out.ipynb") == Path("/x/out.ipynb")


@pytest.mark.parametrize("output", ["-", "s3://bucket/out.ipynb"])
def test_what_is_no_file_is_nowhere(output: str, tmp_path: Path) -> None:
    assert found(tmp_path, "in.ipynb", output) is None


def test_papermill_may_tell_the_path_itself() -> None:
    told = {"PAPERMILL_OUTPUT_PATH": "/x/out.ipynb"}
    assert output_notebook(told, os.getpid()) == Path("/x/out.ipynb")
    assert output_notebook({}, os.getpid()) is None
