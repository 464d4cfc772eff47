"""The processor's place in the chain: the twin's own processors are applied, and what they return is handed on."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from l3kit.errors import CallError
from l3kit.tiering.format.messages import MessageProblem, MessageRules, Telemetry
from l3kit.tiering.stream.batches import Counts
from l3kit.tiering.stream.handing_on import Next
from l3kit.tiering.stream.letters import DeadLetter, Letters
from l3kit.tiering.stream.patience import REMEDY, Patience
from l3kit.tiering.stream.processing import Processed, Processors
from l3kit.tiering.stream.screening import Screening
from l3kit.tiering.stream.settling import settled

SHARE = 0.5
"""Share of the remaining time that processors may take, so that the rest is left for handing on."""
MAX_HANGING = 3
"""Messages of one call whose processor may hang; after that the others are not processed either."""
LEAST_SECONDS = 5.0
"""Less time than this shows nothing about a processor."""


@dataclass(slots=True)
class _Work:
    """Messages that a thread hands to their processors one by one; `stop` ends it after the present one."""

    items: Sequence[Telemetry]
    done: list[Processed] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)


class ProcessorStep:
    """Applies the processors. One that fails or hangs sends its message to the dead letters.

    Args:
        processors: none hand every item on unchanged.
        following: the persister.
        clock: wall clock, UTC.
        least_seconds: time that processors must have had before one of them is said to hang.
    """

    def __init__(
        self,
        rules: MessageRules,
        letters: Letters,
        processors: Processors,
        following: Next,
        patience: Patience,
        clock: Callable[[], datetime],
        *,
        least_seconds: float = LEAST_SECONDS,
    ) -> None:
        self._rules = rules
        self._letters = letters
        self._processors = processors
        self._following = following
        self._patience = patience
        self._clock = clock
        self._least_seconds = least_seconds

    async def handle(self, event: bytes) -> Counts:
        """Handle a call. Raises: CallError, StoreError; the caller may call again."""
        now = self._clock()
        screened = Screening(self._rules, self._letters, now).call(event)
        processed, hanging = await self._processed(screened.items, now)
        failed = [self._letter(item, str(error)) for one in processed for item, error in one.failed]
        items = [item for one in processed for item in one.items]
        dead = [*screened.dead, *failed, *hanging]
        counts = await settled(self._letters, dead, self._following.take(items))
        return counts + Counts(filtered=sum(one.dropped for one in processed))

    async def _processed(self, items: Sequence[Telemetry], now: datetime) -> tuple[list[Processed], list[DeadLetter]]:
        """Apply the processors, whose code may block, in a thread."""
        if not self._processors:
            return [Processed(tuple(items), (), 0)], []
        processed: list[Processed] = []
        hanging: list[DeadLetter] = []
        while items:
            work = _Work(items)
            seconds = max(self._patience.left(), 0.0) * SHARE
            try:
                async with asyncio.timeout(seconds):
                    await _in_thread(partial(self._work, work, now))
            except TimeoutError:
                work.stop.set()
                if not hanging and seconds < self._least_seconds:
                    cause = f"only {seconds:.1f} s were left for the twin's processors"
                    raise CallError("default-processor", cause, REMEDY) from None
                cause = f"its processor was not done within {seconds:.1f} s"
                count = 1 if len(hanging) < MAX_HANGING else len(items)
                at = len(work.done)
                hanging += [self._letter(item, cause) for item in items[at : at + count]]
                processed += work.done[:at]
                items = items[at + count :]
            else:
                return processed + work.done, hanging
        return processed, hanging

    def _work(self, work: _Work, now: datetime) -> None:
        for item in work.items:
            if work.stop.is_set():
                return
            work.done.append(self._processors.process([item], self._rules, now))

    def _letter(self, item: Telemetry, cause: str) -> DeadLetter:
        return self._letters.of(MessageProblem.PROCESSOR_FAILED, cause, item.json, device=item.device_id)


async def _in_thread(call: Callable[[], None]) -> None:
    """Run a call in a thread of its own: one that hangs takes no place of others, and does not keep the process."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[BaseException | None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if not ended.done():
            ended.set_result(error)

    def run() -> None:
        error: BaseException | None = None
        try:
            call()
        except BaseException as raised:
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=run, name="l3kit-processor", daemon=True).start()
    if (error := await ended) is not None:
        raise error
