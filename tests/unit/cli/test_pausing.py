"""`pause` and `resume`: what is asked of the twin, and which argument is the device."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from l3kit.cli import main
from l3kit.cli.pausing import user
from l3kit.operate.pauses.report import PauseReport
from l3kit.tiering.format.pauses import Pause, Pauses
from tests.support.answering import Answering

PAUSED = Pauses(Pause(datetime(2026, 3, 1, tzinfo=UTC), "ann"))
REPORT = PauseReport("nyc-weather", PAUSED, PAUSED, "the twin is paused now")


def test_a_pause_names_the_user_unless_somebody_else_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering(pause=REPORT)
    assert twin.command("pause", "--json") == 0
    assert json.loads(capsys.readouterr().out)["paused"][0]["by"] == "ann"
    assert twin.command("pause", "JFK", "--by", "ann", "--reason", "new disks") == 0
    assert twin.asked == [
        ("pause", (None,), {"by": user(), "reason": ""}),
        ("pause", ("JFK",), {"by": "ann", "reason": "new disks"}),
    ]


def test_a_resume_is_of_the_twin_or_of_a_device(capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering(resume=REPORT)
    assert twin.command("resume") == 0
    assert "the twin is paused since 2026-03-01" in capsys.readouterr().out
    assert twin.command("resume", "JFK") == 0
    assert [call[1] for call in twin.asked] == [(None,), ("JFK",)]


def test_a_single_argument_that_is_no_path_is_a_device_of_the_present_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["pause", "pump-1"]) == 2
    assert "is not in a project of l3kit init" in capsys.readouterr().err
