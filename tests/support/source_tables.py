"""A table to copy from, in memory, with faults of its calls."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from l3kit.clouds.ports.source_table import SourceFacts, SourceItem, SourcePage
from l3kit.errors import StoreError
from l3kit.tiering.ports import Usage
from tests.support.loading import Fault, KilledError, snapshot


@dataclass
class MemorySource:
    """Items in the order in which they are read, by part. One call of its reads fails, once.

    Attributes:
        pages: asked sizes of pages, in order.
        left: number of the read that fails, from 1; 0 for none.
        folder: of what the load keeps; a kill keeps it as it is at that moment.
    """

    parts_items: dict[str, list[dict[str, Any]]]
    keys: tuple[str, ...] = ("sensor", "ts")
    by_device: bool = True
    share: float = 0.0
    units: float = 1.0
    identity: str = "1"
    unverified: str = ""
    left: int = 0
    fault: Fault = "lost"
    folder: Path | None = None
    usage: Usage = field(default_factory=Usage)
    pages: list[int] = field(default_factory=list)
    reads: list[tuple[str, str | None]] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)
    reason = "as it comes, since it is in memory"

    async def facts(self) -> SourceFacts:
        count = sum(map(len, self.parts_items.values()))
        told = "4 read units a second are provisioned" if self.share else ""
        return SourceFacts(
            "table plant", self.identity, self.keys, count, self.units * count, told, self.share, self.unverified
        )

    def reading(self, facts: SourceFacts, device: str) -> MemorySource:
        self.devices.append(device)
        return self

    @property
    def parts(self) -> Sequence[str]:
        return tuple(self.parts_items)

    async def read(self, part: str, after: str | None, most: int) -> SourcePage:
        self.left -= 1
        if self.left == 0:
            if self.fault.startswith("killed"):
                if self.folder is not None:
                    shutil.copytree(self.folder, snapshot(self.folder))
                raise KilledError
            raise StoreError("table plant", "is throttled", "Try again later")
        self.pages.append(most)
        self.reads.append((part, after))
        start, there = int(after or 0), self.parts_items[part]
        size, until = len(there), len(there)
        if self.by_device:
            until = next((n for n in range(start, size) if there[n]["sensor"] != there[start]["sensor"]), size)
        end = min(start + most, until)
        items = [item_of(self.keys, one) for one in there[start:end]]
        skip = _place(until, size) if self.by_device else None
        return SourcePage(items, _place(end, size), self.units * len(items), skip)

    async def close(self) -> None:
        """Nothing is open."""


def _place(end: int, size: int) -> str | None:
    return str(end) if end < size else None


def item_of(keys: Sequence[str], item: dict[str, Any]) -> SourceItem:
    """An item; one with the attribute `odd` is refused."""
    key = json.dumps({name: item.get(name) for name in keys}, separators=(",", ":"))
    return SourceItem(key, json.dumps(item).encode(), "has a value of the unknown type X" if "odd" in item else "")
