"""Identifies each device's last chunk in a bucket listing, holding back only a few objects. No I/O.

A listing groups the keys of a device, but in the order of their time ranges, not of their numbers. A device has two
number spaces, below RESERVED_NUMBERS and from there on, each with its own last chunk.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from l3kit.tiering.format.chunks import RESERVED_NUMBERS, ChunkKey, parse_object_key
from l3kit.tiering.ports import ObjectInfo

NumberSpace = tuple[str, bool]
"""A device id, and whether the space is that of numbers from RESERVED_NUMBERS on."""


def number_space(chunk: ChunkKey) -> NumberSpace:
    return chunk.device_id, chunk.number >= RESERVED_NUMBERS


@dataclass(slots=True)
class LastChunks:
    """Marks last chunks in a listing. `highest` collects the highest chunk number seen, by number space."""

    highest: dict[NumberSpace, int] = field(default_factory=dict)

    async def mark(self, listing: AsyncIterator[ObjectInfo]) -> AsyncIterator[tuple[ObjectInfo, bool]]:
        """Yield each object with whether it has the highest number of its number space; False for third-party objects.

        Reorders objects within a device: a candidate for the last chunk is held back until its device ends. If two keys
        have the same highest number, as other programs may write them, both are last.
        """
        held: dict[NumberSpace, list[ObjectInfo]] = {}
        async for info in listing:
            chunk = parse_object_key(info.key)
            if held and next(iter(held))[0] != (chunk.device_id if chunk else None):
                for last in _flat(held):
                    yield last, True
                held = {}
            if chunk is None:
                yield info, False
                continue
            space = number_space(chunk)
            highest = self.highest.get(space, -1)
            if chunk.number < highest:
                yield info, False
                continue
            if chunk.number > highest:
                for overtaken in held.pop(space, []):
                    yield overtaken, False
                self.highest[space] = chunk.number
            held.setdefault(space, []).append(info)
        for last in _flat(held):
            yield last, True


def _flat(held: dict[NumberSpace, list[ObjectInfo]]) -> list[ObjectInfo]:
    return [info for infos in held.values() for info in infos]
