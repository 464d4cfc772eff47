"""IAM roles with one inline policy, nothing attached and no boundary."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from l3kit.clouds.aws.control.calls import explained, unless_missing
from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.aws.control.policies import POLICY_NAME
from l3kit.clouds.aws.control.policy_differences import permissions, policy_differences
from l3kit.clouds.aws.control.policy_limits import ROLE_POLICIES, TRUST_POLICY, check_length
from l3kit.clouds.ports.changes import Difference, differs, list_changes
from l3kit.clouds.ports.resources import Finding
from l3kit.errors import L3Error


@dataclass(frozen=True)
class Role:
    """One role.

    Attributes:
        trust: trust policy, as an IAM document.
        policy: builds the inline policy as an IAM document; called when needed, since it depends on store encryption.
    """

    context: Context
    name: str
    trust: dict[str, Any] = field(repr=False)
    policy: Callable[[], dict[str, Any]] = field(repr=False)
    kind: str = "role"
    holds_data: bool = False

    def compare(self) -> Finding:
        """Read the role's state. A policy that cannot be built, or is too long for IAM, becomes the `fault`."""
        policy, fault = self._policy_or_fault()
        with explained(f"role {self.name}"):
            there = unless_missing(lambda: self._iam.get_role(RoleName=self.name))
            if there is None:
                return Finding(False, fault=fault, changes=list_changes("permission", (), permissions(policy)))
            role = there["Role"]
            tags = self._iam.list_role_tags(RoleName=self.name)["Tags"]
            owned = self.context.owns_list(tags)
            return Finding.of(owned, self._differences(role, policy), fault=fault)

    def create(self) -> None:
        with explained(f"role {self.name}"):
            self._iam.create_role(
                RoleName=self.name,
                AssumeRolePolicyDocument=json.dumps(self.trust),
                Tags=self.context.tag_list(),
                Description=f"l3kit, twin {self.context.names.twin_name}",
            )
        self.update()

    def update(self) -> None:
        """Update the role. Foreign policies are removed first: IAM limits the total length of all."""
        policy = self._checked_policy()
        with explained(f"role {self.name}"):
            self._remove_policies(except_for=POLICY_NAME)
            if _boundary(self._iam.get_role(RoleName=self.name)["Role"]):
                unless_missing(lambda: self._iam.delete_role_permissions_boundary(RoleName=self.name))
            self._iam.update_assume_role_policy(RoleName=self.name, PolicyDocument=json.dumps(self.trust))
            self._iam.put_role_policy(RoleName=self.name, PolicyName=POLICY_NAME, PolicyDocument=json.dumps(policy))

    def delete(self) -> None:
        with explained(f"role {self.name}"):
            unless_missing(self._remove_policies)
            unless_missing(lambda: self._iam.delete_role(RoleName=self.name))

    def _remove_policies(self, *, except_for: str = "") -> None:
        """Remove policies; a missing one may have been removed by an earlier try whose response was lost."""
        for name in self._inline():
            if name != except_for:
                unless_missing(partial(self._iam.delete_role_policy, RoleName=self.name, PolicyName=name))
        for arn in self._attached():
            unless_missing(partial(self._iam.detach_role_policy, RoleName=self.name, PolicyArn=arn))

    @property
    def _iam(self) -> Any:
        return self.context.client("iam")

    def _inline(self) -> list[str]:
        names: list[str] = self._iam.list_role_policies(RoleName=self.name)["PolicyNames"]
        return names

    def _attached(self) -> list[str]:
        listed = self._iam.list_attached_role_policies(RoleName=self.name)["AttachedPolicies"]
        return [policy["PolicyArn"] for policy in listed]

    def _checked_policy(self) -> dict[str, Any]:
        """Build and check the policy. Raises: ProvisioningError if it cannot be built, or IAM would refuse it."""
        policy = self.policy()
        check_length(f"role {self.name}", "its policy", policy, ROLE_POLICIES)
        check_length(f"role {self.name}", "its trust policy", self.trust, TRUST_POLICY)
        return policy

    def _policy_or_fault(self) -> tuple[dict[str, Any], L3Error | None]:
        try:
            return self._checked_policy(), None
        except L3Error as error:
            return {}, error

    def _differences(self, role: dict[str, Any], policy: dict[str, Any]) -> list[Difference]:
        found = []
        if (trust := _document(role["AssumeRolePolicyDocument"])) != self.trust:
            found.append(
                Difference(
                    "its trust policy differs", list_changes("trust", _statements(trust), _statements(self.trust))
                )
            )
        inline = self._inline()
        if POLICY_NAME not in inline:
            comes = list_changes("permission", (), permissions(policy))
            found.append(Difference("its policy is missing", comes))
        else:
            there = self._iam.get_role_policy(RoleName=self.name, PolicyName=POLICY_NAME)["PolicyDocument"]
            found += policy_differences(_document(there), policy)
        strange = [name for name in inline if name != POLICY_NAME] + self._attached()
        if strange:
            words = f"has further policies: {', '.join(strange)}"
            found.append(Difference(words, list_changes("further policy", strange, ())))
        if boundary := _boundary(role):
            words = f"has a permissions boundary: {boundary}"
            found.append(differs(words, "permissions boundary", boundary, None))
        return found


def _statements(document: Any) -> list[str]:
    """Return the statements of a trust policy as JSON."""
    statements = document.get("Statement", []) if isinstance(document, dict) else []
    listed = statements if isinstance(statements, list) else [statements]
    return [json.dumps(statement, sort_keys=True, separators=(",", ":")) for statement in listed]


def _boundary(role: dict[str, Any]) -> str:
    """Return the ARN of the role's permissions boundary; "" if it has none."""
    return str(role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""))


def _document(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
