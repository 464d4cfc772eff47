"""Batches under way: how many, in which order they are recorded, and how fast rows are sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from l3kit.operate.load.pump import UNDER_WAY, Batch, RowRate, pump
from l3kit.operate.load.rows import Row
from l3kit.operate.load.writing import Fate, Prepared
from l3kit.tiering.format.messages import Telemetry


def batch(number: int, *keys: str) -> Batch:
    items = [Prepared(Row(number, {}, ""), Telemetry("d", key, b"{}")) for key in keys]
    return Batch(items, rows=number)


class Writes:
    """Writes that end when they are told to, and what was going on at each."""

    def __init__(self, slow: int = 0) -> None:
        self.under_way: list[tuple[str, ...]] = []
        self.most = 0
        self.settled: list[int] = []
        self.slow = slow
        self.clashes: list[str] = []

    async def write(self, items: Sequence[Prepared]) -> list[Fate]:
        keys = tuple(one.item.id for one in items)
        self.clashes += [key for key in keys if any(key in others for others in self.under_way)]
        self.under_way.append(keys)
        self.most = max(self.most, len(self.under_way))
        for _ in range(self.slow if items and items[0].row.number == 1 else 3):
            await asyncio.sleep(0)
        if "fails" in keys:
            raise ZeroDivisionError
        self.under_way.remove(keys)
        return ["created"] * len(items)

    def settle(self, one: Batch, fates: Sequence[Fate]) -> None:
        self.settled.append(one.rows)


def test_several_batches_are_written_at_once_and_recorded_in_their_order() -> None:
    writes = Writes(slow=50)
    asyncio.run(pump([batch(n, str(n)) for n in range(1, 12)], writes.write, writes.settle, RowRate(0)))
    assert writes.settled == list(range(1, 12))
    assert writes.most == UNDER_WAY


def test_no_two_batches_under_way_share_a_key() -> None:
    writes = Writes(slow=50)
    asyncio.run(pump([batch(n, f"own {n}", str(n % 3)) for n in range(1, 12)], writes.write, writes.settle, RowRate(0)))
    assert writes.settled == list(range(1, 12))
    assert writes.clashes == []
    assert writes.most > 1


def test_after_a_failure_nothing_behind_it_is_recorded_or_left_running() -> None:
    writes = Writes()
    batches = [batch(1, "a"), batch(2, "fails"), batch(3, "c"), batch(4, "d"), batch(5, "e")]

    async def all_of_it() -> int:
        with pytest.raises(ZeroDivisionError):
            await pump(batches, writes.write, writes.settle, RowRate(0))
        return len(asyncio.all_tasks())

    assert asyncio.run(all_of_it()) == 1
    assert writes.settled == [1]


def test_rows_are_sent_at_the_rate_and_time_that_was_not_used_is_not_made_up() -> None:
    now, slept = 100.0, []

    async def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += seconds

    async def steps() -> None:
        nonlocal now
        rate = RowRate(10, lambda: now, sleep)
        for _ in range(3):
            await rate.take(5)
        now += 60
        await rate.take(5)
        await rate.take(5)

    asyncio.run(steps())
    assert slept == pytest.approx([0.5, 0.5, 0.5])
