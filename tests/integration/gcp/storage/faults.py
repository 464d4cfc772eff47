"""Faults between Google's client and the sandbox's Cloud Storage."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from l3kit.clouds.gcp.data.object_stores import GcsPlace
from l3kit.tiering.retry import RetryPolicy
from tests.conformance.gcs_backend import PROJECT

MIB = 1024 * 1024
AGENT = "l3kit/0.1 test-cold-to-archive-mover/7"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Fault = Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@dataclass
class Line:
    """Between client and service: what was asked, and what goes wrong next, by method and a part of the address."""

    asked: list[tuple[str, str, str]] = field(default_factory=list)
    faults: list[tuple[str, str, Fault]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)

    def will(self, method: str, part: str, *faults: Fault) -> None:
        self.faults += [(method, part, fault) for fault in faults]

    @property
    def middleware(self) -> Any:
        @web.middleware
        async def pass_on(request: web.Request, handler: Handler) -> web.StreamResponse:
            self.asked.append((request.method, request.raw_path, request.headers.get("User-Agent", "")))
            self.ranges += request.headers.getall("Content-Range", [])
            for entry in self.faults:
                if request.method == entry[0] and entry[1] in request.raw_path:
                    self.faults.remove(entry)
                    return await entry[2](request, handler)
            return await handler(request)

        return pass_on


def answers(status: int, **headers: str) -> Fault:
    async def fault(request: web.Request, handler: Handler) -> web.StreamResponse:
        await request.content.read()
        return web.json_response(
            {"error": {"code": status, "message": "says the test"}}, status=status, headers=headers
        )

    return fault


async def cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def answer_lost(request: web.Request, handler: Handler) -> web.StreamResponse:
    await handler(request)
    return await cut(request)


async def never_arrived(request: web.Request, handler: Handler) -> web.StreamResponse:
    return await cut(request)


async def damaged(request: web.Request, handler: Handler) -> web.StreamResponse:
    return web.Response(body=b"[9]", headers={"x-goog-hash": "crc32c=AAAAAA=="})


def breaks_after(size: int) -> Fault:
    """The service gets so many bytes, then the connection is gone."""

    async def fault(request: web.Request, handler: Handler) -> web.StreamResponse:
        whole = request._payload.iter_any()  # `content` would be remembered

        class Partial:
            async def iter_any(self) -> AsyncIterator[bytes]:
                left = size
                async for block in whole:
                    yield block[:left]
                    left -= len(block)
                    if left <= 0:
                        await cut(request)
                        raise ConnectionResetError

        request._payload = Partial()  # type: ignore[assignment]
        return await handler(request)

    return fault


def place(address: str, line: Line) -> GcsPlace:
    async def note(seconds: float) -> None:
        line.waits.append(seconds)

    return GcsPlace(PROJECT, address, agent=AGENT, retry=RetryPolicy(tries=4, sleep=note, random=lambda: 1.0))


async def pieces(body: bytes, size: int = 3_000_000) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]
