"""Resources that keep their state in memory, and a plan of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from l3kit.clouds.ports.changes import Change
from l3kit.clouds.ports.resources import Finding
from l3kit.deploy.plan import Plan, step_for
from l3kit.session import Session


@dataclass
class Fake:
    """A resource whose cloud is a list."""

    name: str
    exists: bool = False
    owned: bool = True
    differences: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    holds_data: bool = False
    protected: bool = False
    kind: str = "thing"
    calls: list[str] = field(default_factory=list)

    def compare(self) -> Finding:
        return Finding(self.exists, self.owned, self.differences, self.protected, changes=self.changes)

    def create(self) -> None:
        self.calls.append("create")
        self.exists = True

    def update(self) -> None:
        self.calls.append("update")
        self.differences = ()

    def delete(self) -> None:
        self.calls.append("delete")
        self.exists = False


def log_file(folder: Path) -> Path:
    return folder / "new" / "deploy.jsonl"


def planned(folder: Path, *resources: Fake, destroying: bool = False, data: bool = False) -> Plan:
    steps = tuple(step_for(r, r.compare(), destroying=destroying, data=data) for r in resources)
    return Plan(
        f"{'destroy' if destroying else 'deploy'} t",
        steps,
        log_file(folder),
        resources,
        destroying=destroying,
        data=data,
    )


SESSION = Session("sandbox", {})
