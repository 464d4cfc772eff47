"""The commands `letters` and `replay`: options, output and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from l3kit.cli import main
from l3kit.operate.open_twin import OpenTwin
from tests.support.chain import ChainWorld, reading
from tests.support.letter_clouds import LetterCloud, session_of, twin_of

EXAMPLE = Path(__file__).parents[3] / "params" / "twins" / "weather-stations"


def command(world: ChainWorld, *arguments: str) -> int:
    twin = OpenTwin(twin_of(world), session_of(LetterCloud(world, "aws")))
    return main([*arguments[:1], str(EXAMPLE), *arguments[1:]], connect=lambda reach, output: twin)


@pytest.fixture
def world() -> ChainWorld:
    world = ChainWorld()
    world.deliver(reading(1, "stranger"), b"nonsense", b"more nonsense")
    return world


def test_letters_are_listed_as_lines_or_as_json(world: ChainWorld, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(world, "letters", "--problem", "unknown-device", "--problem", "no-time") == 0
    out, err = capsys.readouterr()
    head, line = out.splitlines()
    assert dict(zip(head.split("\t"), line.split("\t"), strict=True))["problem"] == "unknown-device"
    assert err == "1 dead letter: 1 unknown-device\n"
    assert command(world, "letters", "--json", "--limit", "1") == 0
    told = json.loads(capsys.readouterr().out)
    assert (len(told["letters"]), told["complete"]) == (1, False)


def test_on_a_terminal_letters_are_blocks_as_wide_as_it(
    world: ChainWorld, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "70")
    assert command(world, "letters", "--problem", "unknown-device") == 0
    first, about, *further = capsys.readouterr().out.splitlines()
    assert (first, about.split()[0]) == ("1 dead letter: 1 unknown-device", "unknown-device")
    assert max(len(line) for line in further if ".json" not in line) in range(50, 71)


def test_a_replay_tells_what_stayed_by_its_exit_code(world: ChainWorld, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(world, "replay", "--dry-run") == 0
    assert "a dry run: 3 letters would be replayed" in capsys.readouterr().out
    assert command(world, "replay", "--problem", "not-json", "--limit", "all", "--json") == 1
    assert json.loads(capsys.readouterr().out)["summary"].startswith("2 dead letters: 0 replayed, 2 in the dead")
    there = ChainWorld(config={"unknown_devices": "keep"}, hot=world.hot, letter_stores=world.letter_stores)
    assert command(there, "replay", "--problem", "unknown-device") == 0


@pytest.mark.parametrize("limit", ["0", "-1", "some"])
def test_a_limit_that_is_none_is_refused(world: ChainWorld, limit: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(world, "replay", f"--limit={limit}") == 2
    assert "give 1 or more, or all" in capsys.readouterr().err
