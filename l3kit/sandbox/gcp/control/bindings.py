"""Checked policies: bindings in the form in which Google gives them back."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from l3kit.sandbox.gcp.control.accounts import Accounts
from l3kit.sandbox.gcp.control.answers import RefusedError, invalid, unfulfilled
from l3kit.sandbox.gcp.control.conditions import ExpressionError, parsed
from l3kit.sandbox.gcp.control.permissions import BASIC
from l3kit.sandbox.gcp.control.roles import Roles

PUBLIC = frozenset(("allUsers", "allAuthenticatedUsers"))
CONDITIONAL = 3
"""Version of policies with conditions."""
MAX_MEMBERS = 1500
_EMAIL = re.compile(r"[^@\s:]+@[^@\s:]+\.[^@\s:]+")
_TITLE_LENGTH = 100
_KINDS = ("user", "group", "serviceAccount")
_TEAMS = ("projectOwner", "projectEditor", "projectViewer")


@dataclass(frozen=True, slots=True, order=True)
class Binding:
    """One role's members under one condition; the condition is its fields in order, or empty."""

    role: str
    condition: tuple[tuple[str, str], ...]
    members: tuple[str, ...]

    @property
    def expression(self) -> str:
        return dict(self.condition).get("expression", "")

    def resource(self, version: int) -> dict[str, Any]:
        """Return it as a reader of this policy version gets it: older ones have no conditions."""
        shown: dict[str, Any] = {"role": self.role, "members": list(self.members)}
        if not self.condition:
            return shown
        if version < CONDITIONAL:
            digest = hashlib.sha256(repr(self.condition).encode()).hexdigest()[:20]
            return {**shown, "role": f"{self.role}_withcond_{digest}"}
        return {**shown, "condition": dict(self.condition)}


@dataclass(frozen=True, slots=True)
class BindingRules:
    """The rules of policies.

    Attributes:
        public: whether the organization allows members that are everybody.
    """

    accounts: Accounts
    roles: Roles
    public: bool

    def checked(self, policy: Mapping[str, Any], former: tuple[Binding, ...], *, bucket: bool) -> tuple[Binding, ...]:
        """Return a policy's bindings. Raises: RefusedError.

        Args:
            former: the bindings that it replaces; members that were deleted since may stay.
            bucket: whether it is a bucket's, where the project's teams can be members.
        """
        known = {member for binding in former for member in binding.members}
        found: dict[tuple[str, tuple[tuple[str, str], ...]], set[str]] = {}
        for given in policy.get("bindings") or ():
            role, members = str(given.get("role") or ""), [str(one) for one in given.get("members") or ()]
            if problem := self.roles.problem(role):
                raise invalid(problem)
            condition = _condition(given.get("condition"), role, members, int(policy.get("version") or 0))
            for member in members:
                self._check_member(member, known, bucket=bucket)
            found.setdefault((role, condition), set()).update(members)
        if sum(len(members) for members in found.values()) > MAX_MEMBERS:
            raise invalid(f"The policy has more than {MAX_MEMBERS} members.")
        return tuple(sorted(Binding(*key, tuple(sorted(members))) for key, members in found.items() if members))

    def _check_member(self, member: str, known: set[str], *, bucket: bool) -> None:
        if member in PUBLIC:
            if not self.public and member not in known:
                raise unfulfilled(
                    "One or more users named in the policy do not belong to a permitted customer,  perhaps due to an "
                    "organization policy."
                )
            return
        kind, _, rest = member.partition(":")
        if (kind == "deleted" and member in known) or (kind in _TEAMS and bucket) or member.startswith("principal"):
            return
        if kind == "domain" and "." in rest:
            return
        if kind not in _KINDS or not _EMAIL.fullmatch(rest):
            raise invalid(
                f"Invalid member: {member}" if ":" in member else f"The member {member} is of an unknown type."
            )
        if kind == "serviceAccount" and member not in known and not self.accounts.is_known(rest):
            raise invalid(f"Service account {rest} does not exist.")
        if kind == "user" and rest.endswith("gserviceaccount.com"):
            raise invalid(
                f'Principal {rest} is of type "serviceAccount". The principal should appear as "serviceAccount:{rest}".'
            )


def _condition(given: object, role: str, members: list[str], version: int) -> tuple[tuple[str, str], ...]:
    if not given:
        return ()
    fields = {name: str(text) for name, text in dict(given).items() if text}  # type: ignore[call-overload]
    if version < CONDITIONAL:
        raise invalid("Conditions are only supported in policies with version 3 or higher.", "policy.version")
    if role in BASIC:
        raise invalid(f"Conditions can't be set on primitive roles ({role}).")
    if PUBLIC & set(members):
        raise invalid("Conditions can't be set on bindings with allUsers or allAuthenticatedUsers.")
    if not 0 < len(fields.get("title", "")) <= _TITLE_LENGTH:
        raise invalid(f"The title of a condition has 1 to {_TITLE_LENGTH} characters.", "condition.title")
    try:
        parsed(fields.get("expression", ""))
    except ExpressionError as error:
        raise invalid(f"Invalid expression in condition {fields['title']!r}: {error}", "condition.expression") from None
    return tuple(sorted(fields.items()))


def public_access_prevented() -> RefusedError:
    """Return a bucket's refusal of everybody as its member."""
    return RefusedError(
        "FAILED_PRECONDITION",
        "The member bindings allUsers and allAuthenticatedUsers are not allowed since public access prevention is "
        "enforced.",
        status=412,
    )
