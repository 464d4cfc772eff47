"""Run the deployed movers and the expirer: once, until nothing remains, or at a series of scheduled times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from l3kit.errors import CheckFailedError, ConfigurationError, L3Error
from l3kit.notebook.answer import CheckedAnswer
from l3kit.notebook.tables import Displayable, Sheet, table
from l3kit.operate.holds.report import released_by
from l3kit.operate.pauses.report import resumed_by
from l3kit.session import reached
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.holds import Holds
from l3kit.tiering.format.item_times import shortest
from l3kit.tiering.format.pauses import Pauses
from l3kit.tiering.format.time_ranges import read_bound
from l3kit.tiering.settings.function_table import EXPIRER, FUNCTIONS
from l3kit.tiering.settings.twin_info import ARCHIVE_DAYS
from l3kit.twin.layout import MOVERS, SCHEDULED

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.session import Session
    from l3kit.twin.config import Twin

MAX_INVOCATIONS = 1000
"""Maximum invocations of one `run_mover`, after which it stops although more remains."""
MAX_REASONS = 5
"""Maximum reasons named in an error."""


@dataclass(frozen=True, slots=True, repr=False)
class MoverRun(Displayable, CheckedAnswer):
    """The result of `run_mover`: the reports of one or more invocations of a mover or the expirer.

    Attributes:
        function: the mover, or the expirer.
        reports: the report of each invocation, as plain JSON values.
    """

    function: str
    reports: tuple[dict[str, Any], ...]

    @property
    def verdict(self) -> str:
        """Verdict of the last invocation, or `partial` if an earlier one skipped something or moved more."""
        *earlier, last = (str(report["verdict"]) for report in self.reports)
        if (last == "complete" and "partial" in earlier) or (last == "failed" and self.total("chunks")):
            return "partial"
        return last

    def total(self, name: str) -> int:
        """Sum `items`, `bytes` or `chunks` over all invocations."""
        return sum(int(report[name]) for report in self.reports)

    @property
    def skipped(self) -> list[dict[str, str]]:
        """Return what was skipped, each entry once although every invocation reports it."""
        found = [skip for report in self.reports for device in report["devices"] for skip in device["skipped"]]
        return list({(skip["key"], skip["reason"]): skip for skip in found}.values())

    def summary(self) -> str:
        moved = ", ".join(count_of(self.total(name), name.removesuffix("s")) for name in ("items", "chunks", "bytes"))
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        left = f", {self.unmovable:,} stay hot because their id is not a movable time" if self.unmovable else ""
        stopped = "; ".join(stops.summary() for stops in (self.paused, self.held) if stops)
        deleted = " deleted" if self.function == EXPIRER else ""
        paused = f" ({stopped})" if stopped else ""
        return f"{self.function}: {moved}{deleted}; {self.verdict}{paused}{skipped}{left}"

    @property
    def paused(self) -> Pauses:
        """The pauses that the last invocation found."""
        return Pauses.of_json(self.reports[-1].get("paused", ()))

    @property
    def held(self) -> Holds:
        """The holds that the last invocation found."""
        return Holds.of_json(self.reports[-1].get("held", ()))

    @property
    def unmovable(self) -> int:
        """Items that the last invocation left because their `id` is not a movable time."""
        return int(self.reports[-1].get("unmovable", 0))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per device: items, bytes, chunks, skipped, remains."""
        import pandas as pd

        rows = [
            {
                "device": device["device_id"],
                "items": device["items"],
                "chunks": device["chunks"],
                "bytes": device["bytes"],
                "skipped": "; ".join(f"{s['key']}: {s['reason']}" for s in device["skipped"]),
                "notes": "; ".join(device.get("notes", [])),
                "remains": device["remains"],
            }
            for report in self.reports
            for device in report["devices"]
        ]
        columns = ["device", "items", "chunks", "bytes", "skipped", "notes", "remains"]
        frame = pd.DataFrame(rows, columns=columns)
        return frame.sort_values("device", kind="stable").reset_index(drop=True)

    def to_json(self) -> dict[str, Any]:
        return {
            "summary": self.summary(),
            "function": self.function,
            "verdict": self.verdict,
            "reports": list(self.reports),
        }

    def raise_if_failed(self) -> None:
        check_complete([self])

    def sheet(self) -> Sheet:
        """Return one row per device, those with skipped data first."""
        frame = self.to_frame()
        return Sheet(self.summary(), (table(frame, first=frame["skipped"].astype(bool).tolist()),))

    def requests_frame(self) -> pd.DataFrame:
        """Return requests and retries by kind, summed over the invocations."""
        import pandas as pd

        kinds = sorted({kind for report in self.reports for kind in (*report["requests"], *report["retries"])})
        rows = [
            {
                "request": kind,
                "count": sum(report["requests"].get(kind, 0) for report in self.reports),
                "retries": sum(report["retries"].get(kind, 0) for report in self.reports),
            }
            for kind in kinds
        ]
        return pd.DataFrame(rows, columns=["request", "count", "retries"])


def check_complete(runs: Iterable[MoverRun]) -> None:
    """Raise CheckFailedError if one of these runs is not complete or left something."""
    runs = list(runs)
    left = [skip for run in runs for skip in run.skipped]
    bad = [run.verdict for run in runs if run.verdict != "complete"]
    if bad or left:
        reasons = [f"{pauses.summary()} ({resumed_by(pauses)})" for run in runs if (pauses := run.paused)]
        reasons += [f"{holds.summary()} ({released_by(holds)})" for run in runs if (holds := run.held)]
        reasons += [f"{skip['key']}: {skip['reason']}" for skip in left[:MAX_REASONS]]
        if len(left) > MAX_REASONS:
            reasons.append(f"and {len(left) - MAX_REASONS:,} more, which the runs' tables name")
        runs_ = count_of(len(bad), "run is", "runs are")
        raise CheckFailedError("movers", f"{runs_} not complete. {'; '.join(reasons)}", "Run again; see the reasons")


def run_mover(session: Session, twin: Twin, function: str, *, time: date | str | None = None) -> MoverRun:
    """Invoke a deployed mover or the expirer and wait; repeat while its deadline stops it before all due data are done.

    Args:
        function: `hot-to-cold-mover`, `cold-to-archive-mover` or `archive-expirer`.
        time: the run's scheduled time, in any form of docs/reference/items.md, a datetime with a zone, or a date, which
            means its beginning in UTC; None is now.
    Raises: ProvisioningError if the function is not deployed; L3Error if it failed, with the end of its log.
    """
    checked_mover(function, twin)
    cloud = reached(session, twin.layout.tier(FUNCTIONS[function].tier), f"the {function} of {twin.name}")
    event = {} if time is None else {"time": _moment(time)}
    reports: list[dict[str, Any]] = []
    with session.watching_sandbox():
        while len(reports) < MAX_INVOCATIONS:
            reports.append(_report(function, cloud.invoke(twin, function, event)))
            if not _more_can_move(reports[-1]):
                break
    return MoverRun(function, tuple(reports))


def checked_mover(function: str, twin: Twin | None = None) -> None:
    """Check the function. Raises: L3Error if no schedule starts it, or it is the expirer of a twin without expiry."""
    if function not in SCHEDULED:
        raise L3Error(function, "is not a mover", f"Movers: {', '.join(MOVERS)}; and {EXPIRER}")
    if function == EXPIRER and twin is not None and not twin.layout.expires:
        raise L3Error(f"{EXPIRER} of {twin.name}", "is not there: its data are kept for ever", f"Set {ARCHIVE_DAYS}")


def run_canary(session: Session, twin: Twin) -> MoverRun:
    """Have the deployed hot-to-cold mover move the canary of `verify` and nothing else.

    A mover of a version without canaries ignores `canary` and uses `time`, before which there are no readings.
    Raises: ProvisioningError if it is not deployed; L3Error if it failed, with the end of its log.
    """
    function = MOVERS[0]
    cloud = reached(session, twin.layout.hot, f"the {function} of {twin.name}")
    with session.watching_sandbox():
        report = _report(function, cloud.invoke(twin, function, {"time": "1970-01-01T00:00:00Z", "canary": True}))
    return MoverRun(function, (report,))


def _more_can_move(report: dict[str, Any]) -> bool:
    """Return whether to continue: a run with skipped data is `partial` even at its deadline, so progress decides."""
    remains = any(device["remains"] for device in report["devices"])
    return report["verdict"] == "deadline" or (remains and report["chunks"] > 0)


def replay(
    session: Session,
    twin: Twin,
    moments: Sequence[datetime],
) -> Iterator[tuple[datetime, MoverRun, MoverRun]]:
    """Run both movers at each of these scheduled times in turn, as the schedules would have."""
    for moment in moments:
        yield moment, run_mover(session, twin, MOVERS[0], time=moment), run_mover(session, twin, MOVERS[1], time=moment)


def moments_between(start: datetime, end: datetime, every: timedelta) -> list[datetime]:
    """Return scheduled times from start to end, end included. Raises: L3Error if `every` is not positive."""
    if every <= timedelta(0):
        raise L3Error("scheduled times", f"cannot be {every} apart", "Name a positive interval")
    moments = []
    while start < end:
        moments.append(start)
        start += every
    return [*moments, end]


def moments_back(end: datetime, days: int, every_days: int) -> list[datetime]:
    """Return scheduled times from this many days back to the end, inclusive; only the end for 0 days."""
    return moments_between(end - timedelta(days=days), end, timedelta(days=every_days)) if days else [end]


def _report(function: str, answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict) or "verdict" not in answer:
        raise L3Error(
            function, "did not return a report", "Apply the twin again, so that the deployed code is of this version"
        )
    return answer


def _moment(time: date | str) -> str:
    """Format a time as the scheduler does. Raises: ConfigurationError if it is not a time, or names no zone."""
    try:
        return shortest(read_bound(time, is_end=False))
    except ConfigurationError as error:
        raise ConfigurationError(f"time {str(time)[:60]!r}", error.cause, error.remedy) from None
