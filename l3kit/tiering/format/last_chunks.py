"""Telling each device's last chunk from the others while listing a bucket. Pure; holds few objects back.

Keys of one device stand together in a listing, but in the order of their time ranges, not of their numbers. A device
has two number spaces, below RESERVED_NUMBERS and from there on, each with a last chunk of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from l3kit.tiering.format.chunks import RESERVED_NUMBERS, ChunkKey, parse_object_key
from l3kit.tiering.ports import ObjectInfo

NumberSpace = tuple[str, bool]
"""A device's id, and whether its numbers from RESERVED_NUMBERS on are meant."""


def number_space(chunk: ChunkKey) -> NumberSpace:
    return chunk.device_id, chunk.number >= RESERVED_NUMBERS


@dataclass(slots=True)
class LastChunks:
    """Passes a listing on. `highest` fills up with the greatest chunk number seen, by number space."""

    highest: dict[NumberSpace, int] = field(default_factory=dict)

    async def mark(self, listing: AsyncIterator[ObjectInfo]) -> AsyncIterator[tuple[ObjectInfo, bool]]:
        """Each object with whether it has the highest number of its number space; foreign objects have not.

        An object that may still turn out to be a last one comes after those of its device that follow it. Two keys may
        have the same number, where other hands put chunks there: then both are last.
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
