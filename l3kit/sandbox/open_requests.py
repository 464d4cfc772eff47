"""The requests that a gateway is answering.

They are counted, so that it knows when it is idle, and guarded against malformed ones.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Middleware

from l3kit.errors import SandboxError
from l3kit.sandbox.answers import unserved
from l3kit.sandbox.redacted_server import MALFORMED

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class OpenRequests:
    """Counts requests through its middleware, which every application of the gateway has."""

    def __init__(self) -> None:
        self._open = 0
        self._last = time.monotonic()

    @property
    def middleware(self) -> Middleware:
        """The middleware."""

        @web.middleware
        async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._count(request, handler)

        return count

    @property
    def idle_seconds(self) -> float:
        """Seconds since the last request was answered; 0 while one is open."""
        return 0.0 if self._open else time.monotonic() - self._last

    async def _count(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.raw_path.startswith("/"):  # request forms for proxies
            return web.Response(status=400, text=MALFORMED)
        self._open += 1
        try:
            return await handler(request)
        except web.RequestPayloadError:
            return web.Response(status=400, text=MALFORMED)
        except (aiohttp.ClientError, OSError, SandboxError) as error:
            gone = request.transport is None or request.transport.is_closing()
            if gone or request.content.exception() is not None:
                return web.Response(status=400, text=MALFORMED)
            return unserved(error)
        finally:
            self._open -= 1
            self._last = time.monotonic()
