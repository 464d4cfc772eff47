"""Remove single permissions from a deployed role's policy, without another deployment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

POLICY = "l3kit"


@dataclass(frozen=True, slots=True)
class Trial:
    """One action on one resource, as granted by a statement."""

    sid: str
    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.action} on {self.resource.rpartition(':')[2]}"


def trials_of(policy: dict[str, Any]) -> list[Trial]:
    """The single permissions that a policy grants."""
    return [
        Trial(statement["Sid"], action, resource)
        for statement in policy["Statement"]
        for action in statement["Action"]
        for resource in _resources(statement)
    ]


def without(policy: dict[str, Any], trial: Trial) -> dict[str, Any]:
    """The policy without the trial's permission."""
    statements: list[dict[str, Any]] = []
    for statement in policy["Statement"]:
        if statement["Sid"] != trial.sid:
            statements.append(statement)
            continue
        for resource in _resources(statement):
            left = [action for action in statement["Action"] if (action, resource) != (trial.action, trial.resource)]
            if left:
                sid = f"{statement['Sid']}{len(statements)}"
                statements.append({**statement, "Sid": sid, "Action": left, "Resource": resource})
    return {**policy, "Statement": statements}


@dataclass(frozen=True)
class Role:
    """A deployed role, edited through IAM."""

    iam: Any
    name: str

    def policy(self) -> dict[str, Any]:
        there = self.iam.get_role_policy(RoleName=self.name, PolicyName=POLICY)["PolicyDocument"]
        document: dict[str, Any] = json.loads(there) if isinstance(there, str) else there
        return document

    @contextmanager
    def lacking(self, trial: Trial) -> Iterator[None]:
        """Remove this permission for the duration of the block."""
        whole = self.policy()
        self._put(without(whole, trial))
        try:
            yield
        finally:
            self._put(whole)

    def _put(self, document: dict[str, Any]) -> None:
        if not document["Statement"]:
            self.iam.delete_role_policy(RoleName=self.name, PolicyName=POLICY)
            return
        self.iam.put_role_policy(RoleName=self.name, PolicyName=POLICY, PolicyDocument=json.dumps(document))


def _resources(statement: dict[str, Any]) -> list[str]:
    there = statement["Resource"]
    return there if isinstance(there, list) else [there]
