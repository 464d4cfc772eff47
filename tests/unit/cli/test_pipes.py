"""A reader that leaves: the program ends without a word, and takes no other broken connection for that."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from l3kit.cli.exit_codes import ERROR, UNREAD
from l3kit.cli.output import Output, reported

BROKEN = BrokenPipeError(32, "Broken pipe")


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


@pytest.mark.parametrize("unbuffered", [False, True])
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
