"""How long an adapter waits between two tries of a request."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


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
