"""The hot readers: a range in any spelling, page by page, with nothing left out and nothing twice."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.errors import ConfigurationError, ItemRefusedError
from l3kit.tiering.format.item_times import read_moment
from l3kit.tiering.format.time_ranges import within
from l3kit.tiering.ports import Page
from l3kit.tiering.runtime.readers import read_history, read_last
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
        assert answer["complete"] == (answer["next"] is None)
        if answer["next"] is None:
            return found
        request["next"] = answer["next"]
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("name", ["start_timestamp", "end_timestamp"])
def test_a_bound_that_is_no_time_is_refused_by_its_field(name: str) -> None:
    request = {"iot_device_id": "d", name: "yesterday"}
    with pytest.raises(ConfigurationError, match=f"^{name}: .*Write it like"):
        asyncio.run(read_history(MemoryHotStore(), request))


def test_an_answer_that_leaves_an_item_out_is_not_complete_and_names_it() -> None:
    class Refusing(MemoryHotStore):
        async def read_page(self, device_id: str, **bounds: Any) -> Page:
            return replace(await super().read_page(device_id, **bounds), refused=(("2026-05-02T00:00:00Z", "has NaN"),))

    answer = asyncio.run(read_history(Refusing(), {"iot_device_id": "d"}))
    assert (answer["complete"], answer["next"]) == (False, None)
    assert answer["refused"] == [
        {
            "id": "2026-05-02T00:00:00Z",
            "reason": "has NaN",
            "remedy": "It stays as it is in the hot tier; read it there",
        }
    ]


NOW = read_moment("2026-06-01T00:00:00Z")


@pytest.mark.parametrize(
    ("key", "note"),
    [
        ("2026-05-31T00:00:00Z", ""),
        ("2026-06-01T00:00:00Z", ""),
        ("2099-01-01T00:00:00Z", "its time lies in the future"),
        ("31.05.2026", "its id is no time, which does not sort by time"),
        ("2026-05-31T02:00:00+02:00", "its id is ISO 8601 with an offset"),
    ],
)
def test_a_last_item_that_may_hide_newer_ones_says_so(key: str, note: str) -> None:
    hot = MemoryHotStore()
    asyncio.run(hot.put_items("d", [json.dumps({"iotDeviceId": "d", "id": key}).encode()]))
    answer = asyncio.run(read_last(hot, {"iot_device_id": "d"}, NOW))
    assert answer["item"]["id"] == key
    assert answer["complete"] == (not note)
    assert answer.get("note", "").startswith(note)


def test_a_last_item_that_cannot_be_written_as_json_is_told_instead_of_failing() -> None:
    class Refusing(MemoryHotStore):
        async def last_item(self, device_id: str) -> bytes | None:
            raise ItemRefusedError("item d/9", "holds NaN")

    answer = asyncio.run(read_last(Refusing(), {"iot_device_id": "d"}, NOW))
    assert (answer["item"], answer["complete"]) == (None, False)
    assert "item d/9: holds NaN" in answer["note"]
