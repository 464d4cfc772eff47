"""Facts about a device, as they are read from the tiers: bounded, and objects of others noticed."""

from __future__ import annotations

import asyncio
import json

import pytest

from l3kit.operate.explain import gather as explanation
from tests.support.memory_stores import MemoryHotStore, MemoryObjectStore
from tests.unit.operate.explain.pages import chunk, stamps


def test_counting_stops_at_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = stamps(1, 35)
    store, objects = MemoryHotStore(page_items=10), MemoryObjectStore("cold")
    store.devices["pump-1"] = {key: json.dumps({"id": key}).encode() for key in keys}
    for number in (1, 2):
        asyncio.run(objects.create(str(chunk(1, 9, number).key), b"[]x", sha256="d", metadata={"items": "9"}))
    monkeypatch.setattr(explanation, "MAX_HOT_BYTES", 11 * len(json.dumps({"id": keys[0]})))
    monkeypatch.setattr(explanation, "MAX_HEADS", 1)
    read = asyncio.run(explanation._hot_items(store, "pump-1"))
    assert (read.sort_keys, read.last, read.complete) == (keys[:20], keys[-1], False)
    found = asyncio.run(explanation._chunks(objects, "pump-1", []))
    assert [(chunk.items, chunk.bytes) for chunk in found] == [(9, 3), (None, 3)]


def test_foreign_objects_of_a_device_are_found() -> None:
    objects = MemoryObjectStore("cold")
    asyncio.run(objects.create("pump-1/readme.txt", b"x", sha256="d"))
    asyncio.run(objects.create(str(chunk(1, 9, 1).key), b"[]x", sha256="d", metadata={"items": "9"}))
    foreign: list[tuple[str, str]] = []
    assert len(asyncio.run(explanation._chunks(objects, "pump-1", foreign))) == 1
    assert foreign == [("cold", "pump-1/readme.txt")]
