"""Findings by urgency, from the runs, the schedules, the lags, pauses and dead letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from l3kit.operate.history.answer import Finding, Lag, PastRun
from l3kit.tiering.counts import MAX_NAMED, count_of
from l3kit.tiering.format.pauses import Pauses
from l3kit.tiering.movers.report import iso
from l3kit.twin.layout import SCHEDULED
from l3kit.twin.schedule_times import next_time
from l3kit.twin.schedules import Schedule

LATE_AFTER = timedelta(hours=1)
"""A run is missed if no report is there so long after its scheduled time."""
LAG_ALLOWED = timedelta(days=2)
"""An item may wait for a run so long after it is due: two runs of a daily schedule."""
LEFT = ("partial", "failed")


def findings(
    runs: Sequence[PastRun],
    schedules: Mapping[str, Schedule],
    lags: Sequence[Lag],
    pauses: Pauses,
    letters: int,
    now: datetime,
) -> tuple[Finding, ...]:
    """Return what needs doing, the most urgent first.

    Args:
        runs: the newest first.
        schedules: of each mover whose cloud is reached.
        letters: dead letters that are not superseded.
    """
    found: list[Finding] = []
    for mover in SCHEDULED:
        found += _of_runs(mover, [run for run in runs if run.mover == mover])
    for mover, schedule in schedules.items():
        found += _of_schedule(mover, schedule, [run for run in runs if run.mover == mover], now)
    found += _of_lags(lags, pauses)
    if letters:
        why = f"{count_of(letters, 'message is', 'messages are')} not in the hot tier"
        found.append(Finding("dead letters", why, "l3kit letters tells the reasons; mend them, then l3kit replay"))
    if pauses:
        why = pauses.summary()
        found.append(Finding("paused movers", why[0].upper() + why[1:], "l3kit resume, once the reason is gone"))
    return tuple(found)


def _of_runs(mover: str, runs: Sequence[PastRun]) -> Iterator[Finding]:
    ended = [run for run in runs if run.verdict != "paused"]
    if not ended:
        return
    last = ended[0]
    remedy = f"Mend that, then l3kit run {mover}; l3kit logs {mover} has its lines"
    if last.verdict == "failed":
        yield Finding(f"the {mover} failed", f"at {iso(last.started)}: {last.first_reason}", remedy)
    elif len(ended) > 1 and all(run.verdict in LEFT for run in ended[:2]):
        why = f"its last two runs left something, first {last.first_reason}"
        yield Finding(f"the {mover} ended partial twice", why, remedy)


def _of_schedule(mover: str, schedule: Schedule, runs: Sequence[PastRun], now: datetime) -> Iterator[Finding]:
    if schedule.state in ("off", "missing"):
        word = "is switched off" if schedule.state == "off" else "is missing"
        yield Finding(f"the schedule of the {mover} {word}", "Nothing runs by itself", "l3kit apply makes it anew")
    elif schedule.state == "on" and runs:
        last = runs[0].started
        expected = next_time(schedule.expression, last, last)
        if expected is not None and expected + LATE_AFTER < now:
            why = f"at {iso(expected)}, by {schedule.expression}; its last report is of {iso(last)}"
            yield Finding(f"the {mover} did not run when it should have", why, f"l3kit logs {mover}, l3kit verify")


def _of_lags(lags: Sequence[Lag], pauses: Pauses) -> Iterator[Finding]:
    late = [lag for lag in lags if lag.over > LAG_ALLOWED and pauses.of(lag.device) is None]
    if late:
        names = ", ".join(lag.device for lag in late[:MAX_NAMED])
        more = f" and {len(late) - MAX_NAMED:,} more" if len(late) > MAX_NAMED else ""
        why = f"up to {late[0].days_over:,} days beyond the twin's days for the hot tier: {names}{more}"
        what = f"{count_of(len(late), 'device lags', 'devices lag')} behind"
        yield Finding(what, why, "l3kit explain DEVICE tells why; l3kit run hot-to-cold-mover moves what it can")
