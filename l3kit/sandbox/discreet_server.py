"""aiohttp's server as the sandbox uses it: a request that is none is refused without a word of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

MALFORMED = "The request is malformed"
FAILED = "The l3kit sandbox failed at this request. The place is named in logs/gateway.log of its home"


class _Connection(web.RequestHandler):
    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """See aiohttp, whose answer to what it cannot read quotes it."""
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
        """See aiohttp, which quotes an expectation that it does not know."""
        if resp.status == web.HTTPExpectationFailed.status_code:
            resp = web.Response(status=resp.status, text=MALFORMED)
        return await super().finish_response(request, resp, start_time)


class DiscreetServer(web.Server):
    """Makes a connection's handler; takes what `web.Server` takes."""

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class DiscreetRunner(web.AppRunner):
    """Serves an application; takes what `web.AppRunner` takes."""

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return DiscreetServer(
            made.request_handler,
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            loop=asyncio.get_running_loop(),
            **made._kwargs,
        )


def runtime_server(handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> web.Server:
    """For requests without an application. `handler` answers each."""
    more: dict[str, Any] = {"access_log": None}
    return DiscreetServer(handler, **more)
