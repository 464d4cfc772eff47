"""The command `audit`: options, output and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from l3kit.errors import ConfigurationError
from l3kit.notebook.gaps import Gap
from l3kit.operate.audit.faults import Fault, Finding
from l3kit.operate.audit.report import AuditReport, TierAudit
from tests.support.answering import Answering

FAULT = Fault.at("cold", "aws", "JFK/x/chunk-00001.json", Finding("digest", "its content has another digest"))
GAP = Gap("archive", "the archive tier", "is on gcp, which this session does not reach", "Connect to gcp as well")


def report(*faults: Fault, gaps: tuple[Gap, ...] = (), not_read: int = 0) -> AuditReport:
    tiers = (TierAudit("cold", "aws", 4, 4 - not_read, not_read, 0, 40, 400, len(faults)),)
    return AuditReport(faults, len(faults), "", tiers, 1, 0.01, "a1", ("A note",), gaps)


def test_options_reach_the_twin(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    twin = Answering(audit=report())
    options = ["--sample", "1%", "--seed", "a1", "--device", "JFK", "--restore", "--out", str(tmp_path), "--restart"]
    assert twin.command("audit", *options, "--json") == 0
    asked = {"sample": "1%", "seed": "a1", "device": "JFK", "out": tmp_path, "restore": True, "restart": True}
    assert twin.asked == [("audit", (), asked)]
    told = json.loads(capsys.readouterr().out)
    assert (told["passed"], told["complete"], told["seed"]) == (True, True, "a1")
    assert twin.command("audit") == 0
    assert twin.asked[1] == ("audit", (), {"restore": False, "restart": False})


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (report(), 0),
        (report(not_read=2), 0),
        (report(gaps=(GAP,)), 1),
        (report(FAULT), 5),
        (report(FAULT, gaps=(GAP,)), 5),
    ],
)
def test_faults_and_what_was_not_looked_at_are_told_by_the_exit_code(found: AuditReport, code: int) -> None:
    assert Answering(audit=found).command("audit", "-q") == code


def test_a_fault_is_shown_with_its_key_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert Answering(audit=report(FAULT, gaps=(GAP,))).command("audit") == 5
    shown = capsys.readouterr().out
    assert shown.startswith("a sample of 1% (seed a1): 4 objects of 1 device: 4 read; 1 fault; incomplete: the archive")
    for text in ("JFK/x/chunk-00001.json", "digest", "A note", "Connect to gcp as well"):
        assert text in shown


def test_an_option_that_is_wrong_is_told_before_anything_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    refused = ConfigurationError("--sample", "'2' is not a share of the objects", "Give more than 0%")
    assert Answering(audit=refused).command("audit", "--sample", "2") == 1
    assert capsys.readouterr().err == "l3kit: --sample: '2' is not a share of the objects. Give more than 0%\n"
