"""Checks of one chunk without I/O: of its metadata alone, and of its content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import orjson

from l3kit.operate.audit.faults import Finding
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.chunks import CONTENT_ENCODINGS, ChunkKey
from l3kit.tiering.format.digest import canonical_encoding
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.format.item_json import PARTITION_KEY, SORT_KEY
from l3kit.tiering.format.time_ranges import order_of
from l3kit.tiering.ports import ObjectInfo

_REPEATED = "Nothing is lost, and queries show each item once: the object was changed by hand"
_HEX_DIGITS = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a chunk.

    Attributes:
        items: their number; None if they cannot be counted.
        marks: the id of each item version, by a digest of the version; empty if not requested.
        unordered: whether the items are not in order.
    """

    items: int | None
    findings: tuple[Finding, ...] = ()
    marks: Mapping[bytes, str] = field(default_factory=dict)
    unordered: bool = False


def declared_items(info: ObjectInfo) -> int | None:
    """The number of items in the metadata; None if they have none."""
    text = info.metadata.get("items", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def metadata_findings(key: ChunkKey, info: ObjectInfo) -> Iterator[Finding]:
    """Yield the faults of a chunk that its metadata and size show."""
    if info.sha256 is None:
        yield Finding("metadata", "its metadata have no sha256")
    elif not has_digest(info):
        yield Finding("metadata", f"its sha256 is {info.sha256[:70]!r}, which is not a digest")
    if "items" not in info.metadata:
        yield Finding("metadata", "its metadata do not have the number of its items")
    elif (count := declared_items(info)) is None:
        yield Finding("metadata", f"its number of items is {info.metadata['items'][:40]!r}")
    elif key.compression == "none" and info.size < (least := _least_size(key, count)):
        yield Finding(
            "metadata", f"its {info.size:,} bytes are too few for {count_of(count, 'item')}: {least:,} at least"
        )
    if wrong := encoding_finding(key, info):
        yield wrong


def has_digest(info: ObjectInfo) -> bool:
    """Return whether the metadata have a digest to compare with."""
    return info.sha256 is not None and len(info.sha256) == 64 and _HEX_DIGITS.issuperset(info.sha256)


def encoding_finding(key: ChunkKey, info: ObjectInfo) -> Finding | None:
    """Return the fault if the key implies another compression than the object has; None if they agree."""
    encoding, wanted = canonical_encoding(info.content_encoding), CONTENT_ENCODINGS[key.compression]
    if encoding == wanted:
        return None
    return Finding(
        "metadata", f"its content encoding is {encoding or 'none'}, not {wanted or 'none'} as its key implies"
    )


def _least_size(key: ChunkKey, items: int) -> int:
    """Minimum bytes of an array of this many items of the device, with ids of one character."""
    return 2 + items * len(orjson.dumps({PARTITION_KEY: key.device_id, SORT_KEY: "0"})) + max(0, items - 1)


def content_of(key: ChunkKey, declared: int | None, body: bytes, *, marked: bool = False) -> Content:
    """Check the items of a chunk, whose digest is right or unknown.

    Args:
        declared: the number of items in the metadata.
        body: uncompressed.
        marked: whether to return marks of the items.
    """
    try:
        items = exact_loads(body) if marked else _loads(body)
    except ValueError as error:
        return Content(None, (Finding("unreadable", f"its content is not JSON ({str(error)[:100]})"),))
    if not isinstance(items, list):
        return Content(None, (Finding("unreadable", "its content is not an array of items"),))
    wrong = next((index for index, item in enumerate(items) if not _is_item(item)), None)
    if wrong is not None:
        what = f"its item {wrong} is not an object with {SORT_KEY!r} and {PARTITION_KEY!r} as text"
        return Content(len(items), (Finding("unreadable", what),))
    found = [*_count(items, declared), *_device(key, items), *_range(key, items), *_repeated(items)]
    unordered = any(before[SORT_KEY] > after[SORT_KEY] for before, after in pairwise(items))
    marks = {_version(item): item[SORT_KEY] for item in items} if marked else {}
    return Content(len(items), tuple(found), marks, unordered)


def order_finding() -> Finding:
    """Return the faults of a chunk of l3kit that is not in order."""
    return Finding("order", "its items are not in the order of time")


def _loads(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:  # also for numbers beyond doubles, which readers read
        return exact_loads(body)


def _is_item(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and isinstance(item.get(SORT_KEY), str)
        and bool(item[SORT_KEY])
        and isinstance(item.get(PARTITION_KEY), str)
    )


def _version(item: Mapping[str, Any]) -> bytes:
    # repr, not str: the number 1.5 and the text "1.5" are two versions.
    text = json.dumps(item, sort_keys=True, default=repr)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _count(items: Sequence[Any], declared: int | None) -> Iterator[Finding]:
    if declared is not None and declared != len(items):
        yield Finding("count", f"it holds {count_of(len(items), 'item')}, and its metadata say {declared:,}")


def _device(key: ChunkKey, items: Sequence[Any]) -> Iterator[Finding]:
    others = [item for item in items if item[PARTITION_KEY] != key.device_id]
    if others:
        held = count_of(len(others), "item")
        yield Finding("device", f"it holds {held} of another device, the first of {others[0][PARTITION_KEY][:80]!r}")


def _range(key: ChunkKey, items: Sequence[Any]) -> Iterator[Finding]:
    """Find items outside the key's range, and a range whose ends are not the ids of two items."""
    ids = [item[SORT_KEY] for item in items]
    if not ids or (ids[0] == key.start and ids[-1] == key.end and ids == sorted(ids)):
        return
    low, high = order_of(key.start), order_of(key.end)
    outside = [one for one in ids if not (key.start <= one <= key.end or low <= order_of(one) <= high)]
    if outside:
        yield Finding(
            "range", f"it holds {count_of(len(outside), 'item')} out of its key's range, the first {outside[0]}"
        )
    elif not {key.start, key.end} <= set(ids):
        first, last = min(ids, key=order_of), max(ids, key=order_of)
        yield Finding("range", f"its items are from {first} to {last}, unlike its key")


def _repeated(items: Sequence[Any]) -> Iterator[Finding]:
    twice = sum(before[SORT_KEY] == after[SORT_KEY] and before == after for before, after in pairwise(items))
    if twice:
        yield Finding("double", f"it holds {count_of(twice, 'item')} twice", _REPEATED)
