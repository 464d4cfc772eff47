"""The hot readers: a device's items in a time range, page by page, and its last item. Numbers stay exact."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from l3kit.errors import ConfigurationError, ItemRefusedError
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.format.item_times import form_of, movable_moment
from l3kit.tiering.format.time_ranges import read_bound, text_ranges, within
from l3kit.tiering.ports import HotStore, Page

FOREIGN_POSITION = "is not from an answer for this device"
MAX_RESULT_BYTES = 3_500_000
"""Items in one response, as ASCII JSON; stays below Lambda's 6 MB with the whitespace that a runtime may add."""
DEFAULT_LIMIT = 1_000
MAX_LIMIT = 10_000


async def read_history(hot: HotStore, request: Mapping[str, Any]) -> dict[str, Any]:
    """Read a device's items in text order of their `id`, which is time order for ids in the canonical form.

    Args:
        request: `iot_device_id`; optional `start_timestamp` and `end_timestamp` (both inclusive), `limit` (1 to
            10,000 items), `next` from the previous response. Times in any form of docs/reference/items.md.
    Returns: `items`, `next` (None at the end), `refused`: items that cannot be returned, each with reason and remedy,
        and `complete`: whether this response ends the range and omits nothing.
    Raises: ConfigurationError naming the field; StoreError.
    """
    device_id = _text(request, "iot_device_id")
    start, end = _bound(request, "start_timestamp"), _bound(request, "end_timestamp")
    limit = _limit(request)
    after = _position(request, device_id)
    items: list[bytes] = []
    refused: list[dict[str, str]] = []
    size = 0
    ranges = text_ranges(start, end)
    for texts in ranges:
        while after is None or after < texts.before:
            behind = after if after is not None and after >= texts.since else None
            since = (texts.since or None) if behind is None else None
            room = limit - len(items)
            try:
                page = await hot.read_page(device_id, before=texts.before, after=behind, since=since, limit=room)
            except UnicodeEncodeError:  # a position with half a surrogate pair, which only some stores have as a key
                raise ConfigurationError("next", FOREIGN_POSITION, "Begin without it") from None
            page = _chosen(page, start, end)
            taken, size = _fitting(page, size, first=not items)
            items += page.items[:taken]
            last = page.sort_keys[taken - 1] if taken else after
            if taken < len(page.items):
                refused += [_refusal(key, why) for key, why in page.refused if last and key <= last]
                return _answer(items, refused, device_id, last)
            refused += [_refusal(key, why) for key, why in page.refused]
            ended = page.next_after is None
            if len(items) >= limit and not (ended and texts == ranges[-1]):
                return _answer(items, refused, device_id, texts.before if ended else page.next_after)
            after = texts.before if ended else page.next_after
    return _answer(items, refused, device_id, None)


def _refusal(key: str, reason: str) -> dict[str, str]:
    return {"id": key, "reason": reason, "remedy": "It stays as it is in the hot tier; read it there"}


def _chosen(page: Page, start: int | None, end: int | None) -> Page:
    """Filter a page by the range, since keys in other time forms sort among them."""
    inside = [within(key, start, end) for key in page.sort_keys]
    if all(inside) and not page.refused:
        return page
    return replace(
        page,
        sort_keys=[key for key, chosen in zip(page.sort_keys, inside, strict=True) if chosen],
        items=[item for item, chosen in zip(page.items, inside, strict=True) if chosen],
        refused=tuple((key, why) for key, why in page.refused if within(key, start, end)),
    )


def _bound(request: Mapping[str, Any], name: str) -> int | None:
    text = _text(request, name, "")
    try:
        return read_bound(text, is_end=name.startswith("end")) if text else None
    except ConfigurationError as error:
        raise ConfigurationError(name, error.cause, error.remedy) from None


async def read_last(hot: HotStore, request: Mapping[str, Any], now: int) -> dict[str, Any]:
    """Read the item of `iot_device_id` with the greatest sort key, or None.

    Args:
        now: nanoseconds since 1970.
    Returns: `item`; `complete`, and if that is False a `note`: the item could not be read, or its key does not sort
        by time or is in the future, so that it hides newer readings.
    Raises: ConfigurationError naming the field; StoreError.
    """
    try:
        item = await hot.last_item(_text(request, "iot_device_id"))
        exact = None if item is None else _exact(item)
    except ItemRefusedError as error:
        return {"item": None, "complete": False, "note": f"{error}. Ask the hot-reader for what lies before it"}
    if exact is None:
        return {"item": None, "complete": True}
    note = _hides(str(exact["id"]), now)
    return {"item": exact, "complete": False, "note": note} if note else {"item": exact, "complete": True}


def _hides(key: str, now: int) -> str:
    """Explain why this key may hide newer readings; empty if it is the latest in time."""
    moment = movable_moment(key)
    if moment is None:
        return f"its id is {form_of(key)}, which does not sort by time: newer readings may be hidden behind it"
    return "its time lies in the future: newer readings may be hidden behind it" if moment > now else ""


def _answer(items: list[bytes], refused: list[dict[str, str]], device_id: str, after: str | None) -> dict[str, Any]:
    position = None if after is None else base64.urlsafe_b64encode(json.dumps([device_id, after]).encode()).decode()
    answer = {"items": [_exact(item) for item in items], "next": position, "complete": not refused and after is None}
    return answer | {"refused": refused} if refused else answer


def _exact(item: bytes) -> Any:
    """Parse integers as int and other numbers as Decimal; Lambda's runtime writes both exactly.

    Raises: ItemRefusedError if a number exceeds both.
    """
    try:
        return exact_loads(item)
    except ValueError as error:
        raise ItemRefusedError("an item", f"cannot be returned: {error}", "Ask for the range without it") from None


def _fitting(page: Page, size: int, *, first: bool) -> tuple[int, int]:
    """Number of the page's items that fit into the response, and its size with them; at least one if it is empty."""
    for index, item in enumerate(page.items):
        size += 1 + (len(item) if item.isascii() else len(json.dumps(item.decode())))
        if size > MAX_RESULT_BYTES and not (first and index == 0):
            return index, size
    return len(page.items), size


def _text(request: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = request.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or not value:
        raise ConfigurationError(name, "must be text, and not empty", "See docs/reference/readers.md")
    return value


def _limit(request: Mapping[str, Any]) -> int:
    value = request.get("limit", DEFAULT_LIMIT)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_LIMIT:
        cause = f"must be a whole number from 1 to {MAX_LIMIT}"
        raise ConfigurationError("limit", cause, "See docs/reference/readers.md")
    return value


def _position(request: Mapping[str, Any], device_id: str) -> str | None:
    token = _text(request, "next", "")
    if not token:
        return None
    try:
        device, after = json.loads(base64.urlsafe_b64decode(token))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        device = after = None
    if device != device_id or not isinstance(after, str):
        raise ConfigurationError("next", FOREIGN_POSITION, "Begin without it")
    return after
