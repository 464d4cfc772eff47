"""Queries over the clouds' stores equal a plain filter, for every spelling of times and bounds."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from l3kit.conformance import Backend
from l3kit.operate.reading import Range, read_device
from l3kit.operate.tier_stores import TierStores
from l3kit.tiering.format.chunks import object_key
from l3kit.tiering.format.time_ranges import read_bound, within
from l3kit.tiering.ports import HotStore, ObjectStore
from l3kit.tiering.runtime.readers import read_history
from tests.conformance.backends import BACKENDS
from tests.support.spellings import MOMENTS, movably_spelled, spelled

EXAMPLES = 8
_numbers = itertools.count(1)
READINGS = st.tuples(MOMENTS, st.booleans())
"""Pairs of a moment and whether its item is hot."""


async def _put(
    hot: HotStore, cold: ObjectStore, device: str, hot_keys: Sequence[str], cold_keys: Sequence[str]
) -> None:
    items = {key: json.dumps({"iotDeviceId": device, "id": key}).encode() for key in {*hot_keys, *cold_keys}}
    await hot.put_items(device, [items[key] for key in set(hot_keys)])
    for number, key in enumerate(cold_keys, 1):
        body = b"[" + items[key] + b"]"
        name = object_key(device, key, key, number)
        await cold.create(name, body, sha256=hashlib.sha256(body).hexdigest(), metadata={"items": "1"})


async def _read(hot: HotStore, device: str, bounds: Sequence[str | None]) -> list[str]:
    """All pages of the hot reader."""
    request: dict[str, object] = {"iot_device_id": device, "limit": 2}
    request |= {name: text for name, text in zip(("start_timestamp", "end_timestamp"), bounds, strict=True) if text}
    found: list[str] = []
    while True:
        answer = await read_history(hot, request)
        found += [item["id"] for item in answer["items"]]
        if answer["next"] is None:
            return found
        request["next"] = answer["next"]


@pytest.mark.parametrize(
    "backend", [pytest.param(name, marks=[pytest.mark.slow] * (name == "azure")) for name in BACKENDS], indirect=True
)
def test_a_range_holds_what_a_plain_filter_finds_in_any_spelling(backend: Backend) -> None:
    hot, cold = backend.hot(), backend.objects("cold")

    async def compare(hot_keys: list[str], cold_keys: list[str], bounds: Sequence[str | None]) -> None:
        device = f"device-{next(_numbers)}"
        await _put(hot, cold, device, hot_keys, cold_keys)
        start, end = (
            None if text is None else read_bound(text, is_end=is_end)
            for text, is_end in zip(bounds, (False, True), strict=True)
        )
        found = await read_device(TierStores(hot, None, cold, None), [], device, Range(start, end))
        wanted = [("hot", key) for key in set(hot_keys) if within(key, start, end)]
        wanted += [("cold", key) for key in cold_keys if within(key, start, end)]
        assert sorted((tier, item["id"]) for tier, item in found.items) == sorted(wanted)
        assert found.gaps == []
        assert sorted(await _read(hot, device, bounds)) == sorted(key for tier, key in wanted if tier == "hot")

    async def close() -> None:
        await hot.close()
        await cold.close()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(READINGS, min_size=1, max_size=6), st.data())
    def drawn(readings: list[tuple[int, bool]], data: st.DataObject) -> None:
        hot_keys = [data.draw(spelled(moment)) for moment, is_hot in readings if is_hot]
        cold_keys = [data.draw(movably_spelled(moment)) for moment, is_hot in readings if not is_hot]
        ends = sorted(data.draw(st.tuples(MOMENTS, MOMENTS)))
        bounds = [data.draw(st.none() | spelled(moment)) for moment in ends]
        runner.run(compare(hot_keys, cold_keys, bounds))

    with asyncio.Runner() as runner:  # one event loop, so that the stores' connections stay
        try:
            drawn()
        finally:
            runner.run(close())
