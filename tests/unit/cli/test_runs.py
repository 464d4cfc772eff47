"""`l3kit runs`: what is asked, and what is shown."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from l3kit.operate.history.answer import Finding, PastRun, RunHistory
from tests.support.answering import Answering

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
RUN = PastRun(SINCE, "hot-to-cold-mover", "failed", 0, 0, 0, 1.5, 2, 1, "r", "d: is full")
FOUND = RunHistory("t", SINCE, (RUN,), (), (Finding("the hot-to-cold-mover failed", "is full", "Mend it"),))


def test_the_choice_goes_to_the_twin_and_what_needs_doing_is_shown_first(capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering(runs=FOUND)
    assert twin.command("runs") == 0
    shown = capsys.readouterr().out
    assert shown.index("What needs doing first") < shown.index("Runs, the newest first")
    assert twin.command("runs", "--since", "7d", "--mover", "hot-to-cold-mover", "--json") == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["verdict"] == "failed"
    assert [call[2] for call in twin.asked] == [
        {"since": "30d", "mover": None},
        {"since": "7d", "mover": "hot-to-cold-mover"},
    ]
