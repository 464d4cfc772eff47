"""A position behind an item whose key no text can hold."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from l3kit.tiering.format.exact_numbers import exact_dumps
from l3kit.tiering.runtime.readers import read_history
from tests.support.memory_stores import MemoryHotStore
from tests.support.moving import item
from tests.unit.clouds.odd_items import HALF


def test_a_reader_can_go_on_behind_a_key_with_half_of_a_pair() -> None:
    """Only stores refuse such items; a position at one must still travel."""

    class Ending(MemoryHotStore):
        async def read_page(self, device_id: str, **kwargs: Any) -> Any:
            page = await super().read_page(device_id, **kwargs)
            return replace(page, next_after=f"{page.sort_keys[-1]}{HALF}") if page.next_after else page

    store = Ending(page_items=3)
    asyncio.run(store.put_items("d", [item("d", minute) for minute in range(7)]))
    seen: list[Any] = []
    position = None
    while True:
        answer = asyncio.run(read_history(store, {"iot_device_id": "d", "limit": 3, "next": position}))
        exact_dumps(answer)
        seen += answer["items"]
        position = answer["next"]
        if position is None:
            break
    assert [one["value"] for one in seen] == list(range(7))
