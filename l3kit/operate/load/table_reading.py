"""Paced reading of a table page by page, its parts in turn, and of a sample."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

from l3kit.clouds.ports.source_table import SourceItem, SourcePage, SourceReading
from l3kit.operate.load.pump import RowRate
from l3kit.operate.load.reading import BATCH_ROWS

SAMPLED_ITEMS = 1_000
SAMPLED_BYTES = 4 << 20
SAMPLED_DEVICES = 50


@dataclass(slots=True)
class PacedReading:
    """Reads pages within a rate of read units per second.

    Attributes:
        rate: in read units per second; the wait for a page's units comes before the next page.
        most: default maximum items per page.
        item_units: read units per item, as far as known.
    """

    reading: SourceReading
    rate: RowRate
    most: int = BATCH_ROWS
    item_units: float = 1.0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(self, part: str, after: str | None, most: int | None = None) -> SourcePage:
        """Read a page as `SourceReading.read` does. Raises: StoreError."""
        limit = most or self.most
        if not self.rate.rate:
            return await self.reading.read(part, after, limit)
        async with self._turn:
            await self.rate.take(0)
            in_a_second = max(1, int(self.rate.rate / self.item_units))
            page = await self.reading.read(part, after, min(limit, in_a_second))
            if page.items:
                self.item_units = max(page.units / len(page.items), 1e-6)
            await self.rate.take(page.units)
            return page

    async def pages(self, places: Mapping[str, str]) -> AsyncGenerator[tuple[str, SourcePage], None]:
        """Yield the pages of all parts in turn, while prefetching the next one of each part.

        Args:
            places: where each part begins; empty if it is finished, missing if it has not begun.
        Raises: StoreError.
        """
        parts = [part for part in self.reading.parts if places.get(part) != ""]
        under_way = {part: asyncio.ensure_future(self.read(part, places.get(part))) for part in parts}
        try:
            while under_way:
                for part in list(under_way):
                    page = await under_way[part]
                    del under_way[part]
                    if page.next is not None:
                        under_way[part] = asyncio.ensure_future(self.read(part, page.next))
                    yield part, page
        finally:
            for task in under_way.values():
                task.cancel()
            await asyncio.gather(*under_way.values(), return_exceptions=True)

    async def sample(self) -> list[SourceItem]:
        """Read some items: the first ones of some devices, or of each part. Raises: StoreError."""
        found: list[SourceItem] = []
        each = SAMPLED_ITEMS // (SAMPLED_DEVICES if self.reading.by_device else len(self.reading.parts))
        for part in self.reading.parts:
            place: str | None = None
            left, weight = SAMPLED_ITEMS if self.reading.by_device else each, 0
            while left > 0 and weight < SAMPLED_BYTES // len(self.reading.parts):
                page = await self.read(part, place, min(each, left))
                found += page.items
                weight += sum(len(item.json) for item in page.items)
                left -= each if self.reading.by_device else len(page.items)
                place = page.next_device if self.reading.by_device else page.next
                if place is None:
                    break
        return found
