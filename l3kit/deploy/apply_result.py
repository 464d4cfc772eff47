"""The result of an apply: its steps, the kept resources, the gaps of its plan; as a table and as JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from l3kit.deploy.plan import Step, kept_in_words, steps_frame, steps_json, steps_table
from l3kit.notebook.answer import Answer
from l3kit.notebook.gaps import Gap, gaps_clause, gaps_tables
from l3kit.notebook.tables import Displayable, Sheet

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, repr=False)
class ApplyResult(Displayable, Answer):
    """The result of applying a plan.

    Attributes:
        done: steps carried out, in order.
        unchanged: number of resources that needed no change; in a plan to destroy, of those already gone.
        seconds: duration.
        gaps: parts that the plan omitted.
        kept: resources that a plan to destroy kept, each with the reason.
        notes: what the clouds themselves keep after a removal.
    """

    title: str
    done: tuple[Step, ...]
    unchanged: int
    seconds: float
    gaps: tuple[Gap, ...] = ()
    kept: tuple[Step, ...] = ()
    destroying: bool = False
    notes: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """True if every cloud of the twin was reached."""
        return not self.gaps

    def summary(self) -> str:
        return f"{self.title}: {', '.join([*self._counts(), *kept_in_words(self.kept)])}{gaps_clause(self.gaps)}"

    def _counts(self) -> list[str]:
        counts: Counter[str] = Counter(step.action for step in self.done)
        words = {"create": "created", "update": "updated", "delete": "deleted"}
        parts = [f"{counts[action]} {word}" for action, word in words.items() if counts[action]]
        if self.destroying:
            gone = [f"{self.unchanged} gone already"] if self.unchanged else []
            return [*(parts or ["nothing was deleted"]), *gone]
        if not parts:
            return ["nothing to change", f"all {self.unchanged} resources are as they should be"]
        return [*parts, f"{self.unchanged} as they were"]

    def sheet(self) -> Sheet:
        """Return the steps done, and the resources kept with the reason."""
        steps = (*self.done, *self.kept)
        tables = (*gaps_tables(self.gaps), *([steps_table(steps)] if steps else []))
        return Sheet(self.summary(), tables, self.notes)

    def to_frame(self) -> pd.DataFrame:
        """Columns action, resource, name, reason: the steps done, then the kept resources."""
        return steps_frame((*self.done, *self.kept))

    def to_json(self) -> dict[str, Any]:
        return {
            "summary": self.summary(),
            "done": steps_json(self.done),
            "kept": steps_json(self.kept),
            "unchanged": self.unchanged,
            "notes": list(self.notes),
            "complete": self.complete,
            "gaps": [asdict(gap) for gap in self.gaps],
        }
