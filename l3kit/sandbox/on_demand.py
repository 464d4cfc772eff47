"""A part of the sandbox that is started when it is first needed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from l3kit.errors import SandboxError
from l3kit.sandbox.emulators import Emulator


class OnDemand:
    """One emulator. All who need it at once wait for the same start; after one that failed the next call tries again.

    Args:
        start: starts it. May raise SandboxError naming it.
        started: told when it serves.

    Attributes:
        emulator: None until it serves.
    """

    def __init__(self, start: Callable[[], Awaitable[Emulator]], started: Callable[[Emulator], None]) -> None:
        self.emulator: Emulator | None = None
        self._start = start
        self._started = started
        self._starting: asyncio.Task[Emulator] | None = None

    async def port(self) -> int:
        """Where it serves. Raises: SandboxError where it does not start."""
        if self.emulator is not None:
            return self.emulator.info.port
        self.begin()
        assert self._starting is not None
        return (await asyncio.shield(self._starting)).info.port  # who waits may give up, the start goes on

    def begin(self) -> None:
        """Start it, unless it serves or is being started, without waiting."""
        if self.emulator is None and self._starting is None:
            self._starting = asyncio.create_task(self._serve())
            self._starting.add_done_callback(self._settle)

    async def give_up(self) -> None:
        """End a start that is under way."""
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
            task.exception()  # told to whoever waits; where nobody does, the next who needs it is told
