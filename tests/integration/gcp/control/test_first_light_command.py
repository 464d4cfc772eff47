"""`l3kit first-light gcp` on the command line: what it says before it starts, and what it leaves."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from l3kit.cli import main
from l3kit.first_light.steps import STEPS
from l3kit.sandbox import SandboxState
from l3kit.sandbox.gcp.account import OPERATOR, PROJECT

pytestmark = pytest.mark.sandbox
Printed = pytest.CaptureFixture[str]
COMMAND = ["first-light", "gcp", "--target", "sandbox"]


@pytest.fixture(autouse=True)
def here(all_clouds: SandboxState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("L3KIT_SANDBOX_HOME", str(all_clouds.home))
    monkeypatch.chdir(tmp_path)


def test_help_names_what_it_does_and_its_options(capsys: Printed) -> None:
    assert main(["first-light", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for words in ("Deploys the smallest twin", "--dry-run", "--project", "--clean-up", "--keep-on-failure"):
        assert words in text


def test_cost_and_time_are_shown_before_it_asks_and_without_an_answer_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    assert main(COMMAND) == 1
    told = capsys.readouterr().err
    assert told.startswith("Cost: about $0.")
    assert told.index("Not in the price book: Cloud Build") < told.index(
        "Time: 20 to 60 minutes (expected, not measured)"
    )
    assert told.rstrip().endswith("cannot ask: there is no terminal; nothing was changed. Pass --yes")
    assert list(tmp_path.iterdir()) == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_any_other_answer_than_yes_makes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    told = Terminal()
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    monkeypatch.setattr("sys.stderr", told)
    assert main(COMMAND) == 1
    assert (
        f"the account ending in {PROJECT[-4:]}, us-central1 (sandbox), and destroy it all again? [y/N]"
        in told.getvalue()
    )
    assert "was not confirmed. Nothing was changed" in told.getvalue()
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_shows_the_plan_and_makes_nothing(tmp_path: Path, capsys: Printed) -> None:
    for _ in range(2):
        assert main([*COMMAND, "--dry-run"]) == 0
        printed = capsys.readouterr()
        assert printed.err.startswith("Cost: about $0.")
        assert re.search(r"^deploy firstlight-\w+: \d+ to create", printed.out)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_once_through_it_leaves_a_report_and_a_recording_without_secrets(tmp_path: Path, capsys: Printed) -> None:
    assert main([*COMMAND, "--yes", "--report", "light.json"]) == 0, capsys.readouterr().err
    printed = capsys.readouterr()
    assert printed.out.startswith(f"passed: {len(STEPS) + 2} of {len(STEPS) + 2} steps")
    assert "Should this process die: l3kit first-light gcp --clean-up firstlight-" in printed.err
    assert sorted(file.name for file in tmp_path.iterdir()) == ["light.json", "light.md", "light.recording.jsonl"]
    assert json.loads((tmp_path / "light.json").read_text())["left"] == []
    for file in tmp_path.iterdir():
        text = file.read_text("utf-8")
        assert PROJECT not in text
        assert OPERATOR not in text
