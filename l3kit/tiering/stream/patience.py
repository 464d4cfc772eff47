"""The time limit of one invocation: bounded, below the function's own deadline, and named in the error."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from l3kit.errors import CallError

MAX_SECONDS = 600.0
"""Longest time that any function of the chain spends on one invocation, retries included."""
MARGIN_SECONDS = 3.0
"""Reserved for the answer before the function's deadline."""
REMEDY = (
    "The source delivers the messages again; if it happens often, raise the function's memory or send smaller batches"
)


@dataclass(frozen=True, slots=True)
class Patience:
    """Time left for an invocation.

    Attributes:
        left: seconds, possibly negative.
    """

    left: Callable[[], float]

    @classmethod
    def of(cls, remaining: Callable[[], float], clock: Callable[[], float] = time.monotonic) -> Patience:
        """Begin an invocation.

        Args:
            remaining: seconds until the cloud ends the function.
            clock: monotonic seconds.
        """
        end = clock() + MAX_SECONDS
        return cls(lambda: min(end - clock(), remaining() - MARGIN_SECONDS))

    def at_most(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> Patience:
        """The part of the invocation that begins now and lasts at most this many seconds."""
        end = clock() + seconds
        return Patience(lambda: min(end - clock(), self.left()))

    @asynccontextmanager
    async def limit(self, function: str) -> AsyncIterator[None]:
        """Abort the block when the time is up. Raises: CallError naming the limit."""
        seconds = max(self.left(), 0.0)
        cause = f"was not done within {seconds:.0f} s (at most {MAX_SECONDS:.0f} s, and {MARGIN_SECONDS:g} s"
        over = CallError(function, f"{cause} less than its deadline)", REMEDY)
        if not seconds:  # a timeout of zero lets pass what never awaits
            raise over
        try:
            async with asyncio.timeout(seconds) as limit:
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            raise over from None
