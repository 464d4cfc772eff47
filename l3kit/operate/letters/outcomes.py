"""The result of a replay: the outcome of each chosen letter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from l3kit.errors import CheckFailedError
from l3kit.notebook.answer import CheckedAnswer
from l3kit.notebook.gaps import MAX_SAID, Gap, gaps_clause, gaps_frame, gaps_tables
from l3kit.notebook.tables import WIDTH, Displayable, Sheet, table
from l3kit.operate.letters.shown import with_blocks
from l3kit.tiering.counts import count_of

if TYPE_CHECKING:
    import pandas as pd

Outcome = Literal["planned", "arrived", "again", "failed"]
"""The outcome of a letter's replay.

`planned`: of a dry run. `arrived`: taken, and the letter is deleted. `again`: among the letters again, for the same or
another problem. `failed`: the letter stays, since the function was not reached, failed or did not confirm it.
"""
MAX_LEFT = 1000
"""Maximum letters named in a result; the others are counted."""
COLUMNS = ("cloud", "problem", "function", "outcome", "letters")


@dataclass(frozen=True, slots=True)
class LeftLetter:
    """A letter that remains after the replay.

    Attributes:
        function: the function to which its message was sent.
        reason: in words, with the remedy.
    """

    cloud: str
    problem: str
    function: str
    outcome: Outcome
    device: str | None
    key: str
    reason: str

    def about(self) -> Sequence[str]:
        """Return the letter's properties in words; unknown ones are empty."""
        return self.problem, self.device or "", self.outcome, f"{self.function} on {self.cloud}"


@dataclass(frozen=True, slots=True, repr=False)
class LettersReplay(Displayable, CheckedAnswer):
    """The result of `replay_letters`.

    Attributes:
        counts: letters by cloud, problem, function and outcome.
        left: those that stayed, the first MAX_LEFT of them.
        dry_run: whether nothing was sent.
        notes: what was skipped.
        gaps: clouds that were not reached, letters beyond the limit.
    """

    counts: dict[tuple[str, str, str, Outcome], int]
    left: tuple[LeftLetter, ...] = ()
    dry_run: bool = False
    notes: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()

    def total(self, outcome: Outcome) -> int:
        """Return the number of letters with this outcome."""
        return sum(count for (*_, one), count in self.counts.items() if one == outcome)

    @property
    def stayed(self) -> int:
        """Number of chosen letters that remain."""
        return self.total("again") + self.total("failed")

    def to_frame(self) -> pd.DataFrame:
        """Return the number of letters by cloud, problem, function and outcome."""
        import pandas as pd

        return pd.DataFrame([[*key, count] for key, count in sorted(self.counts.items())], columns=list(COLUMNS))

    def left_frame(self) -> pd.DataFrame:
        """Return one row per letter that stayed, with the reason."""
        import pandas as pd

        names = list(LeftLetter.__dataclass_fields__)
        return pd.DataFrame([[getattr(one, name) for name in names] for one in self.left], columns=names)

    def gaps_frame(self) -> pd.DataFrame:
        """Return what was not replayed: columns tier, what, reason, remedy."""
        return gaps_frame(self.gaps)

    def __str__(self) -> str:
        return self.in_blocks(WIDTH)

    __repr__ = __str__

    def in_blocks(self, width: int) -> str:
        """Return the sentence and the counts, then a block for each letter that stayed."""
        blocks = ((one.about(), (one.reason, one.key)) for one in self.left)
        return with_blocks(self.sheet(without_left=True), blocks, len(self.left), width)

    def sheet(self, *, without_left: bool = False) -> Sheet:
        """Return the counts, the letters that stayed, and what was not reached."""
        tables = [table(self.to_frame())] if self.counts else []
        if self.left and not without_left:
            tables.append(table(self.left_frame(), title="Letters that stayed"))
        return Sheet(self.summary(), (*tables, *gaps_tables(self.gaps)), self.notes)

    def summary(self) -> str:
        if self.dry_run:
            return f"a dry run: {count_of(self.total('planned'), 'letter')} would be replayed{gaps_clause(self.gaps)}"
        words = {"arrived": "replayed", "again": "in the dead letters again", "failed": "left, since the call failed"}
        parts = [f"{self.total('arrived'):,} {words['arrived']}"]
        for outcome in ("again", "failed"):
            if count := self.total(outcome):
                parts.append(f"{count:,} {words[outcome]}")
        return f"{count_of(sum(self.counts.values()), 'dead letter')}: {', '.join(parts)}{gaps_clause(self.gaps)}"

    def to_json(self) -> dict[str, Any]:
        rows = [dict(zip(COLUMNS, (*key, count), strict=True)) for key, count in sorted(self.counts.items())]
        return {
            "summary": self.summary(),
            "dry_run": self.dry_run,
            "complete": not self.gaps,
            "counts": rows,
            "left": [asdict(one) for one in self.left],
            "notes": list(self.notes),
            "gaps": [asdict(gap) for gap in self.gaps],
        }

    def raise_if_failed(self) -> None:
        left = self.stayed
        if not left and not self.gaps:
            return
        remedies = "; ".join(dict.fromkeys(gap.remedy for gap in self.gaps)) or "Fix the cause, and replay again"
        cause = f"{count_of(left, 'letter')} stayed" if left else "is incomplete"
        reasons = "; ".join([f"{cause}{gaps_clause(self.gaps)}", *self._reasons()])
        raise CheckFailedError("replay", reasons, remedies)

    def _reasons(self) -> Iterator[str]:
        for one in self.left[:MAX_SAID]:
            yield f"{one.key} on {one.cloud}: {one.reason}"
        more = self.stayed - MAX_SAID
        if more > 0:
            yield f"and {more:,} more"


@dataclass(slots=True)
class Tally:
    """Counts outcomes during a replay, in bounded memory."""

    counts: Counter[tuple[str, str, str, Outcome]] = field(default_factory=Counter)
    left: list[LeftLetter] = field(default_factory=list)

    def add(self, letter: LeftLetter) -> None:
        """Count a letter; one that stayed is named, up to MAX_LEFT."""
        self.counts[letter.cloud, letter.problem, letter.function, letter.outcome] += 1
        if letter.outcome in ("again", "failed") and len(self.left) < MAX_LEFT:
            self.left.append(letter)
