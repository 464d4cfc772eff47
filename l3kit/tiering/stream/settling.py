"""Last step of a function of the chain: write dead letters while the valid messages are passed on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from l3kit.tiering.stream.batches import Counts
from l3kit.tiering.stream.letters import DeadLetter, Letters


async def settled(letters: Letters, dead: list[DeadLetter], handed_on: Awaitable[Counts]) -> Counts:
    """Write the letters and await the others; a failure of one does not stop the other.

    Returns: the counts of both.
    Raises: CallError or StoreError, the first failure.
    """
    if not dead:
        return await handed_on
    written, counts = await asyncio.gather(letters.write(dead), handed_on, return_exceptions=True)
    for outcome in (written, counts):
        if isinstance(outcome, BaseException):
            raise outcome
    assert isinstance(counts, Counts)
    return counts + Counts(dead=len(dead))
