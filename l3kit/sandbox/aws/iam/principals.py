"""Principals of requests, and the Principal element of policies."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from l3kit.sandbox.state import ACCOUNT_ID

ROOT_ARN = f"arn:aws:iam::{ACCOUNT_ID}:root"
_ARN = re.compile(r"arn:aws:(?:iam::\d{12}:(?:root|user/\S+|role/\S+)|sts::\d{12}:(?:assumed-role|federated-user)/\S+)")
PrincipalKind = Literal["root", "user", "role", "service", "anonymous"]


class Grant(enum.IntEnum):
    """How a statement names a principal, in ascending order of what an allow grants by itself."""

    NONE = 0
    ACCOUNT = 1
    """The account: the principal's own policies decide."""
    ROLE = 2
    """The role, or everybody: limited by a boundary or a session policy."""
    EXACT = 3
    """The user or the role's session itself."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of a request.

    Attributes:
        arn: of the user, role session or root; a service's name; "" for an anonymous caller.
        name: of the user or role.
        role_arn: role of a session.
        session: name of the session.
        unique_id: IAM's unique id, the beginning of `aws:userid`.
    """

    kind: PrincipalKind
    arn: str
    name: str = ""
    role_arn: str = ""
    session: str = ""
    unique_id: str = ""

    @property
    def identifiers(self) -> frozenset[str]:
        """All names under which a policy can refer to it, including its account."""
        own = {self.arn, self.role_arn} - {""}
        if self.kind in ("root", "user", "role"):
            own |= {ROOT_ARN}
        return frozenset(own)


ROOT = Principal("root", ROOT_ARN, unique_id=ACCOUNT_ID)
ANONYMOUS = Principal("anonymous", "")


def service(name: str) -> Principal:
    """The principal of an AWS service, such as `scheduler.amazonaws.com`."""
    return Principal("service", name)


@dataclass(frozen=True, slots=True)
class Principals:
    """A Principal or NotPrincipal element.

    Attributes:
        names: ARNs (for an account, its root), service names, or `*`.
        excluded: whether it is a NotPrincipal element.
    """

    names: frozenset[str]
    excluded: bool = False

    def grant_to(self, principal: Principal, *, allow: bool) -> Grant:
        """How the element names this principal.

        NotPrincipal excludes a principal from a Deny only if it lists the account, the role and the session; from an
        Allow if it lists any of them.
        """
        if self.excluded:
            listed = self.names & principal.identifiers
            out = bool(listed) if allow else bool(principal.identifiers) and listed == principal.identifiers
            return Grant.NONE if out or "*" in self.names else Grant.ROLE
        if principal.kind == "service":
            return Grant.EXACT if principal.arn in self.names or (not allow and "*" in self.names) else Grant.NONE
        if principal.arn and principal.arn in self.names:
            return Grant.EXACT
        if "*" in self.names or (principal.role_arn and principal.role_arn in self.names):
            return Grant.ROLE
        return Grant.ACCOUNT if ROOT_ARN in principal.identifiers & self.names else Grant.NONE


def parse_principals(element: Any, *, excluded: bool) -> Principals:
    """Parse a Principal or NotPrincipal element. Raises: ValueError with the invalid name."""
    if element == "*":
        return Principals(frozenset({"*"}), excluded)
    if not isinstance(element, Mapping) or not element:
        raise ValueError(repr(element))
    names: set[str] = set()
    for kind, values in element.items():
        for value in values if isinstance(values, list) else [values]:
            names.add(_name(str(kind), str(value)))
    return Principals(frozenset(names), excluded)


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
    elif kind in ("Federated", "CanonicalUser") and value:
        return f"{kind}:{value}"
    raise ValueError(f'"{kind}":"{value}"')
