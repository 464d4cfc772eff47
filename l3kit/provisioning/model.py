"""What is wanted and what was found, as values; the plan as a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from l3kit.errors import L3Error, ProvisioningError
from l3kit.gaps import Gap, told

if TYPE_CHECKING:
    import pandas as pd

Action = Literal["create", "update", "unchanged", "delete", "keep"]
MARKS = {"create": "+", "update": "~", "unchanged": " ", "delete": "-", "keep": " "}


class AlreadyThereError(ProvisioningError):
    """`create` was told that there is one: an earlier try made it and its answer was lost, or somebody else did."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the cloud has of one wanted resource.

    Attributes:
        exists: whether there is one of that name.
        owned: whether it carries this twin's tag; only then may it be changed or removed.
        differences: in words, without secrets; empty where it is as wanted.
        protected: the cloud itself refuses to remove it.
        fault: why it cannot be made as wanted; a plan to deploy stops there, one to destroy goes on.
    """

    exists: bool
    owned: bool = True
    differences: tuple[str, ...] = ()
    protected: bool = False
    fault: L3Error | None = None


class Resource(Protocol):
    """One wanted resource. Its type knows how to compare it with what is there, and which calls change that.

    Every method may run again after a crash at any point of an earlier one: `compare` asks the cloud, never a memory;
    `create` and `update` complete what is half made; `delete` of something missing is no error.
    """

    @property
    def kind(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def holds_data(self) -> bool: ...

    def compare(self) -> Finding:
        """Read the cloud's state. Raises: ProvisioningError."""

    def create(self) -> None:
        """Make it; called when `compare` found none. Raises: AlreadyThereError, ProvisioningError."""

    def update(self) -> None:
        """Make it as wanted; called when `compare` found differences."""

    def delete(self) -> None:
        """Remove it with all it holds."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a plan."""

    action: Action
    kind: str
    name: str
    reason: str
    resource: Resource = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """What apply would do, in order.

    Attributes:
        title: `deploy` or `destroy`, and the twin's name.
        log_file: where apply notes its steps.
        notes: what could not be checked.
        gaps: what the plan leaves out.
    """

    title: str
    steps: tuple[Step, ...]
    log_file: Path
    resources: tuple[Resource, ...] = field(repr=False)
    notes: tuple[str, ...] = ()
    destroying: bool = False
    data: bool = False
    gaps: tuple[Gap, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every cloud of the twin was reached."""
        return not self.gaps

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that would change something."""
        return tuple(step for step in self.steps if step.action in ("create", "update", "delete"))

    def sentence(self) -> str:
        """One line for people."""
        counts = {action: sum(step.action == action for step in self.steps) for action in MARKS}
        parts = [f"{count} to {action}" for action, count in counts.items() if count and action in _VERBS]
        rest = counts["unchanged"] + counts["keep"]
        counted = ", ".join(parts) if parts else "nothing to change"
        return f"{self.title}: {counted} ({rest} as they are){told(self.gaps)}"

    def to_frame(self) -> pd.DataFrame:
        """Columns action, resource, name, reason, in the order of apply."""
        import pandas as pd

        rows = [[step.action, step.kind, step.name, step.reason] for step in self.steps]
        return pd.DataFrame(rows, columns=["action", "resource", "name", "reason"])

    def to_json(self) -> dict[str, Any]:
        """Plain values; no secrets, since reasons hold none."""
        return {
            "plan": self.sentence(),
            "steps": [{"action": s.action, "resource": s.kind, "name": s.name, "reason": s.reason} for s in self.steps],
            "notes": list(self.notes),
            "complete": self.complete,
            "gaps": [asdict(gap) for gap in self.gaps],
        }

    def __str__(self) -> str:
        lines = [f"{MARKS[s.action]} {s.action:9} {s.kind:16} {s.name}  {s.reason}".rstrip() for s in self.steps]
        return "\n".join([self.sentence(), *lines, *self.notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        notes = "".join(f"<p>{note}</p>" for note in self.notes)
        return f"<p><b>{self.sentence()}</b></p>{frame.to_html(index=False)}{notes}"


_VERBS = ("create", "update", "delete")


def judged(resource: Resource, finding: Finding, *, destroying: bool, data: bool) -> Step:
    """Turn a finding into a step. Pure."""
    if destroying:
        return _judged_for_removal(resource, finding, data)
    if not finding.exists:
        action, reason = "create", "missing"
    elif finding.differences:
        action, reason = "update", "; ".join(finding.differences)
    else:
        action, reason = "unchanged", ""
    return Step(action, resource.kind, resource.name, reason, resource)  # type: ignore[arg-type]


def _judged_for_removal(resource: Resource, finding: Finding, data: bool) -> Step:
    if not finding.owned:
        return Step("keep", resource.kind, resource.name, "is not this twin's: its tag is missing", resource)
    if resource.holds_data and not data:
        return Step("keep", resource.kind, resource.name, "holds data; removed only with data=True", resource)
    if finding.protected:
        return Step("keep", resource.kind, resource.name, "is protected against deletion", resource)
    return Step("delete", resource.kind, resource.name, "", resource)


def findings(resources: tuple[Resource, ...]) -> Iterator[tuple[Resource, Finding]]:
    """Ask the cloud about each resource in turn."""
    for resource in resources:
        yield resource, resource.compare()
