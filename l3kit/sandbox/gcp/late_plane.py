"""The control plane of a gateway, made when somebody first asks for it: a sandbox without one starts faster."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from aiohttp import web

from l3kit.sandbox.answers import json_answer
from l3kit.sandbox.faults.services import Service
from l3kit.sandbox.gcp.account import OPERATOR, PROJECT, REGION

if TYPE_CHECKING:
    from l3kit.sandbox.gcp.control.effects import PushSpec
    from l3kit.sandbox.gcp.control.plane import ControlPlane
    from l3kit.sandbox.gcp.control.sandbox_effects import SandboxEffects
    from l3kit.sandbox.gcp.identity import Tokens

TOKEN_CREATOR = "roles/iam.serviceAccountOpenIdTokenCreator"
"""The role with which a notebook calls private functions; an owner of a project does not have it."""
Made = tuple["ControlPlane", "SandboxEffects"]


def made_plane(tokens: Tokens, effects: SandboxEffects) -> Made:
    """Return the control plane of the sandbox's project, which its operator owns, and its effects."""
    from l3kit.sandbox.gcp.control.plane import ControlPlane
    from l3kit.sandbox.gcp.control.rules import Rules
    from l3kit.sandbox.gcp.control.settings import PlaneSettings

    settings = PlaneSettings(owner_roles=("roles/owner", TOKEN_CREATOR))
    parts = (PROJECT, REGION, Rules.load(), effects, tokens.clock, random.SystemRandom(), settings)
    return ControlPlane(*parts, tokens=tokens, owners=[OPERATOR]), effects


class LatePlane:
    """It answers requests, and judges the calls of the data's services.

    Args:
        make: returns the control plane and its effects.
    """

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._is_made = False

    @cached_property
    def _made(self) -> Made:
        self._is_made = True
        return self._make()

    def refusal(self, email: str | None, permission: str, resource: str) -> str | None:
        """Return why somebody lacks a permission on a resource; None if they have it."""
        return self._made[0].judge.refusal(email, permission, resource)

    def account_of(self, function: str) -> str | None:
        """Return the email of a function's account; None if there is no such function."""
        return self._made[0].account_of(function) if self._is_made else None

    def job_account(self, function: str, job: str) -> str:
        """Return the account as which a job calls a function; empty if it names none."""
        return self._made[1].job_account(function, job) if self._is_made else ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        from l3kit.sandbox.gcp.control.server import answer

        return await answer(request, self._made[0])

    async def close(self) -> None:
        if self._is_made:
            await self._made[0].close()


class SubscriptionTokens:
    """The tokens of subscriptions: of the account that each names, and of Pub/Sub itself for its letters.

    Attributes:
        pushes: subscriptions that push messages, by name.
    """

    def __init__(self, tokens: Tokens, agent: str, address: Callable[[str], str]) -> None:
        self._tokens = tokens
        self._agent = agent
        self._address = address
        self.pushes: dict[str, PushSpec] = {}

    def for_function(self, function: str) -> str | None:
        """Return an identity token for a function; None if no subscription with an account pushes to it."""
        url = self._address(function)
        push = next((one for one in self.pushes.values() if one.url.rstrip("/") == url), None)
        return self._tokens.identity_token(push.account, url) if push is not None and push.account else None

    def for_letters(self) -> str:
        """Return an access token for buckets with letters."""
        return self._tokens.access_token(self._agent)


class ControlCalls(Service):
    """Calls of the control plane for the faults arranged by tests: descriptions and failures."""

    def error(self, status: int) -> web.Response:
        return _refused(status, "UNAVAILABLE" if status == 503 else "INTERNAL", "Internal error encountered.")

    def throttled(self) -> web.Response:
        return _refused(429, "RESOURCE_EXHAUSTED", "Quota exceeded.")


def _refused(status: int, code: str, message: str) -> web.Response:
    return json_answer({"error": {"code": status, "message": message, "status": code}}, status)
