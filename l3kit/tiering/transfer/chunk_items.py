"""Validation of a chunk's items by the cold writer: items that no query could read are refused by index. No I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import orjson

from l3kit.tiering.format.strict_json import elements
from l3kit.tiering.transfer.wire import Refusal

_SPELLING = timedelta(minutes=1)
"""Tolerance: UTC times as text are in time order except for how seconds and their fractions are written."""
_FRACTION = re.compile(r"(?P<whole>[^.,]*)[.,](?P<digits>\d+)(?P<zone>[^.,]*)")

Moment = tuple[datetime, str]
"""A time in whole seconds, and its fraction digits."""


@dataclass(frozen=True, slots=True)
class Extent:
    """The number of items, and the first and last id for the chunk's key with the indexes of these items."""

    count: int
    start: str
    end: str
    first: int
    last: int


def extent_of(raw: bytes, device_id: str, start: str, end: str) -> Extent:
    """Validate a chunk's items, and that they are within the declared bounds.

    Args:
        raw: the JSON array, from `strict_json.members`.
        start, end: bounds of the chunk, or of the whole run that it belongs to.
    Raises: Refusal 400 naming `items` and the item's index (from 0), or the bound that is wrong.
    """
    items = _read(raw)
    if not items:
        raise Refusal(400, "is empty", "items")
    ids = [_checked_id(item, index, device_id) for index, item in enumerate(items)]
    moments = [moment(text) for text in ids]
    if (start, end) == (ids[0], ids[-1]) and _in_order(ids, moments):
        return Extent(len(ids), start, end, 0, len(ids) - 1)
    _check_bounds(ids, moments, start, end)
    order: list[Any] = [(at, text) for at, text in zip(moments, ids, strict=True)] if all(moments) else list(ids)
    indexes = range(len(ids))
    first, last = min(indexes, key=order.__getitem__), max(indexes, key=order.__getitem__)
    return Extent(len(ids), ids[first], ids[last], first, last)


def moment(text: str) -> Moment | None:
    """Parse an ISO 8601 time with an offset, exact to the last digit; None for any other text."""
    match = _FRACTION.fullmatch(text)
    whole = match["whole"] + match["zone"] if match else text
    try:
        found = datetime.fromisoformat(whole)
    except ValueError:
        return None
    if found.tzinfo is None:
        return None
    return found, match["digits"].rstrip("0") if match else ""


def at_item(index: int, cause: str) -> Refusal:
    """The refusal of one item."""
    return Refusal(400, f"item {index} {cause}", "items", index=index)


def _read(raw: bytes) -> list[Any]:
    try:
        items = orjson.loads(raw)
        orjson.dumps(items)  # its limit of 254 levels protects the reader's stack
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        raise _unreadable(raw) from None
    if not isinstance(items, list):
        raise Refusal(400, "must be an array of objects", "items")
    return items


def _unreadable(raw: bytes) -> Refusal:
    """Locate the item that orjson cannot parse: a number beyond doubles, a lone surrogate, too many levels."""
    if not raw.startswith(b"["):
        return Refusal(400, "must be an array of objects", "items")
    for index, item in enumerate(elements(raw)):
        try:
            orjson.dumps([orjson.loads(item)])
        except orjson.JSONDecodeError as error:
            return at_item(index, f"cannot be read ({error.msg})")
        except orjson.JSONEncodeError:
            return at_item(index, "is nested too deeply")
    return Refusal(400, "cannot be read", "items")


def _checked_id(item: Any, index: int, device_id: str) -> str:
    if not isinstance(item, dict):
        raise at_item(index, "is not an object")
    for name in ("id", "iotDeviceId"):
        if name not in item:
            raise at_item(index, f"has no '{name}'")
        if not isinstance(item[name], str) or not item[name]:
            raise at_item(index, f"has an '{name}' that is not text, or empty")
    if item["iotDeviceId"] != device_id:
        raise at_item(index, "belongs to another device: its 'iotDeviceId' is not the request's 'iot_device_id'")
    found: str = item["id"]
    return found


def _in_order(ids: Sequence[str], moments: Sequence[Moment | None]) -> bool:
    """Return whether the ids ascend as text and, if they are times, in time as well, as a hot store returns them."""
    if any(before > after for before, after in pairwise(ids)):
        return False
    start, end = moments[0], moments[-1]
    return all(
        at is None
        or ((start is None or start[0] - at[0] <= _SPELLING) and (end is None or at[0] - end[0] <= _SPELLING))
        for at in moments
    )


def _check_bounds(ids: Sequence[str], moments: Sequence[Moment | None], start: str, end: str) -> None:
    low, high = moment(start), moment(end)
    if _before(end, high, start, low):
        raise Refusal(400, "lies before 'start_timestamp'", "end_timestamp")
    for index, (text, at) in enumerate(zip(ids, moments, strict=True)):
        if _before(text, at, start, low):
            raise at_item(index, "lies before 'start_timestamp'")
        if _before(end, high, text, at):
            raise at_item(index, "lies behind 'end_timestamp'")


def _before(text: str, at: Moment | None, other: str, other_at: Moment | None) -> bool:
    return at < other_at if at is not None and other_at is not None else text < other
