"""A canary in the hot and the cold tier: created, found, and removed along with leftovers of earlier ones."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from l3kit.errors import StoreError
from l3kit.tiering.format.canary import Sighting, canary_message, token_of
from l3kit.tiering.format.chunks import CANARY_DEVICE, decompress, device_prefix, parse_object_key
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.format.item_times import canonical, moment_of, moment_or_none
from l3kit.tiering.format.time_ranges import MAX_SORT_KEY
from l3kit.tiering.hot_pages import hot_pages
from l3kit.tiering.ports import HotStore, ObjectStore
from l3kit.tiering.settings.twin_info import MAX_DIGITS

DELETE_TRIES = 5
SPREAD_SECONDS = 900
"""Maximum by which a canary's time precedes its sending, so that those of two checks have different keys."""
LEFT_OVER = timedelta(minutes=40)
"""Distance from the present beyond which a canary is a leftover: no check takes that long."""


@dataclass(frozen=True, slots=True)
class Canary:
    """One canary, as sent.

    Attributes:
        token: distinguishes it from others.
        message: without a trace.
    """

    token: str
    message: bytes

    @classmethod
    def new(cls, time_digits: int, now: datetime, pick: Callable[[int], int] = secrets.randbelow) -> Canary:
        """Make one of about this time, truncated to the twin's digits; the twin's rules for times must accept it.

        Args:
            pick: returns a random number from 0 to below the given one.
        """
        token, moment = secrets.token_hex(16), moment_of(now)
        unit: int = 10 ** (MAX_DIGITS - time_digits)
        kept = moment - moment % unit - pick(SPREAD_SECONDS * 10**time_digits) * unit
        return cls(token, canary_message(token, canonical(kept, time_digits)))

    def may_remove(self, token: object, time: object, now: datetime) -> bool:
        """Return whether its check may remove a canary: itself, or a leftover; others may still be awaited."""
        return token == self.token or is_left_over(str(time), now)


def is_left_over(time: str, now: datetime) -> bool:
    """Return whether a canary of this time was left behind by its check."""
    moment = moment_or_none(time)
    return moment is None or abs(moment_of(now) - moment) > LEFT_OVER // timedelta(microseconds=1) * 1000


async def put(hot: HotStore, canary: Canary) -> bytes:
    """Put a canary into the hot tier itself. Returns: the item. Raises: StoreError."""
    await hot.put_items(CANARY_DEVICE, [canary.message])
    return canary.message


async def find(hot: HotStore, canary: Canary) -> bytes | None:
    """Return the canary in the hot tier; None if it is not there. Raises: StoreError."""
    async for page in hot_pages(hot, CANARY_DEVICE, before=MAX_SORT_KEY):
        for item in page.items:
            if token_of(item) == canary.token:
                return item
    return None


async def find_in_cold(cold: ObjectStore, canary: Canary) -> tuple[list[str], list[Any]]:
    """Return the chunks that hold the canary, and its items there, with exact numbers. Raises: StoreError."""
    keys: list[str] = []
    found: list[Any] = []
    for key in [info.key async for info in cold.list(device_prefix(CANARY_DEVICE))]:
        own = [item for item in await _items(cold, key) if item.get("canary") == canary.token]
        if own:
            keys.append(key)
            found += own
    return keys, found


async def written(cold: ObjectStore, cloud: str, keys: Sequence[str]) -> list[Sighting]:
    """Return when each chunk was written. Raises: StoreError."""
    infos = [await cold.head(key) for key in keys]
    return [Sighting("cold tier", cloud, info.modified) for info in infos if info is not None]


async def clear_cold(cold: ObjectStore, canary: Canary, now: datetime) -> None:
    """Remove the canary and leftovers from the cold tier; a chunk with another check's canary stays.

    Raises: StoreError.
    """
    for key in [info.key async for info in cold.list(device_prefix(CANARY_DEVICE))]:
        parsed = parse_object_key(key)
        if (
            parsed is None
            or is_left_over(parsed.end, now)
            or all(canary.may_remove(item.get("canary"), item.get("id"), now) for item in await _items(cold, key))
        ):
            await cold.delete(key)


async def clear_hot(hot: HotStore, canary: Canary, now: datetime) -> None:
    """Remove the canary and leftovers from the hot tier. Raises: StoreError."""
    for attempt in range(1, DELETE_TRIES + 1):
        left = False
        async for page in hot_pages(hot, CANARY_DEVICE, before=MAX_SORT_KEY):
            keys = [
                key
                for key, item in zip(page.sort_keys, page.items, strict=True)
                if canary.may_remove(token_of(item), key, now)
            ]
            left = bool(keys and await hot.delete_page(page, keys, attempt=attempt)) or left
        if not left:
            return
    cause = f"could not be removed from the hot tier in {DELETE_TRIES} tries"
    raise StoreError("canary", cause, "Run verify_connections again, which tries it once more")


async def _items(cold: ObjectStore, key: str) -> list[dict[str, Any]]:
    """The items of a chunk; none if another check has removed it. Raises: StoreError."""
    parsed = parse_object_key(key)
    try:
        body = await cold.read(key)
    except StoreError:
        if await cold.head(key) is None:
            return []
        raise
    items = exact_loads(decompress(body, parsed.compression if parsed else "none"))
    return [item for item in items if isinstance(item, dict)]
