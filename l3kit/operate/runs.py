"""Series of mover runs at scheduled times: tables, history of the tiers, checks for losses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from l3kit.errors import CheckFailedError
from l3kit.notebook.gaps import told
from l3kit.operate.inventory import TiersReport, tiers
from l3kit.operate.movers import MoverRun, replay
from l3kit.operate.tier_stores import TIERS
from l3kit.tiering.counts import count_of

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.session import Session
    from l3kit.twin.config import Twin

Run = tuple[datetime, MoverRun, MoverRun]
COLUMNS = ["time", "tier", "items"]
MAX_REASONS = 5
"""Maximum number of skipped entries that an error names."""


def runs_frame(runs: Sequence[Run]) -> pd.DataFrame:
    """Return one row per scheduled time: what each mover moved, and its verdict."""
    import pandas as pd

    rows = [
        [
            moment.strftime("%Y-%m-%d"),
            *(hot.total("items"), hot.total("chunks"), hot.verdict),
            *(cold.total("items"), cold.total("chunks"), cold.verdict),
        ]
        for moment, hot, cold in runs
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


def requests_frame(runs: Sequence[Run]) -> pd.DataFrame:
    """Return requests and retries by kind over all runs of both movers."""
    import pandas as pd

    frames = [run.requests_frame().assign(mover=run.function) for _, *movers in runs for run in movers]
    together = pd.concat(frames) if frames else pd.DataFrame(columns=["request", "count", "retries", "mover"])
    summed: pd.DataFrame = together.groupby(["mover", "request"], as_index=False, sort=False)[
        ["count", "retries"]
    ].sum()
    return summed


def watch(
    session: Session,
    twin: Twin,
    runs: list[Run],
    moments: Sequence[datetime],
    *,
    progress: Callable[..., Iterable[Run]],
) -> pd.DataFrame:
    """Run both movers at these times, append each run to `runs`, and count the tiers after each.

    Returns: columns `time`, `tier`, `items`, starting with the state after the last run already in `runs`.
    """
    import pandas as pd

    history = [_counted(session, twin, runs[-1][0])] if runs else []
    for run in progress(replay(session, twin, moments), total=len(moments), name="scheduled runs"):
        runs.append(run)
        history.append(_counted(session, twin, run[0]))
    return pd.concat(history, ignore_index=True)


def check_conserved(before: TiersReport, after: TiersReport) -> pd.DataFrame:
    """Compare the items of each device before and after.

    Raises: CheckFailedError if the totals differ, or if items may not have been counted.
    """
    import pandas as pd

    if gaps := [gap for gap in (*before.gaps, *after.gaps) if gap.uncounted]:
        remedies = "; ".join(dict.fromkeys(gap.remedy for gap in gaps))
        raise CheckFailedError("conservation", f"cannot be told{told(gaps)}", remedies)
    frames = {"before": before.to_frame(), "after": after.to_frame()}
    totals = pd.DataFrame({name: frame.groupby("device")["items"].sum() for name, frame in frames.items()})
    totals = totals.fillna(0).astype(int)
    totals["difference"] = totals["after"] - totals["before"]
    astray = totals[totals["difference"] != 0]
    if len(astray):
        raise CheckFailedError(
            "conservation", f"items lost or doubled: {astray['difference'].to_dict()}", "See docs/journal.md"
        )
    return totals


def check_runs(runs: Sequence[Run]) -> None:
    """Raise CheckFailedError if a run skipped something."""
    left = [skip for _, *movers in runs for run in movers for skip in run.skipped]
    bad = [run.verdict for _, *movers in runs for run in movers if run.verdict != "complete"]
    if bad or left:
        reasons = [f"{skip['key']}: {skip['reason']}" for skip in left[:MAX_REASONS]]
        if len(left) > MAX_REASONS:
            reasons.append(f"and {len(left) - MAX_REASONS:,} more, which the runs' tables name")
        runs_ = count_of(len(bad), "run is", "runs are")
        raise CheckFailedError("movers", f"{runs_} not complete. {'; '.join(reasons)}", "Run again; see the reasons")


def runs_json(runs: Sequence[Run]) -> dict[str, Any]:
    """Return the content of the result file: totals, and the reports of each run."""
    moved = [sum(run.total("items") for run in column) for column in ([r[1] for r in runs], [r[2] for r in runs])]
    times = count_of(len(runs), "scheduled run")
    return {
        "summary": f"{count_of(moved[0], 'item')} moved to cold, {moved[1]:,} to archive, in {times}",
        "items_to_cold": moved[0],
        "items_to_archive": moved[1],
        "runs": [
            {"scheduled": moment.isoformat(), "reports": [*hot.reports, *cold.reports]} for moment, hot, cold in runs
        ],
    }


def _counted(session: Session, twin: Twin, moment: datetime) -> pd.DataFrame:
    import pandas as pd

    found = tiers(session, twin)
    return pd.DataFrame([[moment, tier, found.total(tier)] for tier in TIERS if found.total(tier)], columns=COLUMNS)
