"""Gaps: parts missing from an answer, each with the reason and the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from l3kit.notebook.tables import Table, table
from l3kit.tiering.counts import count_of

if TYPE_CHECKING:
    import pandas as pd

MAX_SAID = 3
"""Maximum number of gaps that a sentence names; tables and result files have all."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A tier, item or object missing from an answer, with the reason and the remedy.

    Attributes:
        uncounted: whether it may contain items missing from the answer's counts.
    """

    tier: str
    what: str
    reason: str
    remedy: str
    uncounted: bool = True

    def summary(self) -> str:
        """One-line description."""
        return f"{self.what}: {self.reason}. {self.remedy}"


def unreached(tier: str, cloud: str, what: str = "") -> Gap:
    """Return the gap of a tier on a cloud that this session does not reach."""
    reason = f"is on {cloud}, which this session does not reach"
    return Gap(tier, what or f"the {tier} tier", reason, f"Connect to {cloud} as well")


def unwritable(count: int, first: tuple[str, str], device: str = "") -> Gap:
    """Return the gap of hot items that cannot be written as JSON. `first`: sort key of one, and the reason."""
    key, reason = first
    reason = f"cannot be written as JSON, so they never move; the first is {key}: {reason}"
    remedy = "They stay as they are in the hot tier; read them there"
    of = f" of {device}" if device else ""
    return Gap("hot", count_of(count, f"hot item{of}", f"hot items{of}"), reason, remedy, uncounted=False)


def gaps_clause(gaps: Sequence[Gap]) -> str:
    """Return the end of a sentence: `; incomplete: ...`, or nothing."""
    if not gaps:
        return ""
    more = f", and {len(gaps) - MAX_SAID:,} more" if len(gaps) > MAX_SAID else ""
    return "; incomplete: " + ", ".join(f"{gap.what} {gap.reason}" for gap in gaps[:MAX_SAID]) + more


def gaps_frame(gaps: Sequence[Gap]) -> pd.DataFrame:
    """Return columns tier, what, reason, remedy."""
    import pandas as pd

    rows = [[gap.tier, gap.what, gap.reason, gap.remedy] for gap in gaps]
    return pd.DataFrame(rows, columns=["tier", "what", "reason", "remedy"])


def gaps_tables(gaps: Sequence[Gap]) -> tuple[Table, ...]:
    """Return the tables of gaps for an answer's sheet: one, or none if nothing is missing."""
    return (table(gaps_frame(gaps), title="What is missing"),) if gaps else ()
