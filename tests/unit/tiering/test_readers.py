"""The hot readers: a range in any spelling, page by page, with nothing left out and nothing twice."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.errors import ConfigurationError
from l3kit.tiering.readers import read_history
from l3kit.tiering.time_ranges import within
from tests.support.memory_stores import MemoryHotStore
from tests.support.spellings import MOMENTS, spelled


@given(st.lists(MOMENTS, max_size=8), st.integers(1, 4), st.data())
def test_the_pages_of_a_range_hold_what_a_plain_filter_finds(
    moments: list[int], limit: int, data: st.DataObject
) -> None:
    hot = MemoryHotStore(page_items=data.draw(st.integers(1, 5)))
    keys = {data.draw(spelled(moment)) for moment in moments} | {"no time"}
    bound = st.one_of(st.none(), MOMENTS)
    start, end = data.draw(bound), data.draw(bound)
    request: dict[str, Any] = {"iot_device_id": "d", "limit": limit}
    for name, moment in (("start_timestamp", start), ("end_timestamp", end)):
        if moment is not None:
            request[name] = data.draw(spelled(moment))
    found = asyncio.run(_pages(hot, keys, request))
    assert sorted(found) == sorted(key for key in keys if within(key, start, end))


async def _pages(hot: MemoryHotStore, keys: set[str], request: dict[str, Any]) -> list[str]:
    await hot.put_items("d", [json.dumps({"iotDeviceId": "d", "id": key}).encode() for key in keys])
    found: list[str] = []
    for _ in range(50):
        answer = await read_history(hot, request)
        assert len(answer["items"]) <= request["limit"]
        found += [item["id"] for item in answer["items"]]
        if answer["next"] is None:
            return found
        request["next"] = answer["next"]
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("name", ["start_timestamp", "end_timestamp"])
def test_a_bound_that_is_no_time_is_refused_by_its_field(name: str) -> None:
    request = {"iot_device_id": "d", name: "yesterday"}
    with pytest.raises(ConfigurationError, match=f"^{name}: .*Write it like"):
        asyncio.run(read_history(MemoryHotStore(), request))
