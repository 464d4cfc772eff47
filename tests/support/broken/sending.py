"""A sender that leaves connections as it likes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.support.broken.whole import Broken

AT_ONCE = 48
"""Number of connections that send concurrently."""
LEFT_OPEN = 150
"""Number of connections that wait for an answer or for their end concurrently."""
QUIET_SECONDS = 0.15
MOST_BYTES = 256 * 1024
"""Number of bytes of an answer that are searched."""


@dataclass(slots=True)
class Sent:
    """Result of one request."""

    port: str
    broken: Broken
    answer: bytes = b""

    @property
    def told(self) -> bool:
        """Whether the answer contains the secret."""
        return self.broken.secret.encode() in self.answer

    def around(self) -> tuple[bytes, bytes]:
        """The answer around the secret, and the beginning of the request."""
        at = self.answer.find(self.broken.secret.encode())
        return self.answer[max(0, at - 200) : at + 60], b"".join(self.broken.pieces)[:300]


@dataclass(slots=True)
class _Open:
    sent: Sent
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def send_all(
    requests: Sequence[tuple[str, Broken]],
    find_ports: Callable[[], Mapping[str, int]],
    meanwhile: Callable[[], Awaitable[None]],
) -> tuple[list[Sent], int]:
    """Send all requests, many concurrently.

    Args:
        find_ports: returns the current port of each name; called again if a port refuses, since an idle function's
            process may end and be replaced by another.
        meanwhile: awaited after all requests are sent, while the remaining connections are still open.
    Returns: the result of each request, and the number of connections still open at that time.
    """
    limit, kept, ports = asyncio.Semaphore(AT_ONCE), list[_Open](), dict(find_ports())

    async def connect(name: str) -> _Streams:
        try:
            return await asyncio.open_connection("127.0.0.1", ports[name])
        except ConnectionRefusedError:
            ports.update(find_ports())
            return await asyncio.open_connection("127.0.0.1", ports[name])

    async def one(port: str, broken: Broken) -> Sent:
        async with limit:
            sent = Sent(port, broken)
            opened = await _send(sent, *await connect(port))
            if opened is not None:
                kept.append(opened)
                if len(kept) > LEFT_OPEN:
                    await _close(kept.pop(0))
            return sent

    done = list(await asyncio.gather(*(one(port, broken) for port, broken in requests)))
    count = len(kept)
    try:
        await meanwhile()
    finally:
        for opened in kept:
            await _close(opened)
    return done, count


async def _send(sent: Sent, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> _Open | None:
    """Send one request. Returns: the connection if it stays open."""
    opened = _Open(sent, reader, writer)
    with contextlib.suppress(OSError):  # the server may have closed it during the request
        for number, piece in enumerate(sent.broken.pieces):
            if number:
                await asyncio.sleep(0.005)
            writer.write(piece)
            await writer.drain()
        if sent.broken.end == "half":
            writer.write_eof()
        if sent.broken.end == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
            return None
    await _read(opened, QUIET_SECONDS)
    if sent.broken.end == "open" or not sent.answer:
        return opened
    await _close(opened)
    return None


async def _read(opened: _Open, seconds: float) -> None:
    with contextlib.suppress(OSError, TimeoutError):
        while len(opened.sent.answer) < MOST_BYTES:
            block = await asyncio.wait_for(opened.reader.read(65_536), seconds)
            if not block:
                return
            opened.sent.answer += block


async def _close(opened: _Open) -> None:
    await _read(opened, 0.01)
    opened.writer.close()
    with contextlib.suppress(OSError):
        await opened.writer.wait_closed()
