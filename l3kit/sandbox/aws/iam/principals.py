"""Principals of requests, and the Principal element of policies."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from l3kit.sandbox.aws.account import ACCOUNT_ID

ROOT_ARN = f"arn:aws:iam::{ACCOUNT_ID}:root"
_ARN = re.compile(r"arn:aws:(?:iam::\d{12}:(?:root|user/\S+|role/\S+)|sts::\d{12}:assumed-role/\S+)")
PrincipalKind = Literal["root", "user", "role", "service"]


class Grant(enum.IntEnum):
    """The way a statement names a principal, in ascending order of the access that an allow grants by itself."""

    NONE = 0
    ACCOUNT = 1
    """The account: the principal's own policies decide."""
    ROLE = 2
    """The role, or everybody: a boundary still limits it."""
    EXACT = 3
    """The user or the role's session itself."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of a request.

    Attributes:
        arn: ARN of the user, the role's session or the root; for a service its name.
        name: name of the user or the role.
        role_arn: ARN of the role behind a session.
        unique_id: as IAM's `aws:userid` begins.
    """

    kind: PrincipalKind
    arn: str
    name: str = ""
    role_arn: str = ""
    unique_id: str = ""


ROOT = Principal("root", ROOT_ARN, unique_id=ACCOUNT_ID)


def service(name: str) -> Principal:
    """The principal of an AWS service, such as `scheduler.amazonaws.com`."""
    return Principal("service", name)


@dataclass(frozen=True, slots=True)
class Principals:
    """A Principal element: ARNs (of an account, its root's), names of services, or `*`."""

    names: frozenset[str]

    def grant_to(self, principal: Principal, *, allow: bool) -> Grant:
        """Return the way the statement names this principal."""
        if principal.kind == "service":
            return Grant.EXACT if principal.arn in self.names or (not allow and "*" in self.names) else Grant.NONE
        if principal.arn and principal.arn in self.names:
            return Grant.EXACT
        if "*" in self.names or (principal.role_arn and principal.role_arn in self.names):
            return Grant.ROLE
        return Grant.ACCOUNT if ROOT_ARN in self.names else Grant.NONE


def parse_principals(element: Any) -> Principals:
    """Parse a Principal or NotPrincipal element. Raises: ValueError with the invalid name."""
    if element == "*":
        return Principals(frozenset({"*"}))
    if not isinstance(element, Mapping) or not element:
        raise ValueError(repr(element))
    names: set[str] = set()
    for kind, values in element.items():
        for value in values if isinstance(values, list) else [values]:
            names.add(_name(str(kind), str(value)))
    return Principals(frozenset(names))


def _name(kind: str, value: str) -> str:
    if kind == "AWS":
        if value == "*":
            return value
        if re.fullmatch(r"\d{12}", value):
            return f"arn:aws:iam::{value}:root"
        if _ARN.fullmatch(value) and "*" not in value:
            return value
    elif kind == "Service" and re.fullmatch(r"[a-z0-9.-]+\.amazonaws\.com", value):
        return value
    raise ValueError(f'"{kind}":"{value}"')
