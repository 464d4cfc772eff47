"""`run` and `verify`: results, and the exit codes of what is not as it should be."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from l3kit.errors import ProvisioningError
from l3kit.operate.forecast import DeviceForecast, Forecast
from l3kit.operate.movers import MoverRun
from l3kit.operate.verify.report import Check, VerifyReport
from l3kit.twin.config import Twin
from tests.support.answering import EXAMPLE, Answering

MOVER = "hot-to-cold-mover"


def run_of(verdict: str, *skipped: dict[str, str]) -> MoverRun:
    device = {"device_id": "JFK", "items": 2, "chunks": 1, "bytes": 9, "skipped": list(skipped), "remains": False}
    report: dict[str, Any] = {
        "function": MOVER, "verdict": verdict, "items": 2, "chunks": 1, "bytes": 9, "skipped": list(skipped),
        "devices": [device], "requests": {}, "retries": {},
    }  # fmt: skip
    return MoverRun(MOVER, (report,))


def test_a_mover_runs_at_the_moment_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering(run_mover=run_of("complete"))
    assert twin.command("run", MOVER, "--time", "2026-03-01T00:00:00Z", "--json") == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "complete"
    assert twin.asked == [("run_mover", (MOVER,), {"time": "2026-03-01T00:00:00Z"})]


def test_what_a_mover_left_is_told_by_the_exit_code_beside_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering(run_mover=run_of("partial", {"key": "x", "reason": "is too large"}))
    assert twin.command("run", MOVER, "--json") == 5
    printed = capsys.readouterr()
    assert json.loads(printed.out)["verdict"] == "partial"
    assert "x: is too large" in printed.err


def test_a_dry_run_tells_what_would_move_and_what_it_costs(capsys: pytest.CaptureFixture[str]) -> None:
    due = DeviceForecast("JFK", 1000, 1, 200_000, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
    twin = Answering(forecast=Forecast(MOVER, datetime(2026, 3, 1, tzinfo=UTC), (due,)))
    twin.config = Twin.load(Path(EXAMPLE))
    assert twin.command("run", MOVER, "--dry-run", "--time", "2026-03-01") == 0
    printed = capsys.readouterr()
    assert "dry run: 1,000 items, 1 chunk, 200,000 bytes of 1 device would be moved" in printed.out
    assert "It would cost about $0.0" in printed.out
    assert "dynamodb.on_demand.write_unit" in printed.out
    assert twin.command("run", MOVER, "--dry-run", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["items"], float(told["cost"]["known_usd"]) > 0) == (1000, True)
    assert [call[0] for call in twin.asked] == ["forecast", "forecast"]
    assert "Counting read the due items once" in printed.err


def test_a_dry_run_of_what_reads_no_items_does_not_say_that_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering(forecast=Forecast("archive-expirer", datetime(2026, 3, 1, tzinfo=UTC), ()))
    twin.config = Twin.load(Path(EXAMPLE))
    assert twin.command("run", "archive-expirer", "--dry-run") == 0
    assert "Counting listed the tier and looked at each due object once" in capsys.readouterr().err


def test_a_mover_that_is_none_is_refused_before_anything_is_reached(capsys: pytest.CaptureFixture[str]) -> None:
    assert Answering().command("run", "hot-to-cold") == 1
    assert "mover: hot-to-cold: is not known. did you mean hot-to-cold-mover?" in capsys.readouterr().err


def test_a_mover_that_is_not_deployed_is_told_with_the_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering(run_mover=ProvisioningError(MOVER, "is not deployed", "Apply the twin"))
    assert twin.command("run", MOVER) == 1
    assert capsys.readouterr().err == f"l3kit: {MOVER}: is not deployed. Apply the twin\n"


@pytest.mark.parametrize(("passed", "code"), [(True, 0), (False, 5)])
def test_a_failed_check_is_told_by_the_exit_code(passed: bool, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    check = Check("links", "aws to gcp", "200", "200" if passed else "403", passed, "" if passed else "Apply the twin")
    twin = Answering(verify=VerifyReport((check,)))
    assert twin.command("verify", "--no-canary", "--clouds", "aws", "--clouds", "gcp", "--json") == code
    assert json.loads(capsys.readouterr().out)["passed"] is passed
    assert twin.asked == [("verify", (), {"clouds": ["aws", "gcp"], "canary": False})]
    assert twin.command("verify") == code
    assert ("Apply the twin" in capsys.readouterr().out) is not passed
