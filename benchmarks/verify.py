"""Compares stored objects with the original items: every item, every value, to the last digit."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import zstandard

from benchmarks.dataset import DEVICES, device_items
from benchmarks.stub_objects import StoredObject
from benchmarks.stub_partitions import Partition


@dataclass(slots=True)
class Verdict:
    """Counts of original items. `equal`: stored with exactly the original values, in one or more objects.

    Attributes:
        altered: stored with different values (numbers as strings, lost digits).
        lost: neither in an object nor in the table.
        left: still in the table.
        extra: stored copies beyond the first of each item, and stored items that were never in the table.
        objects, stored_bytes: written by the move.
    """

    items: int = 0
    equal: int = 0
    altered: int = 0
    lost: int = 0
    left: int = 0
    extra: int = 0
    objects: int = 0
    stored_bytes: int = 0

    def to_json(self) -> dict[str, int]:
        return asdict(self)


def verify(partitions: Mapping[str, Partition], stored: Iterable[tuple[str, StoredObject]]) -> Verdict:
    """Read all stored objects and compare them with the original items."""
    verdict = Verdict()
    copies: dict[tuple[str, str], list[bool]] = {}
    originals = {
        (device_id, sort_key): (partition, index)
        for device_id, partition in partitions.items()
        for index, sort_key in enumerate(partition.sort_keys)
    }
    for name, content in stored:
        if "/_l3kit/" in name:
            continue
        verdict.objects += 1
        verdict.stored_bytes += len(content.body)
        for item in json.loads(_plain_body(content), parse_float=Decimal, parse_int=Decimal):
            key = (item.get("iotDeviceId"), item.get("id"))
            if key not in originals:
                verdict.extra += 1
                continue
            partition, index = originals[key]
            copies.setdefault(key, []).append(item == _plain_item(json.loads(partition.items[index])))
    for key, (partition, index) in originals.items():
        found = copies.get(key, [])
        verdict.items += 1
        verdict.equal += any(found)
        verdict.altered += bool(found) and not any(found)
        verdict.extra += max(0, len(found) - 1)
        verdict.left += partition.alive[index]
        verdict.lost += not found and not partition.alive[index]
    return verdict


def telemetry(partitions: Mapping[str, Partition]) -> dict[str, int]:
    """Compare the items of the table with those that `dataset` makes: how many are equal, and how many are not."""
    counts = {"equal": 0, "altered": 0}
    for number, device in enumerate(DEVICES):
        partition = partitions.get(device, Partition([]))
        wanted = dict(device_items(number, len(partition.sort_keys)))
        for sort_key, item, alive in zip(partition.sort_keys, partition.items, partition.alive, strict=True):
            if alive:
                original = wanted.get(sort_key)
                equal = original is not None and _plain_item(json.loads(item)) == _plain_item(json.loads(original))
                counts["equal" if equal else "altered"] += 1
    return counts


def _plain_body(content: StoredObject) -> bytes:
    encoding = content.headers.get("content-encoding", "")
    if "gzip" in encoding:
        return gzip.decompress(content.body)
    if "zstd" in encoding:
        return zstandard.ZstdDecompressor().decompressobj().decompress(content.body)
    return content.body


def _plain_item(wire: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in wire.items()}


def _plain_value(value: dict[str, Any]) -> Any:
    kind, content = next(iter(value.items()))
    if kind == "N":
        return Decimal(content)
    if kind == "M":
        return _plain_item(content)
    if kind == "L":
        return [_plain_value(part) for part in content]
    if kind in ("S", "BOOL"):
        return content
    raise ValueError(f"the data set holds no {kind}")
