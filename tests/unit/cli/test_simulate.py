"""The command `simulate`: what it publishes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from l3kit.cli import main
from tests.support.twins import twin_on

TWIN = str(Path(__file__).parents[3] / "params" / "twins" / "nyc-weather")


def test_a_dry_run_shows_topics_and_messages_and_needs_no_broker(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", TWIN, "--dry-run", "--json", "--devices", "JFK", "--count", "2"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["published"] == 0
    assert [one["topic"] for one in told["first"]] == ["nyc-weather/JFK/telemetry"] * 2
    assert json.loads(told["first"][0]["message"])["iotDeviceId"] == "JFK"


def test_unknown_devices_are_told_with_those_of_the_twin(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", TWIN, "--dry-run", "--devices", "JFK,BOS"]) == 1
    assert "--devices: BOS: not in the twin. It has EWR, JFK, LGA" in capsys.readouterr().err


def test_a_broker_that_cannot_be_reached_is_named_with_the_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", TWIN, "--broker", "127.0.0.1:1"]) == 1
    assert "MQTT broker 127.0.0.1:1: cannot be reached" in capsys.readouterr().err


def test_a_sandbox_that_does_not_run_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", TWIN, "--home", str(tmp_path)]) == 1
    assert "sandbox: is not running" in capsys.readouterr().err


def test_a_twin_whose_messages_nobody_takes_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = "nyc-weather has no message chain, so no function takes these messages: set message_chain"
    assert main(["simulate", TWIN, "--dry-run"]) == 0
    assert told in capsys.readouterr().err
    (tmp_path / "twin").mkdir()
    with_chain = twin_on(tmp_path / "twin", "aws", "aws", "aws", chain=("aws", "aws"))
    assert main(["simulate", str(with_chain.path), "--dry-run"]) == 0
    assert capsys.readouterr().err == ""


def test_it_publishes_for_no_real_account_unless_a_broker_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", TWIN, "--target", "live"]) == 1
    assert "are on real accounts, whose brokers it does not reach" in capsys.readouterr().err
    assert main(["simulate", TWIN, "--sandbox", "default", "--broker", "127.0.0.1:1"]) == 2
    assert "one of them is enough" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--rate", "-1"], ["--rate", "inf"], ["--count", "0"], ["--broker", "x"], ["--broker", "x:99999"]]
)
def test_impossible_options_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", TWIN, "--dry-run", *arguments]) == 2
    assert arguments[0] in capsys.readouterr().err
