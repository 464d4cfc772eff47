"""Identify a request's caller by its access key and session token; signatures are not verified."""

from __future__ import annotations

import re
from collections.abc import Callable

from aiohttp import web

from l3kit.sandbox.aws.account import ACCESS_KEY, ACCOUNT_ID
from l3kit.sandbox.aws.iam.directory import Directory
from l3kit.sandbox.aws.iam.evaluation import Identity
from l3kit.sandbox.aws.iam.operator import OPERATOR, OPERATOR_KEY
from l3kit.sandbox.aws.iam.principals import ROOT, Principal
from l3kit.sandbox.aws.signatures import credentials_of

FUNCTION_TOKEN = re.compile(r"sandbox/(?P<function>[^/]+)/[^/]+")
"""Session token of a function's instance (`function_instance.IDENTITY`)."""


class UnknownCallerError(Exception):
    """The access key or session token is unknown or no longer valid."""


class Callers:
    """The callers of requests.

    Args:
        role_of: returns the ARN of a deployed function's role; None if the function does not exist.
    """

    def __init__(self, directory: Directory, role_of: Callable[[str], str | None]) -> None:
        self._directory = directory
        self._role_of = role_of

    async def identify(self, request: web.Request) -> Identity:
        """The caller's identity. Raises: UnknownCallerError."""
        key, token = credentials_of(request)
        if key == ACCESS_KEY:
            return await self._function(token) if token else Identity(ROOT)
        name = OPERATOR if key == OPERATOR_KEY else await self._directory.user_of_key(key)
        if name is None or token:
            raise UnknownCallerError(key)
        return await self.user(name)

    async def user(self, name: str) -> Identity:
        """Return the identity of an IAM user. Raises: UnknownCallerError."""
        user = await self._directory.user(name)
        if user is None:
            raise UnknownCallerError(name)
        return Identity(Principal("user", user.arn, name, unique_id=user.unique_id), user.policies, user.boundary)

    async def role_session(self, role_arn: str, session: str) -> Identity:
        """The current state of a role. Raises: UnknownCallerError if it is gone."""
        name = role_arn.rsplit("/", 1)[-1]
        role = await self._directory.role(name)
        if role is None or role.arn != role_arn:
            raise UnknownCallerError(role_arn)
        arn = f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{name}/{session}"
        principal = Principal("role", arn, name, role.arn, f"{role.unique_id}:{session}")
        return Identity(principal, role.policies, role.boundary)

    async def _function(self, token: str) -> Identity:
        found = FUNCTION_TOKEN.fullmatch(token)
        role = self._role_of(found["function"]) if found else None
        if found is None or role is None:
            raise UnknownCallerError(token)
        return await self.role_session(role, found["function"])
