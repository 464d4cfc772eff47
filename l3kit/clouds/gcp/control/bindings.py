"""The roles of one service account on one resource: exactly these, and those of nobody else are touched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from l3kit.clouds.gcp.control.place import Place
from l3kit.clouds.gcp.control.policies import Held, PolicyPlace, change, held_by, with_held
from l3kit.clouds.gcp.control.refusals import explained, unless_missing
from l3kit.clouds.ports.changes import Difference, list_changes
from l3kit.clouds.ports.resources import Finding


@dataclass(frozen=True)
class Binding:
    """What one member may do on one resource.

    Attributes:
        member: such as `serviceAccount:x@y`; a callable where it must be read first.
        short: the member's name for people.
        on: whose policy it is.
        role: the role that whoever runs this needs to change the policy.
    """

    place: Place
    short: str
    member: Callable[[], str] = field(repr=False, compare=False)
    on: PolicyPlace = field(repr=False, compare=False)
    wanted: tuple[Held, ...]
    role: str
    kind: str = field(default="permissions", init=False)
    holds_data: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        return f"of {self.short} on {self.on.title}"

    def compare(self) -> Finding:
        with explained(f"permissions {self.name}", self.role):
            policy = unless_missing(self.on.read)
            there = set() if policy is None else held_by(policy, self.member())
        if not there:
            return Finding.missing({"roles": ", ".join(map(str, self.wanted))})
        wanted = set(self.wanted)
        if there == wanted:
            return Finding.of(True, [])
        words = f"{_listed(there)}, not {_listed(wanted)}"
        changes = list_changes("role", map(str, there), map(str, wanted))
        return Finding.of(True, [Difference(words, changes)])

    def create(self) -> None:
        """Give the roles; they take effect within minutes."""
        self._set(self.wanted)

    def update(self) -> None:
        self._set(self.wanted)

    def delete(self) -> None:
        """Take all roles of the member there."""
        with explained(f"permissions {self.name}", self.role):
            unless_missing(lambda: self._change(()))

    def _set(self, wanted: tuple[Held, ...]) -> None:
        with explained(f"permissions {self.name}", self.role):
            self._change(wanted)

    def _change(self, wanted: tuple[Held, ...]) -> None:
        member = self.member()

        def changed(policy: dict[str, Any]) -> dict[str, Any]:
            return with_held(policy, member, wanted)

        change(self.place, self.on, changed)


def _listed(roles: set[Held]) -> str:
    return ", ".join(sorted(map(str, roles))) or "none"
