"""Emulators started on first use."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from l3kit.errors import SandboxError
from l3kit.sandbox.emulators import Emulator


class OnDemand:
    """An emulator started on first use. Concurrent callers wait for one start; a failed start is retried by the next.

    Args:
        start: starts the emulator; may raise SandboxError naming it.
        started: called once it accepts requests.

    Attributes:
        emulator: None until it accepts requests.
    """

    def __init__(self, start: Callable[[], Awaitable[Emulator]], started: Callable[[Emulator], None]) -> None:
        self.emulator: Emulator | None = None
        self._start = start
        self._started = started
        self._starting: asyncio.Task[Emulator] | None = None

    async def port(self) -> int:
        """Start it if necessary and return its port. Raises: SandboxError if it does not start."""
        if self.emulator is not None:
            return self.emulator.info.port
        self.begin()
        assert self._starting is not None
        return (await asyncio.shield(self._starting)).info.port  # a cancelled waiter does not cancel the start

    def begin(self) -> None:
        """Begin a start, without waiting, unless it is running or starting."""
        if self.emulator is None and self._starting is None:
            self._starting = asyncio.create_task(self._serve())
            self._starting.add_done_callback(self._settle)

    async def give_up(self) -> None:
        """Cancel a start in progress."""
        if self._starting is not None:
            self._starting.cancel()
            with contextlib.suppress(asyncio.CancelledError, SandboxError, OSError):
                await self._starting

    async def _serve(self) -> Emulator:
        emulator = await self._start()
        self.emulator = emulator
        self._started(emulator)
        return emulator

    def _settle(self, task: asyncio.Task[Emulator]) -> None:
        self._starting = None
        if not task.cancelled():
            task.exception()  # mark as retrieved: the waiters have it, and without waiters the next start reports it
