"""Cache of moto's roles, users and access keys, invalidated by IAM writes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote

from l3kit.sandbox.aws.account import ACCOUNT_ID
from l3kit.sandbox.aws.iam.documents import Policy, parse_policy
from l3kit.sandbox.aws.iam.moto_iam import MotoIam

READS = ("Get", "List", "Simulate", "Generate")
"""Prefixes of read-only IAM operations."""
_NAMED = ("RoleName", "UserName", "GroupName", "PolicyArn", "AccessKeyId")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Role:
    """A role with its trust policy and permissions."""

    arn: str
    unique_id: str
    trust: Policy
    policies: tuple[Policy, ...]
    boundary: Policy | None


@dataclass(frozen=True, slots=True)
class User:
    """A user; `policies` includes those of its groups."""

    arn: str
    unique_id: str
    policies: tuple[Policy, ...]
    boundary: Policy | None


class Directory:
    """Cached lookups. An IAM write invalidates the objects that it names, or everything if it names none."""

    def __init__(self, iam: MotoIam) -> None:
        self._iam = iam
        self._kept: dict[Hashable, Any] = {}
        self._arns: dict[tuple[str, str], str] = {}
        self._changes = 0

    def note_write(self, action: str, form: Mapping[str, str]) -> None:
        """Invalidate the cache after an IAM operation, even if it may have failed."""
        if action.startswith(READS):
            return
        self._changes += 1
        if action.startswith(("Create", "Delete")):
            self._arns.clear()
        names = [(part, form[part]) for part in _NAMED if part in form]
        if not names or ("PolicyArn" in form and action.startswith(("Create", "Delete", "Set"))):
            self._kept.clear()  # roles and users contain their managed policies
            return
        for part, name in names:
            self._kept.pop((part, name), None)
            if part == "GroupName":
                self._forget_users()

    async def role(self, name: str) -> Role | None:
        return await self._once(("RoleName", name), lambda: self._read_role(name))

    async def user(self, name: str) -> User | None:
        return await self._once(("UserName", name), lambda: self._read_user(name))

    async def user_of_key(self, access_key: str) -> str | None:
        """The user of an active access key."""
        return await self._once(("AccessKeyId", access_key), lambda: self._read_key(access_key))

    async def arn(self, kind: str, name: str) -> str:
        """The ARN of a `role` or `user`; if it does not exist, the ARN without a path."""
        if (kind, name) not in self._arns:
            before = self._changes
            answer = await self._iam.call(f"Get{kind.title()}", **{f"{kind.title()}Name": name})
            found = answer.text(f".//{kind.title()}/Arn") if answer else f"arn:aws:iam::{ACCOUNT_ID}:{kind}/{name}"
            if answer is None or before != self._changes:
                return found
            self._arns[kind, name] = found
        return self._arns[kind, name]

    async def managed(self, arn: str) -> Policy | None:
        """The default version of a managed policy."""
        return await self._once(("PolicyArn", arn), lambda: self._iam.managed(arn))

    async def _once(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        if key not in self._kept:
            before = self._changes
            found = await read()
            if before != self._changes:  # the result may predate a completed write
                return found if key in self._kept else await self._once(key, read)
            self._kept[key] = found
        kept: T = self._kept[key]
        return kept

    def _forget_users(self) -> None:
        for key in [key for key in self._kept if isinstance(key, tuple) and key[0] == "UserName"]:
            del self._kept[key]

    async def _read_role(self, name: str) -> Role | None:
        answer = await self._iam.call("GetRole", RoleName=name)
        if answer is None:
            return None
        trust = parse_policy(unquote(answer.text(".//AssumeRolePolicyDocument")), "trust", name)
        return Role(
            answer.text(".//Role/Arn"),
            answer.text(".//Role/RoleId"),
            trust,
            await self._policies("Role", name),
            await self._boundary(answer.text(".//PermissionsBoundary/PermissionsBoundaryArn")),
        )

    async def _read_user(self, name: str) -> User | None:
        answer = await self._iam.call("GetUser", UserName=name)
        if answer is None:
            return None
        policies = await self._policies("User", name)
        groups = await self._iam.call("ListGroupsForUser", UserName=name)
        for group in groups.texts(".//Groups/member/GroupName") if groups else []:
            policies += await self._policies("Group", group)
        boundary = await self._boundary(answer.text(".//PermissionsBoundary/PermissionsBoundaryArn"))
        return User(answer.text(".//User/Arn"), answer.text(".//User/UserId"), policies, boundary)

    async def _policies(self, kind: str, name: str) -> tuple[Policy, ...]:
        policies = await self._iam.inline(kind, name)
        for arn in await self._iam.attached(kind, name):
            policy = await self.managed(arn)
            if policy is not None:
                policies.append(policy)
        return tuple(policies)

    async def _boundary(self, arn: str) -> Policy | None:
        return await self.managed(arn) if arn else None

    async def _read_key(self, access_key: str) -> str | None:
        used = await self._iam.call("GetAccessKeyLastUsed", AccessKeyId=access_key)
        name = used.text(".//UserName") if used else ""
        keys = await self._iam.call("ListAccessKeys", UserName=name) if name else None
        for key in keys.all(".//AccessKeyMetadata/member") if keys else []:
            if key.text("AccessKeyId") == access_key:
                return name if key.text("Status") == "Active" else None
        return None
