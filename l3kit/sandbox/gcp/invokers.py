"""Cloud Run's check in front of a function: who may invoke it."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from aiohttp import web

from l3kit.sandbox.functions.record import FunctionRecord
from l3kit.sandbox.gcp.account import service
from l3kit.sandbox.gcp.guard import Judge
from l3kit.sandbox.gcp.identity import Tokens
from l3kit.sandbox.gcp.metadata import AccountOf

FORBIDDEN = "Forbidden: the caller has no permission to invoke this service"
INVOKE = "run.routes.invoke"


@dataclass(frozen=True, slots=True)
class Invokers:
    """The identities of callers, and the policies of the services.

    Attributes:
        account_of: the email of a function's service account; None if the sandbox's own admin interface deployed it.
    """

    tokens: Tokens
    judge: Judge
    account_of: AccountOf

    def admits_all(self, record: FunctionRecord) -> bool:
        """Return whether anybody may invoke a function."""
        if self.account_of(record.name) is None:
            return record.definition.public
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
        if scheme.lower() != "bearer":
            return web.Response(status=403, text=FORBIDDEN)
        if self._has_key(given, record):
            return None
        if given.count(".") != 2:
            return web.Response(status=403, text=FORBIDDEN)
        email = self.tokens.caller_of(given, url)
        if email is not None:
            return None if self.admits(email, record) else web.Response(status=403, text=FORBIDDEN)
        reason = 'Bearer error="invalid_token" error_description="The access token could not be verified"'
        return web.Response(status=401, text="Unauthorized", headers={"WWW-Authenticate": reason})

    def admits(self, email: str | None, record: FunctionRecord) -> bool:
        """Return whether somebody may invoke a function. `email`: None for somebody unknown."""
        if self.account_of(record.name) is None:
            return (email or "").partition("@")[0] in record.definition.callers
        return self.judge.refusal(email, INVOKE, service(record.name)) is None

    def _has_key(self, given: str, record: FunctionRecord) -> bool:
        """Return whether this is the key of a function of the admin interface; it stands for an operator's token."""
        key = record.keys.function.encode()
        right = hmac.compare_digest(given.encode("utf-8", "surrogatepass"), key)
        return right and self.account_of(record.name) is None
