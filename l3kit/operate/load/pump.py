"""Concurrent writes of batches of rows, recorded in the order of the file."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from l3kit.operate.load.rows import BadRow
from l3kit.operate.load.writing import Fate, Prepared

UNDER_WAY = 4
"""Maximum concurrent batches."""


@dataclass(slots=True)
class Batch:
    """Consecutive rows of a file, or of a part of a table.

    Attributes:
        bad: rows that make no item.
        rows: number of rows from the beginning to the batch's end.
        position: bytes of the file, or items of the table, read by then.
        part, place: for a table, the part, and where its next batch begins; empty after the last one.
    """

    items: list[Prepared] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    rows: int = 0
    position: int = 0
    part: str = ""
    place: str = ""

    def __len__(self) -> int:
        return len(self.items) + len(self.bad)


@dataclass(slots=True)
class RowRate:
    """Limits rows to `rate` per second; 0 is no limit.

    Attributes:
        clock, sleep: monotonic seconds.
    """

    rate: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _due: float | None = None

    async def take(self, count: float) -> None:
        """Wait until this many rows may be sent."""
        if not self.rate:
            return
        now = self.clock()
        due = now if self._due is None else max(self._due, now)
        self._due = due + count / self.rate
        if due > now:
            await self.sleep(due - now)


async def pump(
    batches: Iterable[Batch] | AsyncIterable[Batch],
    write: Callable[[Sequence[Prepared]], Awaitable[list[Fate]]],
    settled: Callable[[Batch, Sequence[Fate]], None],
    rate: RowRate,
) -> None:
    """Write batches concurrently, except those that share a key.

    Args:
        settled: called for each batch in order, once it and all earlier ones are written.
    Raises: StoreError if a write fails; later batches may have been written but are not settled.
    """
    under_way: deque[tuple[Batch, asyncio.Task[list[Fate]]]] = deque()
    keys: set[tuple[str, str]] = set()

    async def settle_first() -> None:
        batch, task = under_way[0]
        fates = await task
        under_way.popleft()
        keys.difference_update(one.key for one in batch.items)
        settled(batch, fates)

    try:
        async for batch in _each(batches):
            own = {one.key for one in batch.items}
            while under_way and (len(under_way) >= UNDER_WAY or under_way[0][1].done() or not keys.isdisjoint(own)):
                await settle_first()
            await rate.take(len(batch))
            keys |= own
            under_way.append((batch, asyncio.ensure_future(write(batch.items))))
            await asyncio.sleep(0)
        while under_way:
            await settle_first()
    finally:
        for _, task in under_way:
            task.cancel()
        await asyncio.gather(*(task for _, task in under_way), return_exceptions=True)


async def _each(batches: Iterable[Batch] | AsyncIterable[Batch]) -> AsyncIterator[Batch]:
    if isinstance(batches, AsyncIterable):
        async for batch in batches:
            yield batch
        return
    for batch in batches:
        yield batch
