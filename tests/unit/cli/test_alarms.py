"""`l3kit alarms`: what is shown, and that an alarm that fires is no error of the command."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from l3kit.clouds.ports.alarms import Alarm, Subscriber
from l3kit.operate.alarms.report import AlarmsReport
from tests.support.answering import Answering

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
FIRES = Alarm("t-missed-starts", "missed-starts", "aws", "", "alarm", "Threshold crossed", SINCE)
FOUND = AlarmsReport("t", (FIRES,), (Subscriber("ops@example.com", "aws", "waits"),))


def test_what_fires_is_shown_first_then_all_alarms_then_who_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    twin = Answering(alarms=FOUND)
    assert twin.command("alarms") == 0
    shown = capsys.readouterr().out
    assert shown.index("What fires, and what to do") < shown.index("Who is notified")
    assert "ops@example.com waits for its confirmation" in shown
    assert twin.command("alarms", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["firing"], told["subscribers"][0]["state"]) == (["t-missed-starts"], "waits")
    assert twin.asked == [("alarms", (), {})] * 2
