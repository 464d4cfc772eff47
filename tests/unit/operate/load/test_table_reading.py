"""The pace of reading a table, and its sample."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from l3kit.operate.load.pump import RowRate
from l3kit.operate.load.table_reading import SAMPLED_DEVICES, SAMPLED_ITEMS, PacedReading
from tests.support.source_tables import MemorySource


def table(devices: int, each: int, **more: Any) -> MemorySource:
    return MemorySource({"all": [{"sensor": f"d{d}", "ts": n} for d in range(devices) for n in range(each)]}, **more)


class Clock:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("parts", [1, 3])
def test_reading_takes_no_more_units_a_second_than_asked(parts: int) -> None:
    clock = Clock()
    source = MemorySource(
        {f"p{p}": [{"sensor": "d", "ts": n} for n in range(60)] for p in range(parts)}, by_device=False, units=2.0
    )
    paced = PacedReading(source, RowRate(20, clock, clock.sleep), item_units=5.0)

    async def read() -> list[float]:
        return [clock.now async for _ in paced.pages({})]

    asyncio.run(read())
    assert clock.now >= (parts * 60 - 10) * 2 / 20
    assert source.pages[0] == 4, "a page takes about a second's units, as far as is known beforehand"
    assert set(source.pages[1:]) == {10}


def test_without_a_rate_pages_are_as_large_as_asked_and_nothing_is_waited_for() -> None:
    clock = Clock()
    source = table(1, 30)
    paced = PacedReading(source, RowRate(0, clock, clock.sleep), most=12)

    async def read() -> int:
        return sum([len(page.items) async for _, page in paced.pages({})])

    assert asyncio.run(read()) == 30
    assert (set(source.pages), clock.now) == ({12}, 0.0)


def test_parts_that_are_at_their_end_are_not_read_again() -> None:
    source = MemorySource({name: [{"sensor": "d", "ts": n} for n in range(3)] for name in "abc"}, by_device=False)
    paced = PacedReading(source, RowRate(0), most=2)

    async def read() -> list[str]:
        return [part async for part, _ in paced.pages({"a": "", "b": "2"})]

    assert sorted(asyncio.run(read())) == ["b", "c", "c"]
    assert ("b", "2") in source.reads


def test_a_sample_has_the_first_items_of_many_devices() -> None:
    found = asyncio.run(PacedReading(table(70, 100), RowRate(0)).sample())
    assert len(found) == SAMPLED_ITEMS
    assert len({item.key.split(",")[0] for item in found}) == SAMPLED_DEVICES
    few = asyncio.run(PacedReading(table(2, 5), RowRate(0)).sample())
    assert len(few) == 10


def test_a_sample_of_mixed_devices_has_the_first_items_of_each_part() -> None:
    parts = {name: [{"sensor": name, "ts": n} for n in range(900)] for name in "ab"}
    found = asyncio.run(PacedReading(MemorySource(parts, by_device=False), RowRate(0)).sample())
    assert len(found) == SAMPLED_ITEMS
    assert len({item.key.split(",")[0] for item in found}) == 2


def test_a_sample_is_as_large_though_pages_are_small() -> None:
    clock = Clock()
    source = MemorySource({"all": [{"sensor": "a", "ts": n} for n in range(900)]}, by_device=False)
    found = asyncio.run(PacedReading(source, RowRate(100, clock, clock.sleep), most=7).sample())
    assert len(found) == 900
    assert set(source.pages) == {100}


def test_reads_under_way_are_ended_with_the_reader() -> None:
    async def read() -> int:
        pages = PacedReading(table(1, 50), RowRate(0), most=5).pages({})
        await anext(pages)
        await pages.aclose()
        return len(asyncio.all_tasks())

    assert asyncio.run(read()) == 1
