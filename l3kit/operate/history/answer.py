"""Past runs of movers and expirer as an answer: what needs doing first, each run, how far each device lags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from l3kit.notebook.answer import Answer
from l3kit.notebook.gaps import Gap, gaps_clause, gaps_frame, gaps_tables
from l3kit.notebook.tables import Displayable, Sheet, table
from l3kit.tiering.counts import count_of
from l3kit.tiering.journal_record import NEVER
from l3kit.tiering.movers.report import iso
from l3kit.tiering.settings.function_table import EXPIRER

if TYPE_CHECKING:
    import pandas as pd

RUN_COLUMNS = ("started", "mover", "verdict", "items", "chunks", "bytes", "seconds", "retries", "skipped", "run")
LAG_COLUMNS = ("device", "oldest", "days over")
RUNS_SHOWN = 20
"""Devices in the table of lags, largest lag first."""


@dataclass(frozen=True, slots=True)
class PastRun:
    """One invocation of a mover, from its stored report.

    Attributes:
        skipped: number of items, objects and devices left.
        cutoff: older items were due.
    """

    started: datetime
    mover: str
    verdict: str
    items: int
    chunks: int
    bytes: int
    seconds: float
    retries: int
    skipped: int
    run: str
    first_reason: str = ""
    cutoff: datetime = NEVER

    @classmethod
    def of(cls, report: dict[str, Any]) -> PastRun:
        """Read a report. Raises: KeyError, TypeError, ValueError if it is no report of a mover."""
        skipped = [skip for device in report["devices"] for skip in device["skipped"]]
        return cls(
            datetime.fromisoformat(report["started"]).astimezone(UTC),
            str(report["function"]),
            str(report["verdict"]),
            int(report["items"]),
            int(report["chunks"]),
            int(report["bytes"]),
            float(report["seconds"]),
            sum(int(count) for count in report["retries"].values()),
            len(skipped),
            str(report["run_id"]),
            f"{skipped[0]['key']}: {skipped[0]['reason']}" if skipped else "",
            datetime.fromisoformat(report["cutoff"]).astimezone(UTC),
        )


@dataclass(frozen=True, slots=True)
class Lag:
    """A device's oldest item that a mover can move, and how long it has been due; `over` is negative before that."""

    device: str
    oldest: datetime
    over: timedelta

    @property
    def days_over(self) -> float:
        return round(self.over / timedelta(days=1), 1)


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem: what, why, and the remedy."""

    what: str
    why: str
    remedy: str


@dataclass(frozen=True, slots=True, repr=False)
class RunHistory(Displayable, Answer):
    """The result of `runs`.

    Attributes:
        twin: its name.
        since: runs that started from then on.
        runs: the runs of both movers and the expirer, the newest first.
        lags: the lag of each device with hot items, the largest first.
        findings: problems, the most urgent first.
        gaps: what could not be read.
    """

    twin: str
    since: datetime
    runs: tuple[PastRun, ...]
    lags: tuple[Lag, ...] = ()
    findings: tuple[Finding, ...] = ()
    gaps: tuple[Gap, ...] = field(default=())

    @property
    def complete(self) -> bool:
        """True if every report and every device was read."""
        return not self.gaps

    def to_frame(self) -> pd.DataFrame:
        """Return one row per run, the newest first, with the columns `RUN_COLUMNS`."""
        import pandas as pd

        rows = [
            [r.started, r.mover, r.verdict, r.items, r.chunks, r.bytes, r.seconds, r.retries, r.skipped, r.run]
            for r in self.runs
        ]
        return pd.DataFrame(rows, columns=list(RUN_COLUMNS))

    def lags_frame(self) -> pd.DataFrame:
        """Return one row per device with hot items, with the columns `LAG_COLUMNS`."""
        import pandas as pd

        return pd.DataFrame([[lag.device, lag.oldest, lag.days_over] for lag in self.lags], columns=list(LAG_COLUMNS))

    def findings_frame(self) -> pd.DataFrame:
        """Return the problems, the most urgent first: columns what, why, remedy."""
        import pandas as pd

        return pd.DataFrame([list(asdict(one).values()) for one in self.findings], columns=["what", "why", "remedy"])

    def gaps_frame(self) -> pd.DataFrame:
        """Return the gaps: columns tier, what, reason, remedy."""
        return gaps_frame(self.gaps)

    def sheet(self) -> Sheet:
        """Return the problems, the runs, the devices with the largest lags, and the gaps."""
        shown = [table(self.findings_frame(), title="What needs doing first")] if self.findings else []
        runs = self.to_frame().drop(columns=["run"])
        shown += [table(runs, tint_column="verdict", title="Runs, the newest first")] if self.runs else []
        shown += (
            [table(self.lags_frame().head(RUNS_SHOWN), title="Oldest hot item of each device")] if self.lags else []
        )
        return Sheet(self.summary(), (*shown, *gaps_tables(self.gaps)))

    def summary(self) -> str:
        counts = ", ".join(f"{count:,} {verdict}" for verdict, count in _verdicts(self.runs).items())
        since = f"since {iso(self.since)}"
        todo = count_of(len(self.findings), "thing needs", "things need") if self.findings else "nothing needs"
        moved = f"{count_of(self._items(expired=False), 'item')} moved"
        if any(run.mover == EXPIRER for run in self.runs):
            moved += f", {count_of(self._items(expired=True), 'item')} expired"
        text = f"{count_of(len(self.runs), 'run')} {since}{f': {counts}' if counts else ''}; {moved}; {todo} doing"
        return f"{self.twin}: {text}{gaps_clause(self.gaps)}"

    def _items(self, *, expired: bool) -> int:
        return sum(run.items for run in self.runs if (run.mover == EXPIRER) is expired)

    def to_json(self) -> dict[str, Any]:
        return {
            "summary": self.summary(),
            "complete": self.complete,
            "since": self.since.isoformat(),
            "findings": [asdict(one) for one in self.findings],
            "runs": [{**asdict(run), "started": iso(run.started), "cutoff": iso(run.cutoff)} for run in self.runs],
            "lags": [
                {"device": lag.device, "oldest": lag.oldest.isoformat(), "days_over": lag.days_over}
                for lag in self.lags
            ],
            "gaps": [asdict(gap) for gap in self.gaps],
        }


def _verdicts(runs: Sequence[PastRun]) -> dict[str, int]:
    found: dict[str, int] = {}
    for run in runs:
        found[run.verdict] = found.get(run.verdict, 0) + 1
    return dict(sorted(found.items()))
