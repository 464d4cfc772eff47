"""Telling each device's last chunk from the others while listing a bucket. Pure; holds one object back per device.

Keys of one device stand together in a listing, but in the order of their time ranges, not of their numbers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from l3kit.tiering.chunks import parse_object_key
from l3kit.tiering.ports import ObjectInfo


@dataclass(slots=True)
class LastChunks:
    """Passes a listing on. `highest` fills up with the greatest chunk number seen, by device id."""

    highest: dict[str, int] = field(default_factory=dict)

    async def mark(self, listing: AsyncIterator[ObjectInfo]) -> AsyncIterator[tuple[ObjectInfo, bool]]:
        """Each object with whether it is the one with its device's highest number; foreign objects are not.

        An object that may still turn out to be the last comes after those of its device that follow it.
        """
        held: tuple[str, int, ObjectInfo] | None = None
        async for info in listing:
            chunk = parse_object_key(info.key)
            device_id = chunk.device_id if chunk else None
            if held is not None and held[0] != device_id:
                yield held[2], True
                held = None
            if chunk is None:
                yield info, False
                continue
            self.highest[chunk.device_id] = max(chunk.number, self.highest.get(chunk.device_id, 0))
            if held is None:
                held = (chunk.device_id, chunk.number, info)
            elif chunk.number > held[1]:
                yield held[2], False
                held = (chunk.device_id, chunk.number, info)
            else:
                yield info, False
        if held is not None:
            yield held[2], True
