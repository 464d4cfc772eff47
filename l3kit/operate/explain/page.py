"""One device's data in all tiers as a readable page: figures and sentences as text, HTML, a table and JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

from l3kit.notebook.answer import Answer
from l3kit.notebook.tables import WIDTH, Displayable, Sheet, Table, visible
from l3kit.operate.explain.erased import erased_frame, erased_of_tier
from l3kit.operate.explain.figures import DeviceFigures
from l3kit.operate.explain.gaps import gaps_of
from l3kit.operate.explain.sentences import sections_of, summary_of
from l3kit.operate.explain.summary import COLUMNS, summaries_frame
from l3kit.tiering.movers.report import iso

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.notebook.gaps import Gap

_WRAP: Any = {"width": WIDTH, "break_long_words": False, "break_on_hyphens": False}


@dataclass(frozen=True, repr=False)
class DevicePage(DeviceFigures, Displayable, Answer):
    """The state of one device: its items in each tier, the chunk under way, and what happens next."""

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """Gaps of the page."""
        return gaps_of(self.facts)

    @property
    def complete(self) -> bool:
        """True if every tier was reached and everything in it was read."""
        return not self.gaps

    def summary(self) -> str:
        return summary_of(self)

    def sections(self) -> dict[str, list[str]]:
        """Sentences below the table, by heading; empty headings are omitted."""
        left_out = [gap.summary() for gap in self.gaps]
        return sections_of(self) | ({"Left out": left_out} if left_out else {})

    def sheet(self) -> Sheet:
        """The table, and the sentences below it, each heading on a line of its own."""
        lines = [
            line for heading, sentences in self.sections().items() for line in ("", heading, *_indented(sentences))
        ]
        return Sheet(self.summary(), (self._table(),), tuple(lines))

    def __str__(self) -> str:
        lines = [*textwrap.wrap(self.summary(), **_WRAP), "", str(self._table())]
        for heading, sentences in self.sections().items():
            lines += ["", heading]
            for text in sentences:
                lines += textwrap.wrap(text, initial_indent="  ", subsequent_indent="    ", **_WRAP)
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = [
            f"<h4>{heading}</h4>" + "".join(f"<p>{escape(text)}</p>" for text in sentences)
            for heading, sentences in self.sections().items()
        ]
        return f"<p><b>{escape(self.summary())}</b></p>{self._table()._repr_html_()}{''.join(parts)}"

    def _table(self) -> Table:
        rows = tuple(tuple(map(visible, tier.cells())) for tier in self.tiers)
        return Table(COLUMNS, rows, frozenset(("items", "objects", "bytes")))

    def to_frame(self) -> pd.DataFrame:
        """One row per tier, columns as in `COLUMNS`; unknown values of unreached tiers are empty.

        Also `erased_items` and `erased_at`: what erases have deleted from it, empty if the device was never erased.
        """
        frame = summaries_frame(self.tiers)
        items, moments = zip(*(erased_of_tier(self.facts.erased, tier.tier) for tier in self.tiers), strict=True)
        return frame.assign(erased_items=list(items), erased_at=list(moments)).astype({"erased_items": "Int64"})

    def erased_frame(self) -> pd.DataFrame:
        """One row for each erase of the device, place and kind; empty if it was never erased."""
        return erased_frame(self.facts.erased)

    def to_json(self) -> dict[str, Any]:
        """JSON values: the table, the journal record without its lists, due items, and the page's sentences."""
        f, record = self.facts, self.facts.record
        hot_run, cold_run = (schedule.next_run for schedule in f.schedules)
        entry = record.entry if record else None
        return {
            "summary": self.summary(),
            "device": f.device_id,
            "twin": f.twin,
            "now": iso(f.now),
            "configured": f.configured,
            "complete": self.complete,
            "gaps": [asdict(gap) for gap in self.gaps],
            "tiers": [asdict(tier) | {"reached": bool(tier.store)} for tier in self.tiers],
            "items_in_two_tiers": self.in_two_tiers,
            "late_items": self.late,
            "under_way": {"state": entry.state, "key": str(entry.key), "items": entry.count, "bytes": entry.size}
            | {"sha256": entry.sha256, "found": self.object_state(entry)}
            if entry
            else None,
            "lease": {"owner": record.owner, "until": iso(record.lease_until)} if record else None,
            "next_runs": {"hot": hot_run and iso(hot_run), "cold": cold_run and iso(cold_run)},
            "due_items": {"now": self.due(f.now), "next_run": self.due(hot_run) if hot_run else None},
            "due_chunks": {"now": self.due_chunks(f.now), "next_run": self.due_chunks(cold_run) if cold_run else None},
            "moved": {"chunks": record.moved_chunks, "items": record.moved_items, "bytes": record.moved_bytes}
            if record
            else None,
            "expired": {"chunks": len(f.expired.chunks), "items": f.expired.items, "before": f.expired.before},
            "erased": [one.to_json() for one in f.erased.erases],
            "page": self.sections(),
        }


def _indented(sentences: Iterable[str]) -> Iterator[str]:
    return (f"  {text}" for text in sentences)
