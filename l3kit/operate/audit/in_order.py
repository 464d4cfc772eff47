"""Bounded concurrent calls with their results in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
Job = Callable[[], Awaitable[T]]


async def in_order(jobs: AsyncIterator[Job[T]], at_once: int) -> AsyncGenerator[T, None]:
    """Run jobs with bounded concurrency, and yield their results in the order of the jobs.

    An error is raised in its turn; later jobs are then cancelled.
    """
    under_way: deque[asyncio.Task[T]] = deque()

    async def await_job(job: Job[T]) -> T:
        return await job()

    try:
        async for job in jobs:
            under_way.append(asyncio.ensure_future(await_job(job)))
            if len(under_way) >= at_once:
                yield await under_way.popleft()
        while under_way:
            yield await under_way.popleft()
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
