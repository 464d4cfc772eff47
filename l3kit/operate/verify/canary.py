"""A canary in the hot and the cold tier: made, found, and removed with whatever former ones have left."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from l3kit.errors import StoreError
from l3kit.tiering.format.canary import Sighting, canary_message, token_of
from l3kit.tiering.format.chunks import CANARY_DEVICE, decompress, device_prefix, parse_object_key
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.format.item_times import canonical, moment_of
from l3kit.tiering.format.time_ranges import MAX_SORT_KEY
from l3kit.tiering.hot_pages import hot_pages
from l3kit.tiering.ports import HotStore, ObjectStore
from l3kit.tiering.settings.twin_info import MAX_DIGITS

DELETE_TRIES = 5


@dataclass(frozen=True, slots=True)
class Canary:
    """One canary, as it is sent.

    Attributes:
        token: tells it from others.
        message: without a trace.
    """

    token: str
    message: bytes

    @classmethod
    def new(cls, time_digits: int, now: datetime) -> Canary:
        """Make one of this time, cut off to the twin's digits; the twin's rules for times must accept it."""
        token, moment = secrets.token_hex(16), moment_of(now)
        kept = moment - moment % 10 ** (MAX_DIGITS - time_digits)
        return cls(token, canary_message(token, canonical(kept, time_digits)))


async def put(hot: HotStore, canary: Canary) -> bytes:
    """Put a canary into the hot tier itself. Returns: the item. Raises: StoreError."""
    await hot.put_items(CANARY_DEVICE, [canary.message])
    return canary.message


async def find(hot: HotStore, canary: Canary) -> bytes | None:
    """Return the canary as it is in the hot tier; None if it is not there. Raises: StoreError."""
    async for page in hot_pages(hot, CANARY_DEVICE, before=MAX_SORT_KEY):
        for item in page.items:
            if token_of(item) == canary.token:
                return item
    return None


async def read_chunks(cold: ObjectStore, cloud: str, keys: Sequence[str]) -> tuple[list[Any], list[Sighting]]:
    """Read chunks. Returns: their items with exact numbers, and when each was written. Raises: StoreError."""
    found: list[Any] = []
    written = []
    for key in keys:
        parsed = parse_object_key(key)
        found += exact_loads(decompress(await cold.read(key), parsed.compression if parsed else "none"))
        if (info := await cold.head(key)) is not None:
            written.append(Sighting("cold tier", cloud, info.modified))
    return found, written


async def clear_cold(cold: ObjectStore) -> None:
    """Remove all canaries from the cold tier. Raises: StoreError."""
    for key in [info.key async for info in cold.list(device_prefix(CANARY_DEVICE))]:
        await cold.delete(key)


async def clear_hot(hot: HotStore) -> None:
    """Remove all canaries from the hot tier. Raises: StoreError."""
    for attempt in range(1, DELETE_TRIES + 1):
        left = False
        async for page in hot_pages(hot, CANARY_DEVICE, before=MAX_SORT_KEY):
            left = bool(page.sort_keys and await hot.delete_page(page, page.sort_keys, attempt=attempt)) or left
        if not left:
            return
    cause = f"could not be removed from the hot tier in {DELETE_TRIES} tries"
    raise StoreError("canary", cause, "Run verify_connections again, which tries it once more")
