"""A process's memory and connections, as the operating system reports them."""

from __future__ import annotations

import asyncio
import contextlib
import re
import weakref
from pathlib import Path

import psutil


def peak_mb(pid: int) -> int:
    """Return the peak memory of a process in MiB; its current memory if the system reports no peak; 0 if it is gone."""
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
    """Recognizes the connections that a process made to the sandbox; each is looked up once."""

    def __init__(self) -> None:
        self._found = weakref.WeakSet[asyncio.BaseTransport]()

    async def has(self, transport: asyncio.BaseTransport | None, pid: int) -> bool:
        """Return whether the process made this connection, given as the sandbox's end of it."""
        if transport is None:
            return False
        if transport not in self._found:
            peer = transport.get_extra_info("peername")
            if peer is None or peer[1] not in await asyncio.to_thread(ports_of, pid):
                return False
            self._found.add(transport)
        return True


def ports_of(pid: int, *, children: bool = False) -> frozenset[int]:
    """Return the local ports of a process's connections; with `children`, also of its child processes."""
    found: set[int] = set()
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in (process, *(process.children(recursive=True) if children else ())):
            with contextlib.suppress(psutil.Error):
                found |= {connection.laddr.port for connection in one.net_connections("tcp4")}
    return frozenset(found)
