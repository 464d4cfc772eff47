"""Series of mover runs at scheduled times: tables, history of the tiers, checks for losses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from l3kit.errors import CheckFailedError
from l3kit.notebook.answer import CheckedAnswer
from l3kit.notebook.gaps import gaps_clause
from l3kit.notebook.tables import Displayable, Sheet, table
from l3kit.operate.inventory import TiersReport, tiers
from l3kit.operate.movers import MoverRun, check_complete, replay
from l3kit.tiering.counts import count_of
from l3kit.twin.layout import TIERS

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.session import Session
    from l3kit.twin.config import Twin

Run = tuple[datetime, MoverRun, MoverRun]
"""A scheduled time with the runs of the hot-to-cold and the cold-to-archive mover."""


@dataclass(frozen=True, slots=True, repr=False)
class MoverRuns(Displayable, CheckedAnswer):
    """Result of runs of both movers at scheduled times, in order; iterable, and `+` concatenates two results.

    Attributes:
        runs: for each time, the results of the hot-to-cold and the cold-to-archive mover.
        counts: items per tier after each run, if the tiers were counted: time, tier, items.
    """

    runs: tuple[Run, ...]
    counts: tuple[tuple[datetime, str, int], ...] = ()

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)

    def __add__(self, later: MoverRuns) -> MoverRuns:
        return MoverRuns(self.runs + later.runs, self.counts + later.counts)

    def summary(self) -> str:
        to_cold, to_archive = self._moved()
        times = count_of(len(self.runs), "scheduled run")
        return f"{count_of(to_cold, 'item')} moved to cold, {to_archive:,} to archive, in {times}"

    def to_frame(self) -> pd.DataFrame:
        """One row per scheduled time: each mover's counts and verdict."""
        import pandas as pd

        rows = [
            [
                moment.strftime("%Y-%m-%d"),
                *(hot.total("items"), hot.total("chunks"), hot.verdict),
                *(cold.total("items"), cold.total("chunks"), cold.verdict),
            ]
            for moment, hot, cold in self.runs
        ]
        columns = [
            "scheduled",
            "items to cold",
            "chunks to cold",
            "hot to cold",
            "items to archive",
            "chunks to archive",
            "cold to archive",
        ]
        return pd.DataFrame(rows, columns=columns)

    def requests_frame(self) -> pd.DataFrame:
        """Requests and retries by kind over all runs of both movers."""
        import pandas as pd

        frames = [run.requests_frame().assign(mover=run.function) for _, *movers in self.runs for run in movers]
        together = pd.concat(frames) if frames else pd.DataFrame(columns=["request", "count", "retries", "mover"])
        summed: pd.DataFrame = together.groupby(["mover", "request"], as_index=False, sort=False)[
            ["count", "retries"]
        ].sum()
        return summed

    def history_frame(self) -> pd.DataFrame:
        """Columns `time`, `tier`, `items`: items in each tier after each run; empty if the tiers were not counted."""
        import pandas as pd

        return pd.DataFrame(list(self.counts), columns=["time", "tier", "items"])

    def sheet(self) -> Sheet:
        """One row per scheduled time."""
        return Sheet(self.summary(), (table(self.to_frame()),))

    def to_json(self) -> dict[str, Any]:
        """The totals, and each run's reports."""
        to_cold, to_archive = self._moved()
        return {
            "summary": self.summary(),
            "items_to_cold": to_cold,
            "items_to_archive": to_archive,
            "runs": [
                {"scheduled": moment.isoformat(), "reports": [*hot.reports, *cold.reports]}
                for moment, hot, cold in self.runs
            ],
        }

    def raise_if_failed(self) -> None:
        check_complete(run for _, *movers in self.runs for run in movers)

    def _moved(self) -> tuple[int, int]:
        return sum(hot.total("items") for _, hot, _ in self.runs), sum(cold.total("items") for _, _, cold in self.runs)


def run_at(
    session: Session,
    twin: Twin,
    moments: Sequence[datetime],
    *,
    count_tiers: bool = False,
    progress: Callable[[Iterable[Run]], Iterable[Run]] = iter,
) -> MoverRuns:
    """Run both movers at the given scheduled times, in order, as the schedules would.

    Args:
        count_tiers: also count the items of each tier after each time, for `history_frame`.
        progress: wraps the iteration over runs, for example to show a progress bar.
    Raises: ProvisioningError if a mover is not deployed; L3Error if one failed, with the end of its log.
    """
    runs: list[Run] = []
    counts: list[tuple[datetime, str, int]] = []
    for run in progress(replay(session, twin, moments)):
        runs.append(run)
        if count_tiers:
            held = tiers(session, twin)
            counts += [(run[0], tier, held.total(tier)) for tier in TIERS if held.total(tier)]
    return MoverRuns(tuple(runs), tuple(counts))


def check_conserved(before: TiersReport, after: TiersReport) -> pd.DataFrame:
    """Compare the items of each device before and after.

    Raises: CheckFailedError if the totals differ, or if some items were possibly not counted.
    """
    import pandas as pd

    if gaps := [gap for gap in (*before.gaps, *after.gaps) if gap.uncounted]:
        remedies = "; ".join(dict.fromkeys(gap.remedy for gap in gaps))
        raise CheckFailedError("conservation", f"is unknown{gaps_clause(gaps)}", remedies)
    frames = {"before": before.to_frame(), "after": after.to_frame()}
    totals = pd.DataFrame({name: frame.groupby("device")["items"].sum() for name, frame in frames.items()})
    totals = totals.fillna(0).astype(int)
    totals["difference"] = totals["after"] - totals["before"]
    astray = totals[totals["difference"] != 0]
    if len(astray):
        raise CheckFailedError(
            "conservation", f"items lost or doubled: {astray['difference'].to_dict()}", "See docs/reference/journal.md"
        )
    return totals
