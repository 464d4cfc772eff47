"""Which objects are a device's: those of no other, however alike their ids are."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.operate.erase.finding import Cutoffs, Sighting, is_chunk_of, object_batches
from l3kit.tiering.format.chunks import device_prefix, is_reserved_device, object_key
from l3kit.tiering.transfer.receipts import RECEIPT_PREFIX
from tests.support.archiving import put
from tests.support.erasable import NOW, chunk_key, expiry_key
from tests.support.memory_stores import MemoryObjectStore

ALIKE = ["a", "a/b", "ab", "a%2Fb", "a%252Fb", "a/", "/a", "A", "a.", ".", "..", "%", "a b", "a-2026-01-01T00:00:00Z"]
IDS = st.one_of(st.sampled_from(ALIKE), st.text(st.sampled_from("aB/%2F. -~ä"), min_size=1, max_size=6)).filter(
    lambda text: not is_reserved_device(text)
)


async def found(store: MemoryObjectStore, device: str) -> list[str]:
    due = Cutoffs.at(NOW, 90, 365)
    return [version.key async for one in object_batches(store, device, Sighting(), due) for version in one.versions]


@given(st.lists(IDS, min_size=2, max_size=6, unique=True))
@settings(max_examples=60, deadline=None)
def test_devices_with_ids_that_are_prefixes_of_one_another_do_not_take_one_another_s_objects(ids: list[str]) -> None:
    store = MemoryObjectStore("archive")
    own: dict[str, set[str]] = {}
    for device in ids:
        keys = {chunk_key(device, 1, 3), RECEIPT_PREFIX + chunk_key(device, 2, 400), expiry_key(device)}
        for key in keys:
            put(store, key)
        own[device] = keys
    for device in ids:
        assert set(asyncio.run(found(store, device))) == own[device]
    assert {device_prefix(device) for device in ids}.__len__() == len(ids)


@given(IDS, IDS)
def test_a_chunk_belongs_to_exactly_one_device(device: str, other: str) -> None:
    key = object_key(device, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", 1)
    assert is_chunk_of(key, device)
    assert is_chunk_of(key, other) == (device == other)


@pytest.mark.parametrize("key", ["a/readme.txt", "a/b/c/chunk-00001.json", "_l3kit/x", "a/2026/chunk-1.json"])
def test_what_is_no_chunk_is_noted_and_left(key: str) -> None:
    assert not is_chunk_of(key, "a")
    store, sighting = MemoryObjectStore("cold"), Sighting()
    put(store, key)

    async def look() -> list[object]:
        return [one async for one in object_batches(store, "a", sighting, Cutoffs.at(NOW, 90, None))]

    assert asyncio.run(look()) == []
    assert sighting.foreign == ({key} if key.startswith("a/") else set())
