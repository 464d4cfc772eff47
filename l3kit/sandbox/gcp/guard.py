"""The decision about each call of Google Cloud's data services: whose token it carries, and what that one may do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from l3kit.sandbox.gcp.identity import Tokens


class Judge(Protocol):
    """The policies of the project and its resources."""

    def refusal(self, email: str | None, permission: str, resource: str) -> str | None:
        """Return why an identity lacks a permission on a resource; None if it has it.

        Args:
            email: None for whoever sends no token.
            resource: full name, e.g. `projects/p/databases/d`, `projects/_/buckets/b/objects/o`.
        """


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of a call. `email`: None without a token."""

    email: str | None


@dataclass(frozen=True, slots=True)
class Problem:
    """Reason for which a call is refused.

    Attributes:
        kind: no token; one that is expired or not of this gateway; one whose owner lacks the permission.
    """

    kind: Literal["missing", "invalid", "denied"]
    email: str = ""
    permission: str = ""


INVALID = Problem("invalid")


class Guard:
    """Judges calls."""

    def __init__(self, tokens: Tokens, judge: Judge) -> None:
        self._tokens = tokens
        self._judge = judge

    def caller(self, authorization: str | None) -> Caller | Problem:
        """Return who sends this header. Returns a problem if the token cannot be used."""
        scheme, _, token = (authorization or "").strip().partition(" ")
        if not scheme:
            return Caller(None)
        email = self._tokens.email_of(token.strip()) if scheme.lower() == "bearer" else None
        return INVALID if email is None else Caller(email)

    def problem(self, caller: Caller, permissions: Iterable[str], resource: str) -> Problem | None:
        """Return why a caller may not do this; None if it may."""
        for permission in permissions:
            if self._judge.refusal(caller.email, permission, resource) is not None:
                return Problem("missing" if caller.email is None else "denied", caller.email or "", permission)
        return None
