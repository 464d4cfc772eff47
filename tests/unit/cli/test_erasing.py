"""`erase`: what is shown and asked before it, what is asked of the twin, and the exit codes."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from l3kit.cli.pausing import user
from l3kit.operate.erase.pieces import Piece, Tally
from l3kit.operate.erase.report import ErasePlan, EraseReport, Unreached
from tests.support.answering import Answering

TALLY = Tally()
TALLY.add([Piece("hot", "items", "a ... b", "", 7, 700, "sha256:0")])
UNTIL = datetime(2026, 3, 8, tzinfo=UTC)
LEFT = (Unreached("backups", UNTIL, "Look there"),)
PLAN = ErasePlan("nyc-weather", "JFK", TALLY, LEFT)
DONE = EraseReport("nyc-weather", "JFK", TALLY, "_l3kit/erased/JFK/x/done.json", LEFT)


def test_a_confirmed_erase_shows_the_plan_and_asks_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering(plan_erase=PLAN, erase=DONE)
    assert twin.command("erase", "JFK", "--confirm", "JFK", "--reason", "asked", "--json") == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told["unreached"] == [{"what": "backups", "until": "2026-03-08T00:00:00Z", "remedy": "Look there"}]
    assert told["erased"] == [{"where": "hot", "what": "items", "pieces": 1, "items": 7, "bytes": 700}]
    assert "would delete 7 items (hot, 700 bytes)" in err
    assert twin.asked == [
        ("plan_erase", ("JFK",), {}),
        ("erase", ("JFK",), {"reason": "asked", "by": user(), "wait": True}),
    ]


def test_a_dry_run_only_plans(capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering(plan_erase=PLAN)
    assert twin.command("erase", "JFK", "--dry-run") == 0
    assert "backups" in capsys.readouterr().out
    assert [call[0] for call in twin.asked] == ["plan_erase"]


@pytest.mark.parametrize("options", [(), ("--confirm", "LGA")])
def test_without_a_terminal_or_with_another_id_nothing_is_erased(
    options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    twin = Answering(plan_erase=PLAN, erase=DONE)
    assert twin.command("erase", "JFK", *options) == 1
    assert "erase" in capsys.readouterr().err
    assert twin.asked == []


def test_an_erase_that_needs_a_last_look_has_an_exit_code_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    early = EraseReport("nyc-weather", "JFK", TALLY, "", LEFT, UNTIL)
    twin = Answering(plan_erase=PLAN, erase=early)
    assert twin.command("erase", "JFK", "--confirm", "JFK", "--no-wait") == 4
    assert "erase it again from 2026-03-08T00:00:00Z on" in capsys.readouterr().out
    assert twin.asked[1][2]["wait"] is False
