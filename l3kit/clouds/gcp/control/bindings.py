"""The roles of a twin's service accounts on one resource: exactly these, and those of nobody else are touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from l3kit.clouds.gcp.control.place import Place
from l3kit.clouds.gcp.control.policies import Held, Policy, PolicyPlace, change, held_by, with_held
from l3kit.clouds.gcp.control.refusals import explained, unless_missing
from l3kit.clouds.ports.changes import Difference, list_changes
from l3kit.clouds.ports.resources import Finding


@dataclass(frozen=True)
class Bindings:
    """Permissions of one twin's accounts on one resource.

    Attributes:
        on: whose policy it is.
        wanted: the roles of each account, by its id.
        ours: ids of all accounts that a twin of this name may have; others are strangers.
        role: the role that whoever runs this needs to change the policy.
    """

    place: Place
    on: PolicyPlace = field(repr=False, compare=False)
    wanted: Mapping[str, frozenset[Held]]
    ours: tuple[str, ...]
    role: str
    kind: str = field(default="permissions", init=False)
    holds_data: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        return f"on {self.on.title}"

    def compare(self) -> Finding:
        with explained(f"permissions {self.name}", self.role):
            policy = unless_missing(self.on.read) or {}
        there = self._held(policy)
        if not there:
            return Finding.missing({account: _listed(roles) for account, roles in self.wanted.items()})
        return Finding.of(True, self._differences(there))

    def create(self) -> None:
        """Give the roles; they take effect within minutes."""
        self._set(self.wanted)

    def update(self) -> None:
        self._set(self.wanted)

    def delete(self) -> None:
        """Take all roles of the twin's accounts there."""
        with explained(f"permissions {self.name}", self.role):
            unless_missing(lambda: self._change({}))

    def _set(self, wanted: Mapping[str, frozenset[Held]]) -> None:
        with explained(f"permissions {self.name}", self.role):
            self._change(wanted)

    def _change(self, wanted: Mapping[str, frozenset[Held]]) -> None:
        def changed(policy: Policy) -> Policy:
            for account in self.ours:
                policy = with_held(policy, self._member(account), sorted(wanted.get(account, ()), key=str))
            return policy

        change(self.place, self.on, changed)

    def _held(self, policy: Mapping[str, Any]) -> dict[str, set[Held]]:
        found = {account: held_by(policy, self._member(account)) for account in self.ours}
        return {account: roles for account, roles in found.items() if roles}

    def _differences(self, there: Mapping[str, set[Held]]) -> Iterator[Difference]:
        for account in sorted({*there, *self.wanted}):
            had, wanted = there.get(account, set()), set(self.wanted.get(account, ()))
            if had != wanted:
                words = f"{account} has {_listed(had)}, not {_listed(wanted)}"
                yield Difference(words, list_changes(account, map(str, had), map(str, wanted)))

    def _member(self, account: str) -> str:
        return f"serviceAccount:{self.place.email(account)}"


def _listed(roles: set[Held] | frozenset[Held]) -> str:
    return ", ".join(sorted(map(str, roles))) or "no role"
