"""The processor's step of the chain: applies the twin's own processors, and passes their results on."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

from l3kit.errors import CallError
from l3kit.tiering.format.chunks import CANARY_DEVICE
from l3kit.tiering.format.messages import MessageProblem, MessageRefusedError, MessageRules, Telemetry, normalise
from l3kit.tiering.stream.batches import Counts
from l3kit.tiering.stream.handing_on import Next
from l3kit.tiering.stream.letters import DeadLetter, Letters
from l3kit.tiering.stream.patience import REMEDY, Patience
from l3kit.tiering.stream.processor_process import Failed, ProcessorPool
from l3kit.tiering.stream.screening import Screening
from l3kit.tiering.stream.settling import settled

SHARE = 0.5
"""Share of the remaining time for processors; the rest is for passing items on."""
MAX_HANGING = 3
"""Maximum messages of one call whose processor hangs, after which the others are not processed either."""
MAX_ENDED = 10
"""Maximum messages of one call whose processor ends its process or hangs; each costs the start of a new one."""
LEAST_SECONDS = 5.0
"""Minimum time after which a processor counts as hanging."""
MEND = "Correct the processor, apply the twin again, and replay the message"

T = TypeVar("T")
Outcome = list[bytes] | Failed
"""Result of a processor for an item."""


class ProcessorStep:
    """Applies the processors. A message whose processor fails, hangs or ends its process goes to the dead letters.

    Args:
        processors: without any, every item is passed on unchanged.
        following: the persister.
        clock: wall clock, UTC.
        least_seconds: minimum time for processors before one of them counts as hanging.
    """

    def __init__(
        self,
        rules: MessageRules,
        letters: Letters,
        processors: ProcessorPool,
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
        numbers = [self._number_of(item) for item in screened.items]
        outcomes = await self._outcomes(screened.items, numbers)
        items: list[Telemetry] = []
        dead = screened.dead
        dropped = 0
        for index, (item, number) in enumerate(zip(screened.items, numbers, strict=True)):
            if number is None:
                items.append(item)
                continue
            outcome = self._normalised(outcomes[index], now, item.received)
            if isinstance(outcome, Failed):
                dead.append(self._letter(item, number, outcome))
            else:
                items += outcome
                dropped += not outcome
        counts = await settled(self._letters, dead, self._following.take(items))
        return counts + Counts(filtered=dropped)

    def _number_of(self, item: Telemetry) -> int | None:
        """The item's processor; None if it has none, or is a canary."""
        return None if item.device_id == CANARY_DEVICE else self._processors.number_of(item.device_id)

    async def _outcomes(self, items: Sequence[Telemetry], numbers: Sequence[int | None]) -> dict[int, Outcome]:
        """Process all items that have a processor. Returns: the outcomes, by the item's index."""
        outcomes: dict[int, Outcome] = {}
        hanging = ended = 0
        left = [(index, number) for index, number in enumerate(numbers) if number is not None]
        while left:
            if hanging >= MAX_HANGING or ended >= MAX_ENDED:
                cause = f"was not run, since processors hung or ended their process for {ended} messages of this call"
                return outcomes | {index: Failed(cause) for index, _ in left}
            batch = [(number, items[index].json) for index, number in left]
            seconds = max(self._patience.left(), 0.0) * SHARE
            try:
                answers = await _in_thread(partial(self._processors.run, batch, seconds))
            except CallError as error:
                if not ended:
                    raise
                # Another delivery would end in the same way, on some sources without end.
                cause = f"was not run after processors hung or ended their process in this call: {error.cause}"
                return outcomes | {index: Failed(cause) for index, _ in left}
            given: list[Outcome] = list(answers.given)
            if answers.hung and not hanging and answers.seconds < self._least_seconds:
                cause = f"only {answers.seconds:.1f} s were left for the twin's processors"
                raise CallError("default-processor", cause, REMEDY)
            if answers.ended:
                given.append(Failed(answers.ended))
            hanging += answers.hung
            ended += len(answers.given) < len(left)
            outcomes |= {index: outcome for (index, _), outcome in zip(left, given, strict=False)}
            left = left[len(given) :]
        return outcomes

    def _normalised(self, outcome: Outcome, now: datetime, received: datetime | None) -> list[Telemetry] | Failed:
        if isinstance(outcome, Failed):
            return outcome
        try:
            return [normalise(result, self._rules, now, received) for result in outcome]
        except MessageRefusedError as error:
            return Failed(f"returned what is not an item: {error.field} {error.cause}".replace("  ", " "))

    def _letter(self, item: Telemetry, number: int, failed: Failed) -> DeadLetter:
        cause = f"{self._processors.name_of(number)} {failed.cause}. {MEND}"
        return self._letters.of_item(MessageProblem.PROCESSOR_FAILED, cause, item)


async def _in_thread(call: Callable[[], T]) -> T:
    """Run a call in its own thread, so that it does not occupy the loop's executor."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if ended.done():
            return
        if error is not None:
            ended.set_exception(error)
        else:
            ended.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, error = None, None
        try:
            result = context.run(call)
        except BaseException as raised:
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, error)

    context = contextvars.copy_context()
    threading.Thread(target=run, name="l3kit-processor", daemon=True).start()
    return await ended
