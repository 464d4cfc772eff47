"""IAM roles with one inline policy, and nothing attached."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from l3kit.clouds.aws.provisioning.calls import explained, is_missing
from l3kit.clouds.aws.provisioning.context import Context
from l3kit.clouds.aws.provisioning.policies import POLICY_NAME
from l3kit.provisioning.model import Finding


@dataclass(frozen=True)
class Role:
    """One role: who may take it (`trust`) and what it may do (`policy`), as IAM documents."""

    context: Context
    name: str
    trust: dict[str, Any] = field(repr=False)
    policy: dict[str, Any] = field(repr=False)
    kind: str = "role"
    holds_data: bool = False

    def compare(self) -> Finding:
        """See `Resource.compare`."""
        with explained(f"role {self.name}"):
            try:
                role = self._iam.get_role(RoleName=self.name)["Role"]
            except ClientError as error:
                if is_missing(error):
                    return Finding(False)
                raise
            tags = self._iam.list_role_tags(RoleName=self.name)["Tags"]
            return Finding(True, self.context.owns_list(tags), tuple(self._differences(role)))

    def create(self) -> None:
        """See `Resource.create`."""
        with explained(f"role {self.name}"):
            self._iam.create_role(
                RoleName=self.name,
                AssumeRolePolicyDocument=json.dumps(self.trust),
                Tags=self.context.tag_list(),
                Description=f"l3kit, twin {self.context.names.twin_name}",
            )
        self.update()

    def update(self) -> None:
        """See `Resource.update`."""
        with explained(f"role {self.name}"):
            self._iam.update_assume_role_policy(RoleName=self.name, PolicyDocument=json.dumps(self.trust))
            self._iam.put_role_policy(
                RoleName=self.name, PolicyName=POLICY_NAME, PolicyDocument=json.dumps(self.policy)
            )
            for name in self._inline():
                if name != POLICY_NAME:
                    self._iam.delete_role_policy(RoleName=self.name, PolicyName=name)
            for arn in self._attached():
                self._iam.detach_role_policy(RoleName=self.name, PolicyArn=arn)

    def delete(self) -> None:
        """See `Resource.delete`."""
        with explained(f"role {self.name}"):
            try:
                for name in self._inline():
                    self._iam.delete_role_policy(RoleName=self.name, PolicyName=name)
                for arn in self._attached():
                    self._iam.detach_role_policy(RoleName=self.name, PolicyArn=arn)
                self._iam.delete_role(RoleName=self.name)
            except ClientError as error:
                if not is_missing(error):
                    raise

    @property
    def _iam(self) -> Any:
        return self.context.client("iam")

    def _inline(self) -> list[str]:
        names: list[str] = self._iam.list_role_policies(RoleName=self.name)["PolicyNames"]
        return names

    def _attached(self) -> list[str]:
        listed = self._iam.list_attached_role_policies(RoleName=self.name)["AttachedPolicies"]
        return [policy["PolicyArn"] for policy in listed]

    def _differences(self, role: dict[str, Any]) -> list[str]:
        found = []
        if _document(role["AssumeRolePolicyDocument"]) != self.trust:
            found.append("who may take it was edited")
        inline = self._inline()
        if POLICY_NAME not in inline:
            found.append("its policy is missing")
        else:
            there = self._iam.get_role_policy(RoleName=self.name, PolicyName=POLICY_NAME)["PolicyDocument"]
            if _document(there) != self.policy:
                found.append("its policy was edited")
        strange = [name for name in inline if name != POLICY_NAME] + self._attached()
        if strange:
            found.append(f"has further policies: {', '.join(strange)}")
        return found


def _document(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
