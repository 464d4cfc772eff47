"""Instances of one function: reused when warm, several at once, retried when asynchronous."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from l3kit.sandbox.aws.function_instance import Instance, Invocation, Outcome
from l3kit.sandbox.aws.function_logs import note
from l3kit.sandbox.aws.function_record import FunctionRecord

MAX_INSTANCES = 16
"""Per function; further invocations wait. Lambda allows 1,000, a laptop does not."""
IDLE_SECONDS = 600.0
UNUSED = "no invocation for {seconds:.0f} s"
CHANGED = "its function's code or settings changed"
ASYNC_RETRY_WAITS = (1.0, 2.0)
"""Seconds before the first and the second retry. Lambda waits one and two minutes."""


class ThrottledError(Exception):
    """The function's reserved concurrency is used up."""


class FunctionPool:
    """Runs a function's invocations. `make_instance` gives a new, not yet started one."""

    def __init__(self, record: FunctionRecord, make_instance: Callable[[], Instance], log_file: Path) -> None:
        self._record = record
        self._make = make_instance
        self._log_file = log_file
        self._idle: list[Instance] = []
        self._busy: set[Instance] = set()
        self._pending = 0
        self._slots = asyncio.Semaphore(MAX_INSTANCES)
        self._background: set[asyncio.Task[None]] = set()

    async def invoke(self, event: bytes, *, client_context: str | None = None, request_id: str = "") -> Outcome:
        """One synchronous invocation. Raises: ThrottledError."""
        reserved = self._record.reserved_concurrency
        if reserved is not None and self._pending >= reserved:
            raise ThrottledError
        self._pending += 1
        try:
            async with self._slots:
                instance = await self._acquire()
                try:
                    invocation = Invocation(request_id or str(uuid.uuid4()), event, client_context)
                    return await instance.invoke(invocation)
                finally:
                    await self._release(instance)
        finally:
            self._pending -= 1

    def invoke_later(self, event: bytes, request_id: str, *, waits: Sequence[float] = ASYNC_RETRY_WAITS) -> None:
        """An asynchronous invocation: tried again after an error, as often as the function's settings say."""
        task = asyncio.create_task(self._invoke_with_retries(event, request_id, waits))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def kill(self, instance_id: str | None) -> None:
        """End this busy instance, or every one, as a crash would."""
        for instance in self._busy:
            if instance_id in (None, instance.id):
                instance.crash()

    async def retire(self) -> None:
        """The code or a setting changed: idle instances end now, busy ones when they have finished."""
        idle, self._idle = self._idle, []
        for instance in idle:
            await instance.stop(CHANGED)

    async def close(self) -> None:
        """End everything at once."""
        for task in self._background:
            task.cancel()
        for instance in [*self._idle, *self._busy]:
            await instance.stop("its function is deleted, or the sandbox ends")
        self._idle.clear()

    async def end_idle(self, now: float, idle_seconds: float = IDLE_SECONDS) -> None:
        for instance in [i for i in self._idle if not i.alive or now - i.idle_since > idle_seconds]:
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

    async def _invoke_with_retries(self, event: bytes, request_id: str, waits: Sequence[float]) -> None:
        attempts = 1 + self._record.async_retries
        for attempt in range(1, attempts + 1):
            outcome: Outcome | None = None
            with contextlib.suppress(ThrottledError):
                outcome = await self.invoke(event, request_id=request_id)
            if outcome is not None and outcome.error is None:
                return
            self._note(f"asynchronous invocation {request_id}: attempt {attempt} of {attempts} failed")
            if attempt < attempts:
                await asyncio.sleep(waits[min(attempt, len(waits)) - 1])

    def _note(self, text: str) -> None:
        # Whether it can be written or not, the next attempt is made.
        with contextlib.suppress(OSError):
            note(self._log_file, text)
