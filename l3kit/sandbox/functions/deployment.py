"""One deployment of a function and its process, started on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from l3kit.sandbox.functions.instance import Instance, StartError
from l3kit.sandbox.functions.process_facts import ports_of
from l3kit.sandbox.functions.record import FunctionRecord

UNUSED = "no request for {seconds:.0f} s"
DELETED = "its function is deleted or redeployed, or the sandbox ends"


class Deployment:
    """A function record with at most one process that serves it.

    Args:
        make_instance: returns a new instance that is not started yet.
        remove: removes the folder of a record. Blocking.

    Attributes:
        problem: why its process failed to start the last time; empty if it started.
        timers: schedules in the function's code by name, as of the last start.
    """

    def __init__(
        self,
        record: FunctionRecord,
        make_instance: Callable[[FunctionRecord], Instance],
        remove: Callable[[Path], None],
    ) -> None:
        self.record = record
        self.problem = ""
        self.timers: Mapping[str, str] = {}
        self._make = make_instance
        self._remove = remove
        self._instance: Instance | None = None
        self._starting = asyncio.Lock()
        self._retired = False

    async def instance(self) -> Instance:
        """Return its process, started unless it is running. Raises: StartError."""
        async with self._starting:
            if self._instance is not None and self._instance.alive:
                return self._instance
            if self._retired:
                raise StartError("is deleted or redeployed")
            if self._instance is not None:
                await self._instance.stop("another takes its place")
            self._instance = self._make(self.record)
            try:
                await self._instance.start()
            except StartError as error:
                self.problem = str(error)
                raise
            self.problem, self.timers = "", self._instance.timers
            return self._instance

    async def has_port(self, port: int) -> bool:
        """Return whether the function's process, or a child of it, has a connection from this local port."""
        pid = self._instance.pid if self._instance is not None else None
        return pid is not None and port in await asyncio.to_thread(ports_of, pid, children=True)

    def crash(self, instance_id: str | None) -> None:
        """Kill its process as a crash would."""
        if self._instance is not None and instance_id in (None, self._instance.id):
            self._instance.crash()

    async def end_idle(self, now: float, idle_seconds: float) -> bool:
        """End a process that is unused, or that has answered the last requests of a retired deployment.

        Returns whether the deployment is retired and has ended.
        """
        if self._starting.locked():
            return False
        async with self._starting:
            held = self._instance
            if held is not None and held.open_requests and held.alive:
                return False
            if held is not None and (self._retired or held.is_unused(now, idle_seconds)):
                self._instance = None
                await held.stop(DELETED if self._retired else UNUSED.format(seconds=idle_seconds))
            if self._retired:
                await asyncio.to_thread(self._remove, self.record.folder)
            return self._retired

    def retire(self) -> None:
        """Mark it replaced: it ends once it has answered the requests it holds."""
        self._retired = True

    async def stop(self) -> None:
        """End it at once and remove its files."""
        self._retired = True
        if self._instance is not None:
            self._instance.crash(DELETED)
        async with self._starting:
            if self._instance is not None:
                await self._instance.stop(DELETED)
        await asyncio.to_thread(self._remove, self.record.folder)
