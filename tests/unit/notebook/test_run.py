"""A run of a notebook in IPython: cells that fail or are stopped end in the result, errors read as one sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from l3kit.notebook.results import ResultFile
from l3kit.notebook.run import watch


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    made: InteractiveShell = InteractiveShell()  # type: ignore[no-untyped-call]
    yield made
    made.history_manager.end_session()  # type: ignore[union-attr]


def begun(folder: Path, name: str = "out", started: str = "2026-11-28T22:00:00Z") -> ResultFile:
    result = ResultFile(folder / f"{name}.json", {"notebook": name, "started": started}, folder)
    result.begin()
    return result


def content_of(result: ResultFile) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(result.path.read_text())
    return content


RAISE = "from l3kit.errors import ConfigurationError\nraise ConfigurationError('file x', 'is missing', 'Make it')"


def test_a_cell_that_fails_makes_the_result_a_failure(shell: InteractiveShell, tmp_path: Path) -> None:
    result = begun(tmp_path)
    watch(shell, result)
    shell.run_cell("1 + 1")
    assert content_of(result)["verdict"] == "unfinished"
    shell.run_cell(RAISE)
    content = content_of(result)
    assert (content["verdict"], content["summary"]) == ("failed", "file x: is missing. Make it")


@pytest.mark.parametrize("cell", ["1 +", "undefined_name", "raise SystemExit"])
def test_any_other_error_does_too(cell: str, shell: InteractiveShell, tmp_path: Path) -> None:
    result = begun(tmp_path)
    watch(shell, result)
    shell.run_cell(cell)
    assert content_of(result)["verdict"] == "failed"


def test_only_the_newest_run_of_a_kernel_is_told(shell: InteractiveShell, tmp_path: Path) -> None:
    first, second = begun(tmp_path, "first"), begun(tmp_path, "second")
    watch(shell, first)
    watch(shell, second)
    shell.run_cell("1 / 0")
    assert (content_of(first)["verdict"], content_of(second)["verdict"]) == ("unfinished", "failed")


def test_an_error_of_ours_shows_as_one_sentence(
    shell: InteractiveShell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watch(shell, begun(tmp_path))
    shell.run_cell(RAISE)
    assert capsys.readouterr().out.strip() == "ConfigurationError: file x: is missing. Make it"


def test_a_stopped_cell_says_what_it_stopped_at_and_what_to_do(
    shell: InteractiveShell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = begun(tmp_path)
    watch(shell, result)
    shell.run_cell("raise KeyboardInterrupt")
    assert capsys.readouterr().out.strip().startswith("KeyboardInterrupt: Interrupted. Run the notebook again")
    shell.run_cell("e = KeyboardInterrupt()\ne.add_note('Interrupted at: create table x; apply again')\nraise e")
    assert "Interrupted at: create table x; apply again" in capsys.readouterr().out
    assert content_of(result)["verdict"] == "interrupted"


def test_a_result_that_cannot_be_written_hides_no_error(
    shell: InteractiveShell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watch(shell, ResultFile(tmp_path, {"notebook": "x"}, tmp_path))
    shell.run_cell(RAISE)
    shown = capsys.readouterr()
    assert "file x: is missing" in shown.out
    assert "Is a directory" in shown.err
