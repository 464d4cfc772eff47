"""aiohttp servers whose answers to malformed requests quote nothing of the request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

MALFORMED = "The request is malformed"
FAILED = "The l3kit sandbox failed on this request; logs/gateway.log in its home has the location"


class _Connection(web.RequestHandler):
    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Replace aiohttp's error text, which quotes the unreadable request."""
        if status != 500:
            refusal = web.Response(status=status, text=MALFORMED)
            refusal.force_close()
            return refusal
        answer = super().handle_error(request, status, exc, message)
        assert isinstance(answer, web.Response)
        answer.text = FAILED
        return answer

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Replace aiohttp's 417 answer, which quotes the unknown expectation."""
        if resp.status == web.HTTPExpectationFailed.status_code:
            resp = web.Response(status=resp.status, text=MALFORMED)
        return await super().finish_response(request, resp, start_time)


class RedactedServer(web.Server):
    """`web.Server` with redacted error answers."""

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class RedactedRunner(web.AppRunner):
    """`web.AppRunner` with redacted error answers."""

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return RedactedServer(
            made.request_handler,
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            loop=asyncio.get_running_loop(),
            **made._kwargs,
        )


def runtime_server(handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> web.Server:
    """Create a server without an application; `handler` answers every request."""
    more: dict[str, Any] = {"access_log": None}
    return RedactedServer(handler, **more)
