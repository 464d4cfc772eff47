"""Output that nobody takes: without a reader the program ends without a word, on a full disk with a sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from l3kit.cli.exit_codes import ERROR, UNREAD, UNWRITTEN
from l3kit.cli.output import Output, reported

BROKEN = BrokenPipeError(32, "Broken pipe")
UNBUFFERED = pytest.mark.parametrize("unbuffered", [False, pytest.param(True, marks=pytest.mark.slow)])


def unread(*arguments: str, unbuffered: bool, closed: str) -> tuple[str, int]:
    """Run the program with nobody behind a stream. Returns: what is on the other stream, and its exit code."""
    command, environment = [sys.executable, "-m", "l3kit.cli"], {"PYTHONUNBUFFERED": "1" if unbuffered else ""}
    with subprocess.Popen(
        [*command, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as done:
        getattr(done, closed).close()
        other = done.stderr if closed == "stdout" else done.stdout
        assert other is not None
        return other.read(), done.wait(60)


@UNBUFFERED
@pytest.mark.parametrize("arguments", [["--help"], ["aply", "--json"], ["permissions", "aws"]], ids=" ".join)
def test_without_a_reader_it_ends_without_a_word(arguments: list[str], unbuffered: bool) -> None:
    assert unread(*arguments, unbuffered=unbuffered, closed="stdout") == ("", UNREAD)


def test_without_a_reader_of_errors_it_ends_so_too() -> None:
    assert unread("aply", unbuffered=False, closed="stderr") == ("", UNREAD)


@pytest.mark.parametrize("error", [BROKEN, ConnectionResetError(104, "Connection reset by peer"), TimeoutError()])
def test_a_broken_connection_is_told_as_an_error(error: OSError, capfd: pytest.CaptureFixture[str]) -> None:
    def failing() -> int:
        raise error

    assert reported(Output(), failing) == ERROR
    cause = error.strerror or "TimeoutError"
    assert f"l3kit: network: a connection failed ({cause}). Check that the other end is up" in capfd.readouterr().err
    assert reported(Output(as_json=True), failing) == ERROR
    assert json.loads(capfd.readouterr().out)["error"]["cause"] == f"a connection failed ({cause})"


def test_a_broken_connection_is_told_in_a_pipe_that_is_read() -> None:
    script = (
        "import sys; from l3kit.cli.output import Output, reported\n"
        "def failing(): print('a line'); raise BrokenPipeError(32, 'Broken pipe')\n"
        "sys.exit(reported(Output(), failing))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (ERROR, "a line\n")
    assert "network: a connection failed (Broken pipe)" in done.stderr


def on_a_full_disk(*arguments: str, unbuffered: bool, full: str) -> tuple[str, int]:
    """Run the program with one stream on a full disk. Returns: what is on the other one, and its exit code."""
    other = "stderr" if full == "stdout" else "stdout"
    environment = {**os.environ, "PYTHONUNBUFFERED": "1" if unbuffered else ""}
    with Path("/dev/full").open("w") as disk:
        command = [sys.executable, "-m", "l3kit.cli", *arguments]
        streams: dict[str, Any] = {full: disk, other: subprocess.PIPE}
        done = subprocess.run(command, env=environment, text=True, check=False, timeout=60, **streams)
    return getattr(done, other), done.returncode


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
class TestOnAFullDisk:
    @UNBUFFERED
    @pytest.mark.parametrize(
        "arguments", [["--help"], ["--version"], ["permissions", "aws", "--json"], ["aply", "--json"]], ids=" ".join
    )
    def test_one_sentence_tells_that_the_output_is_lost(self, arguments: list[str], unbuffered: bool) -> None:
        told, code = on_a_full_disk(*arguments, unbuffered=unbuffered, full="stdout")
        assert code == UNWRITTEN
        assert told.startswith("l3kit: the output: cannot be written (No space left on device). Make room on that disk")
        assert told.count("\n") == 1

    @pytest.mark.parametrize("unbuffered", [False, True])
    def test_without_room_for_errors_the_code_alone_tells_it(self, unbuffered: bool) -> None:
        assert on_a_full_disk("aply", unbuffered=unbuffered, full="stderr") == ("", UNWRITTEN)


def test_a_file_on_a_full_disk_is_told_as_an_error_with_its_name(capfd: pytest.CaptureFixture[str]) -> None:
    def failing() -> int:
        raise OSError(28, "No space left on device", "/data/bill.csv")

    assert reported(Output(), failing) == ERROR
    assert "l3kit: /data/bill.csv: No space left on device" in capfd.readouterr().err
