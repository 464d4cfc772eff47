"""The retry policy and loop of all adapters."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sized
from typing import NamedTuple, TypeVar

from l3kit.errors import StoreError
from l3kit.tiering.ports import Usage

T = TypeVar("T")
B = TypeVar("B", bound=Sized)
LATER = "Run it again later"
BATCH_TRIES = 20
"""Maximum tries for the items of a batch that a store left unwritten."""


class Passing(NamedTuple):
    """A transient failure: a retry may succeed.

    Attributes:
        asked: seconds to wait before the retry, if the service named any.
        remedy: remedy for the error raised after the last try.
    """

    cause: str
    asked: float = 0.0
    remedy: str = LATER


class RetryPolicy(NamedTuple):
    """Exponential backoff with full jitter: up to `base` seconds, doubling, at most `cap`; longer if the service asks.

    Attributes:
        tries: including the first one.
        longest: maximum seconds of a wait that the service asks for.
    """

    tries: int = 8
    base: float = 0.1
    cap: float = 5.0
    longest: float = 5.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = random.random

    async def wait(self, failures: int, asked: float = 0.0) -> None:
        """Wait after the n-th failure (from 1). `asked`: seconds that the service named."""
        drawn = self.random() * min(self.cap, self.base * 2 ** (failures - 1))
        await self.sleep(max(drawn, min(asked, self.longest)))

    async def until_settled(
        self, usage: Usage, kind: str, resource: str, attempt: Callable[[], Awaitable[T | Passing]]
    ) -> T:
        """Retry until an attempt returns anything but `Passing`.

        Args:
            kind: the kind under which retries are counted.
            resource: for the error message.
        Raises: StoreError with cause and remedy of the last attempt; errors of an attempt pass through.
        """
        outcome: T | Passing = Passing("")
        for number in range(1, self.tries + 1):
            outcome = await attempt()
            if not isinstance(outcome, Passing):
                return outcome
            if number < self.tries:
                usage.retried(kind)
                await self.wait(number, outcome.asked)
        assert isinstance(outcome, Passing)
        raise StoreError(resource, f"{outcome.cause}; gave up after {self.tries} tries", outcome.remedy)

    async def until_none_left(
        self, usage: Usage, kind: str, resource: str, batch: B, send: Callable[[B], Awaitable[B]]
    ) -> None:
        """Send a batch, and resend what the store left of it.

        Args:
            send: returns what was left.
        Raises: StoreError after 20 tries; errors of `send`.
        """
        for number in range(1, BATCH_TRIES + 1):
            batch = await send(batch)
            if not len(batch):
                return
            usage.retried(kind)
            await self.wait(number)
        raise StoreError(
            resource,
            f"left items of a batch unwritten in {BATCH_TRIES} tries",
            "The store is throttled: raise its capacity or try again later",
        )
