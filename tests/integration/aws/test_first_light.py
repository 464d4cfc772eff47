"""`l3kit first-light aws` in the sandbox: once through; and whatever stops it, nothing stays, or it is told."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from l3kit.cli import main
from l3kit.errors import CheckFailedError
from l3kit.first_light.report import Report
from l3kit.first_light.run import first_light, what_is_there
from l3kit.first_light.steps import STEPS, Run
from l3kit.first_light.twin import new_name, write_twin
from l3kit.sandbox import SandboxState
from l3kit.session import Session
from l3kit.twin.config import Twin
from tests.support.accounts import aws_of

pytestmark = pytest.mark.sandbox
COMMAND = [sys.executable, "-m", "l3kit.cli", "first-light", "aws", "--target", "sandbox", "--yes"]


@pytest.fixture
def twin(tmp_path: Path) -> Twin:
    (tmp_path / "twin").mkdir()
    return write_twin(tmp_path / "twin", new_name(), "aws")


def run(session: Session, twin: Twin, **more: Any) -> Report:
    given: dict[str, Any] = {"tell": lambda text: None, "sleep": lambda seconds: None, **more}
    return first_light(session, twin, estimated_usd="0", clean_up="the command", **given)


@pytest.mark.slow  # half a minute; what stops, is kept, is interrupted or killed is tried below
def test_everything_once_through_and_nothing_is_left(
    sandbox: SandboxState,
    session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("L3KIT_SANDBOX_HOME", str(sandbox.home))
    path = tmp_path / "report.json"
    assert main(["first-light", "aws", "--target", "sandbox", "--yes", "--report", str(path)]) == 0
    printed = capsys.readouterr()
    assert printed.err.startswith("Cost: about $0.00")
    assert printed.out.startswith(f"passed: {len(STEPS) + 2} of {len(STEPS) + 2} steps")
    report = json.loads(path.read_text())
    assert (report["verdict"], report["left"], report["clean_up"]) == ("passed", [], "")
    found = {step["name"]: step["found"] for step in report["steps"]}
    assert found["look at all tiers"].startswith("20 items in hot, 150 items in cold, each once and equal; 1 chunk in")
    assert found["look for what is left"] == "nothing"
    assert [mover["items"] for mover in report["movers"]] == [300, 150, 0, 0]
    assert report["steps"][0]["calls"]["dynamodb.CreateTable"] == 2
    for text in (path.read_text(), path.with_suffix(".md").read_text()):
        assert aws_of(session).account_id not in text
        assert str(tmp_path) not in text


def _refused(run: Run) -> str:
    raise CheckFailedError("a check", "found something else")


def _broken(run: Run) -> str:
    raise ZeroDivisionError("by zero")


def _stopped(run: Run) -> str:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("step", "verdict", "found"),
    [
        (_refused, "failed", "a check: found something else"),
        (_broken, "failed", "unexpected ZeroDivisionError: by zero"),
        (_stopped, "interrupted", "interrupted"),
    ],
)
def test_what_stops_a_step_is_told_and_no_later_step_runs(
    session: Session, twin: Twin, step: Callable[[Run], str], verdict: str, found: str
) -> None:
    report = run(session, twin, steps=[("first", step), ("never", _broken)])
    assert (report.verdict, report.left) == (verdict, ())
    assert [one.name for one in report.steps] == ["first", "destroy", "look for what is left"]
    assert report.steps[0].found.strip() == found


def _log_group(run: Run) -> str:
    """Somebody else's group under a name of this twin: destroy leaves it."""
    aws_of(run.session).client("logs").create_log_group(logGroupName=f"/aws/lambda/{run.twin.name}-hot-reader")
    return "made"


@pytest.mark.slow
def test_what_cannot_be_removed_is_named_with_the_command(session: Session, twin: Twin) -> None:
    report = run(session, twin, steps=[("make", _log_group)])
    assert (report.verdict, report.exit_code, report.clean_up) == ("left over", 4, "the command")
    assert report.left == (f"log group /aws/lambda/{twin.name}-hot-reader",)


def test_a_second_interruption_ends_the_cleaning_up_and_says_that_nobody_knows(session: Session, twin: Twin) -> None:
    def tell(text: str) -> None:
        if text in ("first", "destroy"):
            raise KeyboardInterrupt

    report = run(session, twin, tell=tell, steps=[("first", lambda run: "")])
    assert (report.verdict, report.left, report.clean_up) == ("left over", None, "the command")


def test_without_a_terminal_it_makes_nothing_unless_told_yes(
    sandbox: SandboxState, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("L3KIT_SANDBOX_HOME", str(sandbox.home))
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    assert main(["first-light", "aws", "--target", "sandbox"]) == 1
    assert "nothing was changed. Pass --yes" in capsys.readouterr().err


@pytest.mark.slow
def test_a_dry_run_shows_the_plan_and_makes_nothing(
    sandbox: SandboxState, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("L3KIT_SANDBOX_HOME", str(sandbox.home))
    for _ in range(2):
        assert main(["first-light", "aws", "--target", "sandbox", "--dry-run"]) == 0
        assert "20 to create (0 as they are)" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("at", [name for name, _ in STEPS])
def test_interrupted_at_any_step_it_removes_what_it_made(session: Session, twin: Twin, at: str) -> None:
    def tell(text: str) -> None:
        if text == at:
            raise KeyboardInterrupt

    report = run(session, twin, tell=tell)
    assert (report.verdict, report.left) == ("interrupted", ())
    assert what_is_there(session, twin) == []


@pytest.mark.slow
def test_interrupted_in_the_midst_of_deploying_it_removes_what_it_made(session: Session, twin: Twin) -> None:
    def tell(text: str) -> None:
        if text.startswith("  11 of 20: create"):
            raise KeyboardInterrupt

    report = run(session, twin, tell=tell)
    assert (report.verdict, report.left) == ("interrupted", ())
    assert report.steps[1].found.endswith(" deleted")


def _started(sandbox: SandboxState, report: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "L3KIT_SANDBOX_HOME": str(sandbox.home)}
    command = [*COMMAND, "--report", str(report)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


def _read_until(process: subprocess.Popen[str], line: str) -> str:
    assert process.stderr is not None
    text = ""
    while line not in text and (read := process.stderr.readline()):
        text += read
    assert line in text, text
    return text


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_from_outside_ends_it_without_leaving_anything(
    sandbox: SandboxState, session: Session, tmp_path: Path, number: signal.Signals
) -> None:
    with _started(sandbox, tmp_path / "report.json") as process:
        _read_until(process, "move to the cold tier")
        process.send_signal(number)
        process.communicate(timeout=800)
    assert process.returncode == 130
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["verdict"], report["left"]) == ("interrupted", [])


@pytest.mark.slow
def test_what_a_killed_run_left_is_removed_by_the_command_that_it_printed(
    sandbox: SandboxState, session: Session, twin: Twin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _started(sandbox, tmp_path / "report.json") as process:
        told = _read_until(process, "  14 of 20: create")
        process.kill()
    (command,) = re.findall(r"Should this process die: l3kit (.*)", told)
    name = shlex.split(command)[3]
    (tmp_path / "again").mkdir()
    killed = write_twin(tmp_path / "again", name, "aws")
    assert len(what_is_there(session, killed)) >= 14
    monkeypatch.setenv("L3KIT_SANDBOX_HOME", str(sandbox.home))
    assert main(shlex.split(command)) == 0
    assert what_is_there(session, killed) == []
