"""Findings by urgency, from the runs, the schedules, the lags, pauses and dead letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile

from l3kit.operate.history.answer import Finding, Lag, PastRun
from l3kit.operate.holds.report import released_by
from l3kit.operate.pauses.report import AGAIN, resumed_by
from l3kit.tiering.counts import MAX_NAMED, count_of
from l3kit.tiering.format.holds import Holds
from l3kit.tiering.format.pauses import NOTHING, Pauses
from l3kit.tiering.movers.report import iso
from l3kit.twin.layout import MOVERS, SCHEDULED
from l3kit.twin.schedules import Schedule

LATE_AFTER = timedelta(hours=1)
"""Time after a scheduled run at which it counts as missed if it has no report."""
LAG_ALLOWED = timedelta(days=2)
"""Tolerated wait of a due item for a run: two runs of a daily schedule."""
LEFT = ("partial", "failed")
MAX_DEADLINES = 3
"""Number of consecutive runs ended by their deadline that shows that a mover does not keep up."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Facts that determine what needs to be done.

    Attributes:
        runs: the newest first.
        kept: for each mover, the start of the oldest and of the newest run with a report, whether requested or not.
        schedules: the schedule of each mover whose cloud is reached.
        holds: what may not be deleted.
        halves: pauses that only one of the movers has, a sentence for each.
        letters: dead letters by problem, without superseded ones; `more_letters`: there may be more.
    """

    now: datetime
    runs: Sequence[PastRun] = ()
    kept: Mapping[str, tuple[datetime, datetime]] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    lags: Sequence[Lag] = ()
    pauses: Pauses = NOTHING
    holds: Holds = field(default_factory=Holds)
    halves: Sequence[str] = ()
    letters: Mapping[str, int] = field(default_factory=dict)
    more_letters: bool = False

    def late(self, *, paused: bool) -> list[Lag]:
        """Return the devices that lag too far, either among the paused ones or among the others."""
        return [
            lag for lag in self.lags if lag.over > LAG_ALLOWED and (self.pauses.of(lag.device) is not None) is paused
        ]


def findings(seen: Situation) -> tuple[Finding, ...]:
    """Return the problems, the most urgent first."""
    found: list[Finding] = []
    for mover in SCHEDULED:
        found += _of_runs(mover, [run for run in seen.runs if run.mover == mover])
    for mover, schedule in seen.schedules.items():
        found += _of_schedule(mover, schedule, seen)
    return (*found, *_of_lags(seen), *_of_letters(seen), *_of_pauses(seen), *_of_holds(seen))


def _of_runs(mover: str, runs: Sequence[PastRun]) -> Iterator[Finding]:
    ended = [run for run in runs if run.verdict != "paused"]
    if not ended:
        return
    last = ended[0]
    remedy = f"Fix that, then l3kit run {mover}; l3kit logs {mover} has its lines"
    failed, left, cut = (_streak(ended, *verdicts) for verdicts in (("failed",), LEFT, ("deadline",)))
    if failed:
        since = f", and each of the {len(failed):,} runs since {iso(failed[-1].started)}" if len(failed) > 1 else ""
        yield Finding(f"the {mover} failed", f"at {iso(last.started)}{since}: {last.first_reason}", remedy)
    elif len(left) > 1:
        why = f"its last {len(left):,} runs left something, since {iso(left[-1].started)}"
        kept = f"; the last one left {last.skipped:,}, first {last.first_reason}"
        times = "twice" if len(left) == 2 else f"{len(left):,} times in a row"
        yield Finding(f"the {mover} ended partial {times}", why + kept, remedy)
    elif len(cut) >= MAX_DEADLINES:
        why = f"the deadline ended its last {len(cut):,} runs, since {iso(cut[-1].started)}, and more was due each time"
        more = f"l3kit run {mover} continues until everything is moved; then run it more often"
        yield Finding(f"the {mover} does not keep up", why, more)


def _streak(runs: Sequence[PastRun], *verdicts: str) -> list[PastRun]:
    """Return the unbroken series of newest runs that ended like this."""
    return list(takewhile(lambda run: run.verdict in verdicts, runs))


def _of_schedule(mover: str, schedule: Schedule, seen: Situation) -> Iterator[Finding]:
    remedy = f"l3kit logs {mover}, l3kit verify"
    if schedule.state in ("off", "missing"):
        word = "is switched off" if schedule.state == "off" else "is missing"
        yield Finding(f"the schedule of the {mover} {word}", "Nothing runs by itself", "l3kit apply creates it again")
    elif schedule.state == "on" and mover in seen.kept:
        _, last = seen.kept[mover]
        expected = schedule.run_after(last)
        if expected is not None and expected + LATE_AFTER < seen.now:
            why = f"at {iso(expected)}, by {schedule.text}; its last report is of {iso(last)}"
            yield Finding(f"the {mover} did not run when it should have", why, remedy)
    elif schedule.state == "on" and (reason := _why_it_should_have_run(mover, schedule, seen)):
        why = f"No report of it is kept, {reason}; its schedule is {schedule.text}"
        yield Finding(f"the {mover} has never run", why, remedy)


def _why_it_should_have_run(mover: str, schedule: Schedule, seen: Situation) -> str:
    """Return why a mover without a report must have missed a run; empty where the twin may be new."""
    if mover == MOVERS[0] and (late := seen.late(paused=False)):
        return f"and items have been due for up to {late[0].days_over:,} days"
    if mover not in MOVERS:  # the movers may be older than the setting with which the expirer came
        return ""
    for other, (first, _) in seen.kept.items():
        expected = schedule.run_after(first)
        if expected is not None and expected + LATE_AFTER < seen.now:
            return f"while the {other} has run since {iso(first)}"
    return ""


def _of_lags(seen: Situation) -> Iterator[Finding]:
    if late := seen.late(paused=False):
        why = f"up to {late[0].days_over:,} days beyond the twin's days for the hot tier: {_named(late)}"
        what = f"{count_of(len(late), 'device lags', 'devices lag')} behind"
        explain = f"l3kit explain {late[0].device} shows why"
        yield Finding(what, why, f"{explain}; l3kit run {MOVERS[0]} moves what it can")


def _named(lags: Sequence[Lag]) -> str:
    names = ", ".join(lag.device for lag in lags[:MAX_NAMED])
    return names + (f" and {len(lags) - MAX_NAMED:,} more" if len(lags) > MAX_NAMED else "")


def _of_letters(seen: Situation) -> Iterator[Finding]:
    if seen.letters:
        count = count_of(sum(seen.letters.values()), "message")
        kinds = ", ".join(f"{number:,} {problem}" for problem, number in seen.letters.items())
        why = f"{'at least ' if seen.more_letters else ''}{count}: {kinds}"
        yield Finding("dead letters", why, "l3kit letters shows the reasons; fix them, then l3kit replay")


def _of_pauses(seen: Situation) -> Iterator[Finding]:
    if seen.halves:
        yield Finding("a pause is half done", "; ".join(seen.halves[:MAX_NAMED]), AGAIN)
    elif seen.pauses:
        why = seen.pauses.summary()
        if late := seen.late(paused=True):
            why += f"; what waits in the hot tier has been due for up to {late[0].days_over:,} days: {_named(late)}"
        what = "paused movers" if seen.pauses.twin else "paused devices"
        yield Finding(what, why[0].upper() + why[1:], f"{resumed_by(seen.pauses)}, once the reason is gone")


def _of_holds(seen: Situation) -> Iterator[Finding]:
    if seen.holds:
        why = f"{seen.holds.summary()}: nothing of it is erased, and nothing expires"
        what = "the twin is held" if seen.holds.twin else "held devices"
        yield Finding(what, why[0].upper() + why[1:], f"{released_by(seen.holds)}, once the reason is gone")
