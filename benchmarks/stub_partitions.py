"""The items of one device in the stub's telemetry table."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

import orjson

PAGE_BYTES = 1024 * 1024
Wire = dict[str, Any]


class Partition:
    """One device's items. `alive[i]` is 1 until item i is deleted."""

    def __init__(self, items: list[tuple[str, bytes]]) -> None:
        self.sort_keys = [sort_key for sort_key, _ in items]
        self.items = [item for _, item in items]
        self.sizes = [stored_size(orjson.loads(item)) for item in self.items]
        self.alive = bytearray(b"\x01" * len(items))

    def page(self, low: int, high: int, limit: int) -> tuple[list[int], int | None]:
        """Indices of the next page in [low, high), and the last one if the page ended early."""
        taken: list[int] = []
        size = 0
        index = self.alive.find(1, low, high)
        while index != -1:
            size += self.sizes[index]
            taken.append(index)
            if size > PAGE_BYTES or len(taken) == limit:
                return taken, index
            index = self.alive.find(1, index + 1, high)
        return taken, None

    def find(self, sort_key: str) -> int | None:
        index = bisect_left(self.sort_keys, sort_key)
        found = index < len(self.sort_keys) and self.sort_keys[index] == sort_key and self.alive[index]
        return index if found else None

    def write_units(self, sort_key: str, size: int = 0) -> int:
        """Write units of deleting what is there, or of putting an item of this size: by the larger of the two."""
        index = self.find(sort_key)
        return write_units(max(size, 0 if index is None else self.sizes[index]))

    def delete(self, sort_key: str) -> None:
        index = self.find(sort_key)
        if index is not None:
            self.alive[index] = 0

    def put(self, sort_key: str, item: bytes, size: int) -> None:
        """Put an item in the place of whatever is there."""
        item = memoryview(item).tobytes()  # of its own size: what orjson returns holds its whole buffer, 4 KB
        index = bisect_left(self.sort_keys, sort_key)
        if index == len(self.sort_keys) or self.sort_keys[index] != sort_key:
            self.sort_keys.insert(index, sort_key)
            self.items.insert(index, item)
            self.sizes.insert(index, size)
            self.alive.insert(index, 1)
        else:
            self.items[index], self.sizes[index], self.alive[index] = item, size, 1


def write_units(size: int) -> int:
    """Write units of an item: one per started KiB."""
    return max(1, -(-size // 1024))


def stored_size(item: Wire) -> int:
    """Size of an item as counted by DynamoDB: names and values, numbers at half a byte per digit."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Wire) -> int:
    kind, content = next(iter(value.items()))
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return (len(content) + 1) // 2 + 1
    if kind == "M":
        return 3 + sum(len(name.encode()) + _value_size(part) + 1 for name, part in content.items())
    if kind == "L":
        return 3 + sum(_value_size(part) + 1 for part in content)
    if kind == "B":
        return len(content) * 3 // 4
    return 1
