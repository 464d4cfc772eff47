"""A plan: its steps, in order, each with its reason; as a table and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from l3kit.clouds.ports.changes import Change
from l3kit.clouds.ports.resources import Finding, Resource
from l3kit.errors import CheckFailedError
from l3kit.notebook.answer import Answer
from l3kit.notebook.gaps import MAX_SAID, Gap, gaps_clause, gaps_tables
from l3kit.notebook.tables import Displayable, Sheet, Table, table, visible
from l3kit.tiering.counts import count_of

if TYPE_CHECKING:
    import pandas as pd

Action = Literal["create", "update", "unchanged", "delete", "keep"]
MARKS = {"create": "+", "update": "~", "unchanged": " ", "delete": "-", "keep": " "}
HOLDS_DATA = "holds data; removed only with data=True"
NOT_OURS = "is not this twin's: its tag is missing"
PROTECTED = "is protected against deletion"
_KEPT = {
    HOLDS_DATA: "they hold data: data=True removes them",
    NOT_OURS: "without this twin's ownership tag",
    PROTECTED: "protected against deletion",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One resource of a plan.

    Attributes:
        reason: in words.
        changes: its attributes with old and new values, without secrets; the main ones of a resource to be created.
    """

    action: Action
    kind: str
    name: str
    reason: str
    resource: Resource = field(repr=False, compare=False)
    changes: tuple[Change, ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield the step and below it its changes, each line beginning with its sign, such as `  ~ memory  1 -> 2`."""
        reason = self.reason if not self.changes or self.action == "create" else ""
        yield f"{MARKS[self.action]} {self.action} {self.kind} {self.name}{f': {reason}' if reason else ''}"
        yield from (f"  {change}" for change in self.changes)


@dataclass(frozen=True, slots=True, repr=False)
class Plan(Displayable, Answer):
    """The steps from the actual to the desired state, in order.

    Attributes:
        title: `deploy` or `destroy`, and the twin's name.
        log_file: the step log of apply.
        notes: checks that could not be made.
        gaps: parts that the plan omits.
        left: what the clouds themselves keep after the removal.
    """

    title: str
    steps: tuple[Step, ...]
    log_file: Path
    resources: tuple[Resource, ...] = field(repr=False)
    notes: tuple[str, ...] = ()
    destroying: bool = False
    data: bool = False
    gaps: tuple[Gap, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """True if every cloud of the twin was reached."""
        return not self.gaps

    @property
    def changes(self) -> tuple[Step, ...]:
        """Steps that would change something."""
        return tuple(step for step in self.steps if step.action in ("create", "update", "delete"))

    def summary(self) -> str:
        counts = Counter(step.action for step in self.steps)
        parts = [f"{counts[action]} to {action}" for action in ("create", "update", "delete") if counts[action]]
        if self.destroying:
            counted = ", ".join([*(parts or ["nothing to delete"]), *kept_in_words(self.steps)])
        else:
            counted = f"{', '.join(parts) or 'nothing to change'} ({counts['unchanged']} as they are)"
        return f"{self.title}: {counted}{gaps_clause(self.gaps)}"

    def raise_if_changes(self) -> None:
        """Raise CheckFailedError if the plan has changes; use it to check a second plan after apply."""
        if self.changes:
            names = ", ".join(f"{step.action} {step.kind} {step.name}" for step in self.changes[:MAX_SAID])
            more = f" and {len(self.changes) - MAX_SAID:,} more" if len(self.changes) > MAX_SAID else ""
            raise CheckFailedError(
                self.title,
                f"still has {count_of(len(self.changes), 'change')} to make: {names}{more}",
                "Apply it; a plan that still has changes right after that is a defect of l3kit",
            )

    def to_frame(self) -> pd.DataFrame:
        """Return columns action, resource, name, reason, in the order of apply."""
        return steps_frame(self.steps)

    def changes_frame(self) -> pd.DataFrame:
        """Return one row per attribute that changes: columns action, resource, name, attribute, old, new."""
        import pandas as pd

        rows = [
            [step.action, step.kind, step.name, one.attribute, one.old, one.new]
            for step in self.changes
            for one in step.changes
        ]
        return pd.DataFrame(rows, columns=["action", "resource", "name", "attribute", "old", "new"])

    def lines(self) -> Iterator[str]:
        """Yield the plan line by line for a terminal: the steps that change something, each with its attributes."""
        yield visible(self.summary())
        for step in self.changes:
            yield from map(visible, step.lines())
        for gap in self.gaps:
            yield visible(f"! {gap.summary()}")
        yield from map(visible, self.notes)

    def to_json(self) -> dict[str, Any]:
        return {
            "summary": self.summary(),
            "plan": self.summary(),
            "steps": steps_json(self.steps),
            "notes": list(self.notes),
            "complete": self.complete,
            "gaps": [asdict(gap) for gap in self.gaps],
        }

    def sheet(self) -> Sheet:
        """Return the steps in order, each with its sign and action; in HTML many unchanged ones are collapsed."""
        steps = [steps_table(self.steps)] if self.steps else []
        return Sheet(self.summary(), (*gaps_tables(self.gaps), *steps), self.notes)


def steps_frame(steps: Iterable[Step]) -> pd.DataFrame:
    """Return columns action, resource, name, reason."""
    import pandas as pd

    rows = [[step.action, step.kind, step.name, step.reason] for step in steps]
    return pd.DataFrame(rows, columns=["action", "resource", "name", "reason"])


def steps_table(steps: Iterable[Step]) -> Table:
    """Return a readable table: `+ create`, `~ update`, `- delete`, and no sign for unchanged resources.

    An update has its changes instead of the reason. Attributes of a resource to be created are in `Plan.lines` alone.
    """
    listed = list(steps)
    frame = steps_frame(listed)
    frame["reason"] = ["\n".join(map(str, s.changes)) if _has_changes(s) else s.reason for s in listed]
    frame["action"] = [f"{MARKS[action]} {action}" for action in frame["action"]]
    return table(frame, tint_column="action", fold="unchanged")


def steps_json(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """Return JSON values; no secrets, since reasons and changes hold none."""
    return [
        {
            "action": step.action,
            "resource": step.kind,
            "name": step.name,
            "reason": step.reason,
            "changes": [asdict(change) for change in step.changes],
        }
        for step in steps
    ]


def _has_changes(step: Step) -> bool:
    return step.action == "update" and bool(step.changes)


def kept_in_words(steps: Iterable[Step]) -> list[str]:
    """Count the kept resources by reason: `4 kept (they hold data: data=True removes them)`."""
    kept = Counter(step.reason for step in steps if step.action == "keep")
    return [f"{count} kept ({_KEPT.get(reason, reason)})" for reason, count in kept.items()]


def step_for(resource: Resource, finding: Finding, *, destroying: bool, data: bool) -> Step:
    """Turn a finding into a step."""
    if destroying:
        return _judged_for_removal(resource, finding, data)
    if not finding.exists:
        action, reason = "create", "missing"
    elif finding.differences:
        action, reason = "update", "; ".join(finding.differences)
    else:
        action, reason = "unchanged", ""
    return Step(action, resource.kind, resource.name, reason, resource, finding.changes)  # type: ignore[arg-type]


def _judged_for_removal(resource: Resource, finding: Finding, data: bool) -> Step:
    if not finding.owned:
        return Step("keep", resource.kind, resource.name, NOT_OURS, resource)
    if resource.holds_data and not data:
        return Step("keep", resource.kind, resource.name, HOLDS_DATA, resource)
    if finding.protected:
        return Step("keep", resource.kind, resource.name, PROTECTED, resource)
    return Step("delete", resource.kind, resource.name, "", resource)


def findings(resources: tuple[Resource, ...]) -> Iterator[tuple[Resource, Finding]]:
    """Compare each resource with the cloud in turn."""
    for resource in resources:
        yield resource, resource.compare()
