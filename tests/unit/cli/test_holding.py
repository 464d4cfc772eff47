"""`hold`: what is asked of the twin, and what must be given."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from l3kit.cli.pausing import user
from l3kit.operate.holds.report import HoldReport
from l3kit.tiering.format.holds import Hold, Holds
from tests.support.answering import Answering

HELD = Holds(Hold(datetime(2026, 3, 1, tzinfo=UTC), "ann", "audit"))
REPORT = HoldReport("nyc-weather", HELD, HELD, "the twin is held now")


def test_a_hold_names_the_user_unless_somebody_else_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering(hold=REPORT)
    assert twin.command("hold", "--reason", "audit", "--json") == 0
    assert json.loads(capsys.readouterr().out)["held"][0]["reason"] == "audit"
    assert twin.command("hold", "JFK", "--by", "ann", "--reason", "audit") == 0
    assert twin.asked == [
        ("hold", (None,), {"reason": "audit", "by": user()}),
        ("hold", ("JFK",), {"reason": "audit", "by": "ann"}),
    ]


def test_a_hold_is_lifted_with_release_and_shown_without_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering(release=REPORT, holds=REPORT)
    assert twin.command("hold", "JFK", "--release") == 0
    assert twin.command("hold") == 0
    assert "the twin is held since 2026-03-01" in capsys.readouterr().out
    assert [(call[0], call[1]) for call in twin.asked] == [("release", ("JFK",)), ("holds", ())]


@pytest.mark.parametrize("options", [("JFK",), ("--reason", "x", "--release")])
def test_a_device_without_a_reason_and_a_reason_with_release_are_refused(
    options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    twin = Answering()
    assert twin.command("hold", *options) == 2
    assert twin.asked == []
