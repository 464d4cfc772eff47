"""What the operating system tells of a process: its memory and its connections."""

from __future__ import annotations

import asyncio
import re
import weakref
from pathlib import Path

import psutil


def peak_mb(pid: int) -> int:
    """The most memory that it has held; what it holds now where the system does not tell; 0 where it is gone."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        if found:
            return int(found.group(1)) // 1024
    except OSError:
        pass
    try:
        return int(psutil.Process(pid).memory_info().rss) // 1024**2
    except psutil.Error:
        return 0


class OwnConnections:
    """Tells a process's connections to the sandbox from other processes'; each is looked up once."""

    def __init__(self) -> None:
        self._found = weakref.WeakSet[asyncio.BaseTransport]()

    async def has(self, transport: asyncio.BaseTransport | None, pid: int) -> bool:
        """Whether this connection, as the sandbox holds it, is one that the process made."""
        if transport is None:
            return False
        if transport not in self._found:
            peer = transport.get_extra_info("peername")
            if peer is None or peer[1] not in await asyncio.to_thread(_ports_of, pid):
                return False
            self._found.add(transport)
        return True


def _ports_of(pid: int) -> frozenset[int]:
    try:
        return frozenset(connection.laddr.port for connection in psutil.Process(pid).net_connections("tcp4"))
    except psutil.Error:
        return frozenset()
