"""Identify a request's caller by its access key and session token; signatures are not verified."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from l3kit.sandbox.aws.iam.directory import Directory, Role
from l3kit.sandbox.aws.iam.documents import Policy
from l3kit.sandbox.aws.iam.evaluation import Identity
from l3kit.sandbox.aws.iam.operator import OPERATOR, OPERATOR_KEY
from l3kit.sandbox.aws.iam.principals import ANONYMOUS, ROOT, Principal
from l3kit.sandbox.aws.signatures import credentials_of
from l3kit.sandbox.state import ACCESS_KEY, ACCOUNT_ID

FUNCTION_TOKEN = re.compile(r"sandbox/(?P<function>[^/]+)/[^/]+")
"""Session token of a function's instance (`function_instance.IDENTITY`)."""


class UnknownCallerError(Exception):
    """The access key or session token is unknown or no longer valid."""


@dataclass(frozen=True, slots=True)
class AssumedRole:
    """A role session created by AssumeRole.

    Attributes:
        expires: seconds since 1970.
        policies: session policies; None without any.
    """

    role: str
    session: str
    token: str
    expires: float
    policies: tuple[Policy, ...] | None


class Callers:
    """The callers of requests.

    Args:
        role_of: returns the ARN of a deployed function's role; None if the function does not exist.
    """

    def __init__(
        self,
        directory: Directory,
        role_of: Callable[[str], str | None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._directory = directory
        self._role_of = role_of
        self._clock = clock
        self._taken: dict[str, AssumedRole] = {}

    def register(self, access_key: str, taken: AssumedRole) -> None:
        """Record a session that AssumeRole returned."""
        self._taken = {key: one for key, one in self._taken.items() if one.expires > self._clock()}
        self._taken[access_key] = taken

    async def identify(self, request: web.Request) -> Identity:
        """The caller's identity. Raises: UnknownCallerError."""
        key, token = credentials_of(request)
        if not key:
            return Identity(ANONYMOUS)
        if key in self._taken:
            return await self._session(self._taken[key], token)
        if key == ACCESS_KEY:
            return await self._function(token) if token else Identity(ROOT)
        name = OPERATOR if key == OPERATOR_KEY else await self._directory.user_of_key(key)
        if name is None or token:
            raise UnknownCallerError(key)
        return await self.user(name)

    async def user(self, name: str) -> Identity:
        """Raises: UnknownCallerError."""
        user = await self._directory.user(name)
        if user is None:
            raise UnknownCallerError(name)
        return Identity(Principal("user", user.arn, name, unique_id=user.unique_id), user.policies, user.boundary)

    async def role_session(self, role_arn: str, session: str, policies: tuple[Policy, ...] | None = None) -> Identity:
        """A role session's identity with the role's current policies. Raises: UnknownCallerError if it is missing."""
        name = role_arn.rsplit("/", 1)[-1]
        role = await self._directory.role(name)
        if role is None or role.arn != role_arn:
            raise UnknownCallerError(role_arn)
        return Identity(session_of(role, session), role.policies, role.boundary, policies)

    async def _function(self, token: str) -> Identity:
        found = FUNCTION_TOKEN.fullmatch(token)
        role = self._role_of(found["function"]) if found else None
        if found is None or role is None:
            raise UnknownCallerError(token)
        return await self.role_session(role, found["function"])

    async def _session(self, taken: AssumedRole, token: str) -> Identity:
        if taken.token != token or taken.expires <= self._clock():
            raise UnknownCallerError(taken.role)
        return await self.role_session(taken.role, taken.session, taken.policies)


def session_of(role: Role, session: str) -> Principal:
    """The principal of a role session."""
    name = role.arn.rsplit("/", 1)[-1]
    arn = f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{name}/{session}"
    return Principal("role", arn, name, role.arn, session, f"{role.unique_id}:{session}")
