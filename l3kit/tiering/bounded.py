"""Bounded concurrency for requests."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any


class Bounded:
    """Limits concurrent requests to `places`, shared fairly among all concurrent callers."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._sharing = 0
        self._free = asyncio.Semaphore(places)
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, calls: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
        """Await all calls and return their results in order.

        After the first error no further call is started; it is raised once the calls under way have ended.
        """
        if not calls:
            return []
        free = self._bound()
        results: list[Any] = [None] * len(calls)
        numbered = iter(enumerate(calls))
        errors: list[BaseException] = []

        async def work() -> None:
            for index, call in numbered:
                async with free:
                    if errors:
                        call.close()
                        continue
                    try:
                        results[index] = await call
                    except BaseException as error:
                        errors.append(error)

        self._sharing += 1
        try:
            workers = min(len(calls), -(-self._places // self._sharing))
            if workers == 1:  # without a task, which costs as much as a small batch's encoding
                await work()
            else:
                await asyncio.gather(*(work() for _ in range(workers)))
        finally:
            self._sharing -= 1
        if errors:
            raise errors[0]
        return results

    def _bound(self) -> asyncio.Semaphore:
        """Return the semaphore of the running event loop: a warm function may use a new loop for each invocation."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._free = asyncio.Semaphore(self._places)
        return self._free
