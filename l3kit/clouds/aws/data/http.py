"""A small asyncio HTTP/1.1 client for one host: keep-alive, a bounded pool, time-outs; bodies are bytes.

A mover sends thousands of small signed requests; each costs a tenth of the CPU of urllib3
(docs/explanation/benchmarks.md). A request may be sent twice: the ports' contracts make repeats harmless.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple
from urllib.parse import urlsplit

CONNECT_TIMEOUT = 10.0
MAX_HEADER_BYTES = 256 * 1024
JOINED_BODY_BYTES = 64 * 1024
"""Up to this size joining head and body is cheaper than another packet."""


class HttpError(Exception):
    """No usable response: connection failure, early close or time-out. The request may or may not have taken effect."""


class _Stale(HttpError):
    """A kept-alive connection was closed by the server before the first response byte."""


class HttpResponse(NamedTuple):
    """An HTTP response; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Connection(asyncio.Protocol):
    """One connection with one request at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[HttpResponse] | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._needed = -1  # bytes of the body, once known
        self._head: tuple[int, dict[str, str]] | None = None
        self._chunked = self._until_close = self._bodiless = False
        self.reusable = False
        self.used = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.reusable = True

    def send(self, head: bytes, body: bytes, bodiless: bool, timeout: float) -> asyncio.Future[HttpResponse]:
        assert self._transport is not None
        self._parts, self._size, self._needed, self._head = [], 0, -1, None
        self._chunked = self._until_close = False
        self._bodiless = bodiless
        self._waiter = waiter = self._loop.create_future()
        timer = self._loop.call_later(timeout, self._timed_out, timeout)
        waiter.add_done_callback(lambda _: timer.cancel())
        if len(body) <= JOINED_BODY_BYTES:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._transport.write(body)
        return waiter

    def close(self) -> None:
        self.reusable = False
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._waiter is None or self._waiter.done():
            self.close()  # bytes that no request asked for
            return
        self._parts.append(data)
        self._size += len(data)
        if self._head is None and not self._parse_head():
            return
        if self._chunked:
            self._try_chunked()
        elif 0 <= self._needed <= self._size:
            body = b"".join(self._parts)
            self._finish(body if len(body) == self._needed else body[: self._needed])

    def connection_lost(self, exc: Exception | None) -> None:
        self.reusable = False
        if self._waiter is None or self._waiter.done():
            return
        if self._until_close and self._head is not None and exc is None:
            self._finish(b"".join(self._parts))
        elif self.used and not self._parts:
            self._waiter.set_exception(_Stale("the kept-alive connection was closed"))
        else:
            self._waiter.set_exception(HttpError(f"the connection was closed early ({exc or 'end of stream'})"))

    def _parse_head(self) -> bool:
        """Parse the head once it is complete, leaving only body parts buffered. Returns: whether it is complete."""
        data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self._parts = [data]
            if len(data) > MAX_HEADER_BYTES:
                self._fail("the answer's headers do not end")
            return False
        lines = data[:end].decode("latin-1").split("\r\n")
        try:
            status = int(lines[0].split(" ", 2)[1])
        except (IndexError, ValueError):
            self._fail("the answer is not HTTP")
            return False
        if status == 100:
            self._parts, self._size = [data[end + 4 :]], len(data) - end - 4
            return bool(self._size) and self._parse_head()
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        self._head = (status, headers)
        self._parts, self._size = [data[end + 4 :]], len(data) - end - 4
        if self._bodiless or status in (204, 304):
            self._needed = 0
        elif headers.get("transfer-encoding", "").lower() == "chunked":
            self._chunked = True
        elif "content-length" in headers:
            self._needed = int(headers["content-length"])
        else:
            self._until_close = True
        if headers.get("connection", "").lower() == "close":
            self.reusable = False
        return True

    def _try_chunked(self) -> None:
        data = b"".join(self._parts)
        self._parts = [data]
        if not data.endswith(b"\r\n"):
            return
        body: list[bytes] = []
        at = 0
        while True:
            line_end = data.find(b"\r\n", at)
            if line_end < 0:
                return
            try:
                size = int(data[at:line_end].split(b";")[0], 16)
            except ValueError:
                self._fail("a chunk's size is not a number")
                return
            start = line_end + 2
            if size == 0:
                if data.endswith(b"\r\n\r\n") or data[start : start + 2] == b"\r\n":
                    self._finish(b"".join(body))
                return
            if len(data) < start + size + 2:
                return
            body.append(data[start : start + size])
            at = start + size + 2

    def _finish(self, body: bytes) -> None:
        assert self._head is not None
        assert self._waiter is not None
        status, headers = self._head
        self._parts = []
        self.used = True
        self._waiter.set_result(HttpResponse(status, headers, body))

    def _fail(self, cause: str) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(HttpError(cause))
        self.close()

    def _timed_out(self, seconds: float) -> None:
        self._fail(f"no complete answer within {seconds:g} s")


class HttpClient:
    """Requests to one endpoint.

    Args:
        endpoint: `https://host` or `http://host:port`.
        max_connections: maximum open connections; further requests wait.
    """

    def __init__(self, endpoint: str, *, max_connections: int = 64) -> None:
        parts = urlsplit(endpoint)
        self.host = parts.netloc
        self._hostname = parts.hostname or ""
        self._tls = tls_context(os.environ.get("AWS_CA_BUNDLE") or None) if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._max = max_connections
        self._idle: list[_Connection] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._places = asyncio.Semaphore(max_connections)

    async def request(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        timeout: float,
        once: bool = False,
    ) -> HttpResponse:
        """Send one request; `headers` include `host`.

        Args:
            timeout: seconds until the response must be complete.
            once: do not resend when a kept-alive connection turns out to be closed, since it may have been closed after
                the request took effect.
        Raises: HttpError.
        """
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"{method} {target} HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n".encode("latin-1")
        self._bind_loop()
        async with self._places:
            try:
                return await self._exchange(head, body, method == "HEAD", timeout)
            except _Stale:
                self.close()
                if once:
                    raise
                return await self._exchange(head, body, method == "HEAD", timeout)

    def close(self) -> None:
        """Close idle connections."""
        while self._idle:
            self._idle.pop().close()

    def _bind_loop(self) -> None:
        """Drop connections of an earlier event loop: a warm function may use a new loop for each invocation."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._idle = []
            self._places = asyncio.Semaphore(self._max)

    async def _exchange(self, head: bytes, body: bytes, bodiless: bool, timeout: float) -> HttpResponse:
        connection = await self._connection()
        try:
            response = await connection.send(head, body, bodiless, timeout)
        except BaseException:
            connection.close()
            raise
        if connection.reusable:
            self._idle.append(connection)
        else:
            connection.close()
        return response

    async def _connection(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.reusable:
                return connection
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                _, connection = await loop.create_connection(
                    lambda: _Connection(loop),
                    self._hostname,
                    self._port,
                    ssl=self._tls,
                    server_hostname=self._hostname if self._tls else None,
                )
        except TimeoutError:
            raise HttpError(f"{self.host} did not accept a connection within {CONNECT_TIMEOUT:g} s") from None
        except OSError as error:
            raise HttpError(f"{self.host} cannot be reached ({error.strerror or error})") from None
        return connection


@cache
def tls_context(authorities: str | None) -> ssl.SSLContext:
    """Read a file of certificate authorities, by default the system's; once, since it takes tens of ms of CPU."""
    return ssl.create_default_context(cafile=authorities)
