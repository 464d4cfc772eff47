"""One run of a mover over several invocations, and the scheduled times of a period."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from l3kit.operate.movers import MoverRun, moments_between
from tests.unit.operate.mover_reports import report


def test_a_movers_verdict_remembers_what_an_earlier_invocation_skipped() -> None:
    assert MoverRun("m", (report("deadline"), report())).verdict == "complete"
    assert MoverRun("m", (report("partial"), report())).verdict == "partial"
    both = MoverRun("m", (report("deadline"), report(items=7)))
    assert (both.total("items"), both.total("chunks")) == (12, 2)
    assert both.summary() == "m: 12 items, 2 chunks, 120 bytes; complete"
    assert list(both.requests_frame().iloc[0]) == ["hot.query", 4, 2]


def test_scheduled_times_end_with_the_end() -> None:
    end = datetime(2026, 3, 1, tzinfo=UTC)
    moments = moments_between(end - timedelta(days=70), end, timedelta(days=30))
    assert [(end - moment).days for moment in moments] == [70, 40, 10, 0]
