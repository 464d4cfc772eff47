"""The list of a twin's dead letters, with causes and counts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from l3kit.notebook.answer import Answer
from l3kit.notebook.gaps import Gap, gaps_clause, gaps_frame, gaps_tables
from l3kit.notebook.tables import MAX_ROWS, WIDTH, Displayable, Sheet, format_value, table
from l3kit.operate.coroutines import run
from l3kit.operate.letters.chosen import Choice, Found
from l3kit.operate.letters.scan import Scan
from l3kit.operate.letters.shown import with_blocks
from l3kit.tiering.counts import count_of

if TYPE_CHECKING:
    import pandas as pd

    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.session import Session
    from l3kit.tiering.ports import ObjectStore
    from l3kit.twin.config import Twin

LIMIT = 1000
"""Default limit of a listing, which takes one request for each letter."""
FOREIGN = "not a letter"
"""Shown as the problem of an object that neither the chain nor the cloud's own delivery wrote."""


@dataclass(frozen=True, slots=True)
class LetterRow:
    """One object among the dead letters.

    Attributes:
        problem: empty if it is neither a letter nor of the cloud's own delivery; a replay leaves it alone.
        cause: in words, with the remedy.
        function: the function that wrote the letter; empty if none did.
        device: the sender; None if unknown.
        received: when the source took the message; None if unknown.
        written: when the object was written.
        bytes: size of the object.
    """

    cloud: str
    problem: str
    cause: str
    function: str
    device: str | None
    received: datetime | None
    written: datetime
    bytes: int
    key: str

    def to_json(self) -> dict[str, Any]:
        """Plain values; times in ISO 8601."""
        received = None if self.received is None else self.received.isoformat()
        return {**asdict(self), "received": received, "written": self.written.isoformat()}

    def about(self) -> Sequence[str]:
        """Return the letter's properties in words; unknown ones are empty."""
        moment = f"received {format_value(self.received)}" if self.received else f"written {format_value(self.written)}"
        writer = f"{self.function} on {self.cloud}" if self.function else f"on {self.cloud}"
        return self.problem or FOREIGN, self.device or "", moment, writer, f"{self.bytes:,} bytes"


COLUMNS = tuple(LetterRow.__dataclass_fields__)


@dataclass(frozen=True, slots=True, repr=False)
class LettersReport(Displayable, Answer):
    """The result of `letters`.

    Attributes:
        rows: the letters, by cloud and key.
        notes: warnings on what a filter omitted.
        gaps: clouds that were not reached, letters beyond the limit.
    """

    rows: tuple[LetterRow, ...]
    notes: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def complete(self) -> bool:
        """True if all letters chosen are among the rows."""
        return not self.gaps

    def counts(self) -> dict[str, int]:
        """Return the number of letters by problem."""
        found: dict[str, int] = {}
        for row in self.rows:
            problem = row.problem or FOREIGN
            found[problem] = found.get(problem, 0) + 1
        return dict(sorted(found.items()))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per letter, with the columns `COLUMNS`."""
        import pandas as pd

        return pd.DataFrame([[getattr(row, name) for name in COLUMNS] for row in self.rows], columns=list(COLUMNS))

    def gaps_frame(self) -> pd.DataFrame:
        """Return what is missing: columns tier, what, reason, remedy."""
        return gaps_frame(self.gaps)

    def __str__(self) -> str:
        return self.in_blocks(WIDTH)

    __repr__ = __str__

    def in_blocks(self, width: int) -> str:
        """Return the sentence, then for each letter a descriptive line, and below it the cause and the key."""
        blocks = ((row.about(), (row.cause, row.key)) for row in self.rows[:MAX_ROWS])
        return with_blocks(Sheet(self.summary(), gaps_tables(self.gaps), self.notes), blocks, len(self.rows), width)

    def in_lines(self) -> str:
        """Return a header and a line for each letter, with tabs between the columns."""
        rows = [[format_value(getattr(row, name)) for name in COLUMNS] for row in self.rows]
        return "\n".join("\t".join(" ".join(cell.split()) for cell in row) for row in [COLUMNS, *rows])

    def sheet(self) -> Sheet:
        """Return the letters, then what is missing."""
        shown = (table(self.to_frame()),) if self.rows else ()
        return Sheet(self.summary(), (*shown, *gaps_tables(self.gaps)), self.notes)

    def summary(self) -> str:
        by_problem = ", ".join(f"{count:,} {problem}" for problem, count in self.counts().items())
        text = f"{count_of(len(self.rows), 'dead letter')}{f': {by_problem}' if by_problem else ''}"
        return f"{text}{gaps_clause(self.gaps)}"

    def to_json(self) -> dict[str, Any]:
        return {
            "summary": self.summary(),
            "complete": self.complete,
            "counts": self.counts(),
            "letters": [row.to_json() for row in self.rows],
            "notes": list(self.notes),
            "gaps": [asdict(gap) for gap in self.gaps],
        }


def letters(
    session: Session,
    twin: Twin,
    *,
    problem: str | Sequence[str] = (),
    device: str | None = None,
    since: date | str | None = None,
    limit: int | None = LIMIT,
) -> LettersReport:
    """List the dead letters of all clouds of the twin, and what the clouds' own delivery put among them.

    Args:
        problem: one problem or several (docs/reference/messages.md); empty is all.
        device: only of this sender.
        since: received from then on: ISO 8601 with a zone, a datetime with one, or a date; letters without
            a time of receipt are chosen by when they were written.
        limit: maximum number; None is all.
    Raises: ConfigurationError for an unknown problem, an invalid time or limit.
    """
    return run(_letters(session, twin, Choice.of(problem, device, since, limit)))


async def _letters(session: Session, twin: Twin, choice: Choice) -> LettersReport:
    rows: list[LetterRow] = []
    scan = Scan(session, twin, choice)

    async def collect(cloud: Cloud, store: ObjectStore, found: AsyncIterator[Found]) -> None:
        async for one in found:
            rows.append(_row(one))

    with session.watching_sandbox():
        await scan.each_cloud(collect)
    return LettersReport(tuple(rows), scan.notes(), scan.all_gaps())


def _row(found: Found) -> LetterRow:
    function = found.letter.function if found.letter is not None else ""
    info = found.info
    return LetterRow(
        found.cloud,
        found.problem,
        found.cause,
        function,
        found.device,
        found.received,
        info.modified,
        info.size,
        info.key,
    )
