"""One-line summary of a device in one tier: items, objects, bytes, time range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from l3kit.operate.explain.facts import HotItems, Place, StoredChunk


@dataclass(frozen=True, slots=True)
class TierSummary:
    """One line of the table. `store` is empty if the tier was not reached; seals are not counted.

    `at_least`: counting stopped at a limit. `bytes` in the hot tier are those of the items' JSON.
    """

    tier: str
    cloud: str
    store: str
    items: int = 0
    objects: int = 0
    bytes: int = 0
    first: str = ""
    last: str = ""
    at_least: bool = False

    def cells(self) -> tuple[str, ...]:
        """Return the cells in the order of `COLUMNS`."""
        if not self.store:
            return (self.tier, self.cloud, "?", "?", "?", "", "", "not reached from this session")
        items = f"{'at least ' if self.at_least else ''}{self.items:,}"
        objects = "-" if self.tier == "hot" else f"{self.objects:,}"
        return (self.tier, self.cloud, items, objects, sized(self.bytes), self.first, self.last, self.store)


def sized(size: int) -> str:
    """Format a number of bytes: `812 B`, `5.1 KiB`, `1,234.5 MiB`."""
    if size < 1024:
        return f"{size:,} B"
    return f"{size / 1024:,.1f} KiB" if size < 1024 * 1024 else f"{size / 1024 / 1024:,.1f} MiB"


def hot_summary(place: Place, hot: HotItems | None) -> TierSummary:
    """Summarize the hot tier; None if it was not reached."""
    if hot is None:
        return TierSummary(place.tier, place.cloud, "")
    keys = [*hot.sort_keys[:1], *(key for key, _ in hot.refused)]
    count = len(hot.sort_keys) + len(hot.refused)
    first = min(keys, default="")
    return TierSummary(place.tier, place.cloud, place.store, count, 0, hot.bytes, first, hot.last, not hot.complete)


def chunk_summary(place: Place, chunks: Sequence[StoredChunk] | None) -> TierSummary:
    """Summarize the cold or archive tier; None if it was not reached."""
    if chunks is None:
        return TierSummary(place.tier, place.cloud, "")
    held = [chunk for chunk in chunks if not chunk.sealed]
    return TierSummary(
        place.tier,
        place.cloud,
        place.store,
        sum(chunk.items or 0 for chunk in held),
        len(held),
        sum(chunk.bytes for chunk in held),
        min((chunk.key.start for chunk in held), default=""),
        max((chunk.key.end for chunk in held), default=""),
        any(chunk.items is None for chunk in held),
    )
