"""Cloud Run's check in front of a function: who may invoke it."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from l3kit.sandbox.functions.record import FunctionRecord
from l3kit.sandbox.gcp.account import service
from l3kit.sandbox.gcp.guard import Judge
from l3kit.sandbox.gcp.identity import Tokens

FORBIDDEN = "Forbidden: the caller has no permission to invoke this service"
INVOKE = "run.routes.invoke"


@dataclass(frozen=True, slots=True)
class Invokers:
    """The identities of callers, and the policies of the services."""

    tokens: Tokens
    judge: Judge

    def admits_all(self, record: FunctionRecord) -> bool:
        """Return whether anybody may invoke a function."""
        return self.admits(None, record)

    def refusal(self, request: web.Request, record: FunctionRecord, url: str) -> web.Response | None:
        """Return Cloud Run's refusal unless anybody may invoke the function, or whose identity token the request has.

        Args:
            url: of the function, which is the audience of its tokens.
        """
        if self.admits_all(record):
            return None
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        given = given.strip()
        if scheme.lower() != "bearer" or given.count(".") != 2:
            return web.Response(status=403, text=FORBIDDEN)
        email = self.tokens.caller_of(given, url)
        if email is not None:
            return None if self.admits(email, record) else web.Response(status=403, text=FORBIDDEN)
        reason = 'Bearer error="invalid_token" error_description="The access token could not be verified"'
        return web.Response(status=401, text="Unauthorized", headers={"WWW-Authenticate": reason})

    def admits(self, email: str | None, record: FunctionRecord) -> bool:
        """Return whether somebody may invoke a function. `email`: None for somebody unknown."""
        return self.judge.refusal(email, INVOKE, service(record.name)) is None
