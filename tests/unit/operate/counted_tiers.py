"""Tiers in memory with items to count, and hot stores that refuse a look."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from l3kit.errors import StoreError
from l3kit.tiering.format.item_times import moment_of
from l3kit.tiering.ports import Page
from l3kit.twin.config import Twin
from tests.support.memory_stores import MemoryHotStore

TWIN = Twin.load(Path(__file__).parents[3] / "params" / "twins" / "nyc-weather")
NOW = moment_of(datetime(2026, 6, 1, tzinfo=UTC))
EPOCH = "1780216200250"


def hot(**keys: Sequence[str]) -> MemoryHotStore:
    store = MemoryHotStore(page_items=3)
    for device, times in keys.items():
        items = [json.dumps({"iotDeviceId": device, "id": key}, ensure_ascii=False).encode() for key in times]
        asyncio.run(store.put_items(device, items))
    return store


class Refusing(MemoryHotStore):
    """Each page has an item that cannot be written as JSON."""

    async def read_page(self, device_id: str, **bounds: Any) -> Page:
        page = await super().read_page(device_id, **bounds)
        return replace(page, refused=(("2026-01-09T00:00:00Z", "holds NaN"),)) if page.sort_keys else page


class Forbidding(MemoryHotStore):
    """Names one device and then refuses."""

    async def device_ids(self, *, limit: int | None = None) -> AsyncIterator[Sequence[str]]:
        yield ["stray", "JFK"]
        raise StoreError("table hot", "scan returned 403", "Run deploy_l3")
