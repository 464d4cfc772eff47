"""Commands that get what they cannot use end in a sentence."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from l3kit.cli import main
from l3kit.errors import ConfigurationError
from l3kit.examples.crash_lab import CrashLab
from l3kit.operate.explain.gather import explain
from l3kit.operate.leases import end_lease
from l3kit.operate.query import query
from l3kit.operate.telemetry import put_telemetry
from l3kit.session import Session
from tests.unit.raw_errors.telling import NOON, TWIN, opened, told

NO_FILE: Mapping[str, bytes] = {
    "missing": b"",
    "binary": b"\x00\xff\xfe",
    "deep": b"a: " + b"[" * 500 + b"]" * 500,
    "5,000 digits": b"devices: " + b"1" * 5_000,
    "no date": b"devices: 2026-13-45",
}


@pytest.mark.parametrize("kind", NO_FILE)
@pytest.mark.parametrize("command", [["cost", "bill"], ["cost", "layouts"], ["cost", "chunks"], ["explain"]])
def test_a_file_that_cannot_be_read_ends_a_command_in_a_sentence(
    command: list[str], kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "params.yaml"
    if NO_FILE[kind]:
        path.write_bytes(NO_FILE[kind])
    gc.disable()  # a destructor of another test's object that runs at the recursion limit would print its own error
    try:
        assert main([*command, str(path), *(["JFK"] if command == ["explain"] else [])]) == 1
    finally:
        gc.enable()
    said = capsys.readouterr().err
    assert said.startswith("l3kit: ")
    assert "params.yaml" in said or "scenario" in said or "devices" in said


COMMANDS: Mapping[str, list[str]] = {
    "sandbox up": ["sandbox", "up", "--home", "{0}/file/home"],
    "sandbox status": ["sandbox", "status", "--home", "{0}/file/home"],
    "sandbox fire": ["sandbox", "fire", "x", "--home", "{0}/file/home"],
    "first-light": ["first-light", "aws", "--yes", "--report", "{0}"],
    "cost refresh": ["cost", "refresh", "{0}"],
    "explain a folder without a twin": ["explain", "{0}", "JFK"],
    "letters of a folder without a twin": ["letters", "{0}"],
    "replay of a folder without a twin": ["replay", "{0}"],
    "simulate a folder without a twin": ["simulate", "{0}"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_with_a_bad_place_ends_in_a_sentence(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    code = main([word.format(tmp_path) for word in COMMANDS[command]])
    said = capsys.readouterr()
    assert code == (3 if command == "sandbox status" else 1)
    assert said.err.startswith("l3kit: ") or "not running" in said.out


@pytest.mark.parametrize("device", ["", "\ud83d"])
@pytest.mark.parametrize(
    "verb",
    [
        lambda s, d: query(s, TWIN, d),
        lambda s, d: explain(s, TWIN, d),
        lambda s, d: end_lease(s, TWIN, d),
        lambda s, d: put_telemetry(s, TWIN, [(d, b"{}")]),
    ],
    ids=["query", "explain", "end_lease", "put_telemetry"],
)
def test_a_device_id_that_is_none_is_told(
    verb: Callable[[Session, str], object], device: str, unreachable: Session
) -> None:
    with pytest.raises(ConfigurationError, match="device ") as caught:
        verb(unreachable, device)
    told(caught.value).encode()  # which a terminal can show


def test_the_crash_lab_works_in_a_sandbox_alone(unreachable: Session) -> None:
    with pytest.raises(ConfigurationError, match="works in the sandbox only") as caught:
        CrashLab(opened(unreachable), NOON)
    told(caught.value)
