"""Recognize a request's service and caller; the answers of a service to failures and throttling."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from l3kit.sandbox.answers import json_answer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Caller = tuple[str, str | None]
"""Name of a calling function, empty if it is unknown, and its instance, None if it is unknown."""
AGENT = re.compile(r"l3kit-(?P<function>[a-z0-9-]+)/(?P<instance>[A-Za-z0-9-]+)")
"""Caller in the user agent of a function's requests (`stores.agent_of` of its cloud)."""
_FUNCTION = re.compile(r"/_(?!sandbox/)[a-z0-9-]+/(?P<function>[^/]+)(?:/.*)?")


class Service:
    """Call descriptions and failures of one service, here in HTTP's own terms.

    Attributes:
        name: in the descriptions.
        needs_body: whether `describe` reads the request's body, at the key BODY.
        once: why a call cannot be delivered twice; empty if it can.
    """

    needs_body = False
    once = ""

    def __init__(self, name: str) -> None:
        self.name = name

    def describe(self, request: web.Request) -> str:
        """Return the service, operation and object of a call."""
        return f"{self.name} {request.method} {request.path.lstrip('/')}"

    def error(self, status: int) -> web.Response:
        """Return the service's internal error with status 500 or 503."""
        return web.Response(status=status)

    def throttled(self) -> web.Response:
        """Return the service's throttling answer."""
        return web.Response(status=429, headers={"Retry-After": "0"})

    async def partial(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Carry out half of a batch; pass any other call on unchanged."""
        return await handler(request)


class _Function(Service):
    """A function at its public address."""

    needs_body = True

    def describe(self, request: web.Request) -> str:
        return f"{self.name} {request.method} {function_of(request)}"

    def error(self, status: int) -> web.Response:
        return web.Response(status=status, text="Internal Server Error")

    def throttled(self) -> web.Response:
        return json_answer({"Message": "Rate Exceeded."}, 429, {"Retry-After": "0"})


FUNCTION = _Function("url")


def agent_caller(agent: str) -> str:
    """Return the function named in this user agent; empty if there is none."""
    found = AGENT.search(agent)
    return found["function"] if found else ""


def caller_by_agent(request: web.Request) -> Caller:
    """Return the calling function by the request's user agent."""
    return agent_caller(request.headers.get("User-Agent", "")), None


@dataclass(frozen=True, slots=True)
class Calls:
    """Recognition of an application's requests."""

    service_of: Callable[[web.Request], Service]
    caller_of: Callable[[web.Request], Caller] = caller_by_agent


CALLS: web.AppKey[Calls] = web.AppKey("l3kit.calls", Calls)


def service_of(request: web.Request) -> Service:
    """Return the service that a request is for."""
    return FUNCTION if function_of(request) else request.app[CALLS].service_of(request)


def caller_of(request: web.Request) -> Caller:
    """Return the calling function and its instance."""
    return request.app[CALLS].caller_of(request)


def function_of(request: web.Request) -> str:
    """Return the function addressed by its public address; empty for other requests."""
    found = _FUNCTION.fullmatch(request.path)
    return found["function"] if found else ""
