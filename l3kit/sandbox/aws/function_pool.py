"""The instances of a Lambda function: reused while warm, several at once."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable

from l3kit.sandbox.aws.function_instance import Instance, Invocation, Outcome
from l3kit.sandbox.aws.function_record import FunctionRecord
from l3kit.sandbox.functions.process import IDLE_SECONDS

MAX_INSTANCES = 16
"""Maximum instances per function; further invocations wait. Lambda allows 1,000, more than a laptop can run."""
UNUSED = "no invocation for {seconds:.0f} s"
CHANGED = "its function's code or settings changed"


class ThrottledError(Exception):
    """The function's reserved concurrency is used up."""


class FunctionPool:
    """Runs a function's invocations. `make_instance` returns a new instance that is not started yet."""

    def __init__(self, record: FunctionRecord, make_instance: Callable[[], Instance]) -> None:
        self._record = record
        self._make = make_instance
        self._idle: list[Instance] = []
        self._busy: set[Instance] = set()
        self._pending = 0
        self._slots = asyncio.Semaphore(MAX_INSTANCES)

    async def invoke(self, event: bytes, request_id: str | None = None) -> Outcome:
        """Run one invocation. Args: request_id: of an earlier attempt; None for a new one. Raises: ThrottledError."""
        reserved = self._record.reserved_concurrency
        if reserved is not None and self._pending >= reserved:
            raise ThrottledError
        self._pending += 1
        try:
            async with self._slots:
                instance = await self._acquire()
                try:
                    return await instance.invoke(Invocation(request_id or str(uuid.uuid4()), event))
                finally:
                    await self._release(instance)
        finally:
            self._pending -= 1

    def kill(self, instance_id: str | None) -> None:
        """Kill this busy instance, or all of them, as a crash would."""
        for instance in self._busy:
            if instance_id in (None, instance.id):
                instance.crash()

    async def retire(self) -> None:
        """Replace instances after a change of code or settings: idle ones end now, busy ones after their invocation."""
        idle, self._idle = self._idle, []
        for instance in idle:
            await instance.stop(CHANGED)

    async def close(self) -> None:
        """End everything at once."""
        for instance in [*self._idle, *self._busy]:
            await instance.stop("its function is deleted, or the sandbox ends")
        self._idle.clear()

    async def end_idle(self, now: float, idle_seconds: float = IDLE_SECONDS) -> None:
        for instance in [i for i in self._idle if i.is_unused(now, idle_seconds)]:
            self._idle.remove(instance)
            await instance.stop(UNUSED.format(seconds=idle_seconds))

    async def _acquire(self) -> Instance:
        while self._idle:
            instance = self._idle.pop()
            if instance.alive and instance.config == self._record.config:
                self._busy.add(instance)
                return instance
            await instance.stop(CHANGED)
        instance = self._make()
        self._busy.add(instance)
        try:
            await instance.start()
        except BaseException:
            self._busy.discard(instance)
            await instance.stop("its start failed")
            raise
        return instance

    async def _release(self, instance: Instance) -> None:
        self._busy.discard(instance)
        if instance.alive and not instance.occupied and instance.config == self._record.config:
            self._idle.append(instance)
        else:
            await instance.stop("its invocation was given up" if instance.occupied else CHANGED)
