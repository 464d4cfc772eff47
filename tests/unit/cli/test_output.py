"""What is told where: results on stdout, the rest on stderr, errors in both forms."""

from __future__ import annotations

import json

import pytest

from l3kit.cli.output import Output, reported
from l3kit.errors import L3Error


def failing(error: BaseException) -> int:
    raise error


ERRORS = [
    (L3Error("table t", "is gone", "Apply again"), 1, "l3kit: table t: is gone. Apply again"),
    (PermissionError(13, "Permission denied", "notes.txt"), 1, "l3kit: notes.txt: "),
    (
        ModuleNotFoundError("No module named 'paho'", name="paho"),
        1,
        "l3kit: module paho: is not installed. Install it: pip install 'l3kit[simulate]'",
    ),
    (KeyboardInterrupt(), 130, "l3kit: interrupted"),
]


@pytest.mark.parametrize(("error", "code", "told"), ERRORS)
def test_an_error_is_a_sentence_on_stderr_or_the_one_document(
    error: BaseException, code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reported(Output(), lambda: failing(error)) == code
    printed = capsys.readouterr()
    assert (printed.out, printed.err[: len(told)], printed.err.count("\n")) == ("", told, 1)
    assert reported(Output(as_json=True), lambda: failing(error)) == code
    printed = capsys.readouterr()
    assert printed.err == ""
    assert set(json.loads(printed.out)["error"]) == {"resource", "cause", "remedy"}


def test_what_was_done_before_an_interruption_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    stop = KeyboardInterrupt()
    stop.add_note("Interrupted at: create table t; 3 steps were done before it")
    assert reported(Output(), lambda: failing(stop)) == 130
    assert "3 steps were done before it" in capsys.readouterr().err


def test_a_defect_of_the_program_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        reported(Output(), lambda: failing(ZeroDivisionError()))


def test_quiet_tells_nothing_beside_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    Output(quiet=True).tell("on the way")
    Output().tell("on the way")
    assert capsys.readouterr().err == "on the way\n"


def test_verbose_shows_steps_as_lines(capsys: pytest.CaptureFixture[str]) -> None:
    Output(verbose=True).shows().steps("connect")("starting")
    Output(verbose=True).shows().bar("apply")(1, 3, "create table t")
    Output().shows().steps("connect")("starting")  # where nobody looks, nothing
    assert capsys.readouterr().err == "connect: starting\napply: 1/3 create table t\n"
