"""Read one device's items of a range from all tiers, and note what could not be read and why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from l3kit.errors import StoreError
from l3kit.notebook.gaps import Gap
from l3kit.operate.shown_values import cell_value
from l3kit.operate.tier_stores import TierStores
from l3kit.tiering.format.chunks import decompress, device_prefix, parse_object_key
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.format.item_json import SORT_KEY
from l3kit.tiering.format.time_ranges import may_overlap, order_of, text_ranges, within
from l3kit.tiering.hot_pages import hot_pages
from l3kit.tiering.ports import HotStore, ObjectInfo, ObjectStore


@dataclass(frozen=True, slots=True)
class Part:
    """One object that overlaps the range. `state` is `readable`, `archived`, `restoring` or `restored`."""

    tier: str
    key: str
    size: int
    state: str
    items: int | None


@dataclass(frozen=True, slots=True)
class Range:
    """Time range, both ends inclusive; None is open."""

    start: int | None = None
    end: int | None = None

    def holds(self, sort_key: str) -> bool:
        return within(sort_key, self.start, self.end)


@dataclass(slots=True)
class Found:
    """Result of a read: items with their tier, objects, and gaps."""

    items: list[tuple[str, Any]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


async def read_device(tiers: TierStores, unreached: Sequence[Gap], device_id: str, wanted: Range) -> Found:
    """Read from hot to archive: a mover deletes only what the next tier already stores, so the reader misses nothing.

    Args:
        unreached: tiers that this session does not reach.
    Raises: StoreError if a store cannot be reached at all.
    """
    found = Found(gaps=list(unreached))
    if tiers.hot is not None:
        await _read_hot(tiers.hot, device_id, wanted, found)
    for tier, objects in (("cold", tiers.cold), ("archive", tiers.archive)):
        if objects is not None:
            await _read_objects(tier, objects, device_id, wanted, found)
    return found


async def _read_hot(hot: HotStore, device_id: str, wanted: Range, found: Found) -> None:
    for texts in text_ranges(wanted.start, wanted.end):
        async for page in hot_pages(hot, device_id, before=texts.before, since=texts.since or None):
            refused = list(page.refused)
            for key, item in zip(page.sort_keys, page.items, strict=True):
                if wanted.holds(key):
                    try:
                        found.items.append(("hot", exact_loads(item)))
                    except ValueError as error:
                        refused.append((key, f"cannot be shown: {error}"))
            found.gaps += [
                Gap("hot", f"hot item {key}", reason, "It stays as it is in the hot tier; read it there")
                for key, reason in refused
                if wanted.holds(key)
            ]


async def _read_objects(tier: str, store: ObjectStore, device_id: str, wanted: Range, found: Found) -> None:
    for info in [info async for info in store.list(device_prefix(device_id))]:
        key = parse_object_key(info.key)
        if key is None:
            reason = "is not the key of a chunk, so it was not read"
            found.gaps.append(
                Gap(tier, f"{tier} object {info.key}", reason, "Find out who wrote it, and move it elsewhere")
            )
        elif key.device_id == device_id and may_overlap(key.start, key.end, wanted.start, wanted.end):
            await _read_object(tier, store, info, wanted, found)


async def _read_object(tier: str, store: ObjectStore, info: ObjectInfo, wanted: Range, found: Found) -> None:
    state = await store.restore_state(info.key) if tier == "archive" else "readable"
    if state in ("archived", "restoring"):
        found.parts.append(Part(tier, info.key, info.size, state, None))
        return
    try:
        items = _items(info.key, await store.read(info.key))
    except StoreError as error:
        if await store.head(info.key) is None:  # moved during this read; the next tier has it
            return
        remedy = error.remedy or "Compare it with its digest; restore an older version"
        found.gaps.append(Gap(tier, f"{tier} object {info.key}", error.cause, remedy))
        return
    found.parts.append(Part(tier, info.key, info.size, state, len(items)))
    found.items += [(tier, item) for item in items if wanted.holds(item[SORT_KEY])]


def _items(key: str, stored: bytes) -> list[dict[str, Any]]:
    """Parse a chunk's items. Raises: StoreError if the object is not a chunk."""
    parsed = parse_object_key(key)
    body = decompress(stored, parsed.compression if parsed else "none")
    try:
        content = exact_loads(body)
    except ValueError as error:
        raise StoreError(key, f"is not a chunk ({error})", "It was changed by hand") from None
    if not isinstance(content, list) or not all(map(_is_item, content)):
        raise StoreError(key, "is not a list of items", "It was changed by hand")
    return content


def _is_item(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get(SORT_KEY), str)


def merged(found: Iterable[tuple[str, dict[str, Any]]]) -> tuple[tuple[dict[str, Any], ...], int, int]:
    """Merge rows in time order, each item once: it may have been read in two tiers during a move.

    Returns: the rows; the number of equal duplicates; the number of rows that share their `id` with another.
    """
    rows: dict[str, dict[str, Any]] = {}
    count = 0
    for tier, item in found:
        count += 1
        # repr, not str: the number 1.5 and the text "1.5" are two versions.
        identity = json.dumps(item, sort_keys=True, default=repr)
        if identity not in rows:
            rows[identity] = {"tier": tier, **dict(_columns(item))}
    ordered = tuple(rows[identity] for identity in sorted(rows, key=lambda one: (*order_of(rows[one][SORT_KEY]), one)))
    return ordered, count - len(ordered), len(ordered) - len({row[SORT_KEY] for row in ordered})


def _columns(item: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in item.items():
        yield column_name(name, "tier"), cell_value(value)


def column_name(name: str, ours: str) -> str:
    """Rename an attribute that collides with l3kit's column `ours`: `tier` becomes `item.tier`, that `item.item.tier`.

    No two attributes get the same column.
    """
    return f"item.{name}" if name == ours or (name.startswith("item.") and _bare(name) == ours) else name


def _bare(name: str) -> str:
    while name.startswith("item."):
        name = name.removeprefix("item.")
    return name
