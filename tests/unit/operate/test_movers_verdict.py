"""One run of a mover over several invocations, and the scheduled times of a period."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from l3kit.errors import CheckFailedError
from l3kit.operate.movers import MoverRun, moments_between
from tests.unit.operate.mover_reports import report


def test_a_movers_verdict_remembers_what_an_earlier_invocation_skipped() -> None:
    assert MoverRun("m", (report("deadline"), report())).verdict == "complete"
    assert MoverRun("m", (report("partial"), report())).verdict == "partial"
    both = MoverRun("m", (report("deadline"), report(items=7)))
    assert (both.total("items"), both.total("chunks")) == (12, 2)
    assert both.summary() == "m: 12 items, 2 chunks, 120 bytes; complete"
    assert list(both.requests_frame().iloc[0]) == ["hot.query", 4, 2]


@pytest.mark.parametrize(("device", "command"), [(None, "l3kit resume"), ("pump-1", "l3kit resume pump-1")])
def test_a_paused_run_is_told_with_the_command_that_resumes(device: str | None, command: str) -> None:
    pause = {"device": device, "since": "2026-03-01T00:00:00+00:00", "by": "ann", "reason": ""}
    run = MoverRun("m", ({**report("paused"), "paused": [pause]},))
    with pytest.raises(CheckFailedError, match=rf"is paused since .* by ann \({command}\)"):
        run.raise_if_failed()


def test_scheduled_times_end_with_the_end() -> None:
    end = datetime(2026, 3, 1, tzinfo=UTC)
    moments = moments_between(end - timedelta(days=70), end, timedelta(days=30))
    assert [(end - moment).days for moment in moments] == [70, 40, 10, 0]
