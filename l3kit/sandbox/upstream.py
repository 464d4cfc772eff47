"""HTTP client for an emulator: forwards clients' requests, streaming both ways, and sends the gateway's own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect")
)
BODY = "l3kit.body"
"""Key of a request's body if it was read or replaced before forwarding."""
WHOLE = "l3kit.whole"
"""Key that requests a buffered answer instead of a streamed one."""
SMALL_BYTES = 2 * 1024 * 1024
BLOCK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A buffered answer, for requests whose result the gateway reads."""

    status: int
    headers: CIMultiDict[str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def to_response(self, body: bytes | None = None) -> web.Response:
        headers = CIMultiDict(self.headers)
        headers.popall("Content-Length", None)
        headers.popall("x-amz-crc32", None) if body is not None else None
        return web.Response(status=self.status, headers=headers, body=self.body if body is None else body)


class Upstream:
    """An emulator behind the gateway.

    Args:
        port: its port, or a function that starts it if necessary and returns the port; may raise SandboxError.
    """

    def __init__(self, session: aiohttp.ClientSession, port: int | Callable[[], Awaitable[int]]) -> None:
        self._session = session
        self._port = port

    async def forward(
        self,
        request: web.Request,
        *,
        body: bytes | AsyncIterable[bytes] | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> web.StreamResponse:
        """Forward the request unchanged and stream the answer back. `body` replaces one that was already read."""
        headers = _request_headers(request)
        headers.update(extra_headers or {})
        data: Any = request.get(BODY) if body is None else body
        if data is None and request.body_exists:
            data = request.content.iter_chunked(BLOCK_BYTES)
        if isinstance(data, bytes):
            headers["Content-Length"] = str(len(data))
        async with self._session.request(
            request.method,
            await self._address(request.raw_path),
            headers=headers,
            data=data,
            allow_redirects=False,
            skip_auto_headers=("User-Agent", "Content-Type", "Accept", "Accept-Encoding"),
        ) as answer:
            return await _relay(request, answer)

    async def reach(self) -> None:
        """Wait until it is running. Raises: SandboxError if it does not start."""
        await self._address("/")

    async def ask(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send a request of the gateway's own and read the answer. `path` is sent without further encoding."""
        async with self._session.request(
            method,
            await self._address(path),
            headers=headers,
            data=body or None,
            allow_redirects=False,
            skip_auto_headers=("User-Agent", "Content-Type", "Accept", "Accept-Encoding"),
        ) as answer:
            return Answer(answer.status, _response_headers(answer), await answer.read())

    async def _address(self, path: str) -> URL:
        port = self._port if isinstance(self._port, int) else await self._port()
        return URL(f"http://127.0.0.1:{port}{path}", encoded=True)

    async def repeat(self, request: web.Request, body: bytes) -> Answer:
        """Forward the request with this body and read the answer."""
        headers = _request_headers(request)
        headers["Content-Length"] = str(len(body))
        return await self.ask(request.method, request.raw_path, headers=headers, body=body)


def _request_headers(request: web.Request) -> CIMultiDict[str]:
    return CIMultiDict((name, value) for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP)


def _response_headers(answer: aiohttp.ClientResponse) -> CIMultiDict[str]:
    return CIMultiDict(
        (name, value) for name, value in answer.headers.items() if name.lower() not in {*HOP_BY_HOP, "server", "date"}
    )


async def _relay(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    headers = _response_headers(answer)
    length = answer.content_length
    is_head = request.method == "HEAD"
    # A failed HEAD is not sent yet: the caller may have to answer 403 instead of 404.
    unsent = answer.status >= 400 if is_head else length is not None and length <= SMALL_BYTES
    if request.get(WHOLE) or unsent:
        headers.popall("Content-Length", None)
        return web.Response(status=answer.status, headers=headers, body=await answer.read())
    response = web.StreamResponse(status=answer.status, headers=headers)
    await response.prepare(request)
    if not is_head:
        async for block in answer.content.iter_chunked(BLOCK_BYTES):
            await response.write(block)
    await response.write_eof()
    return response
