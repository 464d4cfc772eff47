"""When an adapter tries a request again, and how long it waits before. All adapters retry by this loop."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sized
from dataclasses import dataclass
from typing import TypeVar

from l3kit.errors import StoreError
from l3kit.tiering.ports import Usage

T = TypeVar("T")
B = TypeVar("B", bound=Sized)
LATER = "Run it again later"
BATCH_TRIES = 20
"""How often what a store left of a batch is sent again."""


@dataclass(frozen=True, slots=True)
class Passing:
    """Why a request came to nothing, where a later try may help.

    Attributes:
        asked: seconds to wait before it, where the service named some.
        remedy: for whoever reads of it after the last try.
    """

    cause: str
    asked: float = 0.0
    remedy: str = LATER


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Waits: random up to `base` seconds, doubling, at most `cap`; longer where the service asks for it.

    Attributes:
        tries: the first one counted.
        longest: seconds that a service is heeded to at most.
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
        """Make attempts until one gives something else than `Passing`.

        Args:
            kind: under which repetitions are counted.
            resource: named in the error.
        Raises: StoreError with cause and remedy of the last attempt; whatever an attempt raises.
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
        """Send a batch, and again what the store left of it.

        Args:
            send: returns what was left.
        Raises: StoreError after 20 tries; whatever `send` raises.
        """
        for number in range(1, BATCH_TRIES + 1):
            batch = await send(batch)
            if not len(batch):
                return
            usage.retried(kind)
            await self.wait(number)
        raise StoreError(
            resource,
            f"left items of a batch unwritten {BATCH_TRIES} times",
            "It is throttled: raise its capacity or run again later",
        )
