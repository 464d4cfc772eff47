"""Log lines of a twin's functions as an answer: a frame, plain values, and text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from l3kit.notebook.answer import Answer
from l3kit.notebook.gaps import Gap, gaps_clause, gaps_frame, gaps_tables
from l3kit.notebook.tables import MAX_ROWS, Displayable, Sheet, table, visible
from l3kit.tiering.counts import count_of

if TYPE_CHECKING:
    import pandas as pd

FAILED = ("ERROR", "CRITICAL")
"""Levels that the summary counts."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """One line of the log of one function.

    Attributes:
        function: its short name, such as `hot-to-cold-mover`.
        request_id: id of the invocation; empty if the line has none.
        level: such as `ERROR`; empty for lines without one, such as the platform's.
        text: without secrets; several lines if there is a traceback.
    """

    moment: datetime
    function: str
    cloud: str
    request_id: str
    level: str
    text: str

    def __str__(self) -> str:
        """One line, or more if the text has more; control characters are escaped."""
        about = f"{_moment(self.moment)}  {self.cloud}  {self.function}  {self.level or '-'}  "
        more = (f"\n  {line}" for line in self.text.split("\n")[1:])
        return visible(about + self.text.partition("\n")[0] + "".join(more))

    def to_json(self) -> dict[str, Any]:
        """Plain values; the moment in ISO 8601."""
        return {**asdict(self), "moment": _moment(self.moment)}


COLUMNS = tuple(LogRow.__dataclass_fields__)


@dataclass(frozen=True, slots=True, repr=False)
class LogsReport(Displayable, Answer):
    """The result of `logs`.

    Attributes:
        rows: the lines, by moment.
        functions: the chosen functions.
        notes: further information.
        gaps: logs that could not be read, and lines beyond the limit.
    """

    rows: tuple[LogRow, ...]
    functions: tuple[str, ...]
    notes: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def complete(self) -> bool:
        """True if all lines chosen are among the rows."""
        return not self.gaps

    def to_frame(self) -> pd.DataFrame:
        """Return one row per line, with the columns `COLUMNS`."""
        import pandas as pd

        return pd.DataFrame([[getattr(row, name) for name in COLUMNS] for row in self.rows], columns=list(COLUMNS))

    def gaps_frame(self) -> pd.DataFrame:
        """Return what is missing: columns tier, what, reason, remedy."""
        return gaps_frame(self.gaps)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    __repr__ = __str__

    def _lines(self) -> Iterator[str]:
        yield visible(self.summary())
        yield from map(str, self.rows[-MAX_ROWS:])
        if (left_out := len(self.rows) - MAX_ROWS) > 0:
            yield f"{left_out:,} earlier lines are not shown; the frame has them all"
        if self.gaps or self.notes:
            yield str(Sheet("", gaps_tables(self.gaps), self.notes))

    def sheet(self) -> Sheet:
        """Return the lines, then what is missing."""
        shown = (table(self.to_frame()),) if self.rows else ()
        return Sheet(self.summary(), (*shown, *gaps_tables(self.gaps)), self.notes)

    def summary(self) -> str:
        failed = sum(row.level in FAILED for row in self.rows)
        of = f"{self.functions[0]}" if len(self.functions) == 1 else count_of(len(self.functions), "function")
        errors = f", {count_of(failed, 'error')}" if failed else ""
        return f"{count_of(len(self.rows), 'log line')} of {of}{errors}{gaps_clause(self.gaps)}"

    def to_json(self) -> dict[str, Any]:
        return {
            "summary": self.summary(),
            "complete": self.complete,
            "lines": [row.to_json() for row in self.rows],
            "notes": list(self.notes),
            "gaps": [asdict(gap) for gap in self.gaps],
        }


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
