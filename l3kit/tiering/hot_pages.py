"""Iteration over a device's items in the hot tier, page by page, and deletes of a page's items."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from l3kit.tiering.bounded import Bounded
from l3kit.tiering.ports import HotStore, Page, Usage
from l3kit.tiering.retry import RetryPolicy

PAGE_BYTES = 1 << 20
MAX_PAGE_ITEMS = 10_000


async def hot_pages(hot: HotStore, device_id: str, *, before: str, since: str | None = None) -> AsyncIterator[Page]:
    """Read the items with `since <= sort key < before`, one page at a time, on demand. Raises: StoreError."""
    after: str | None = None
    while True:
        page = await hot.read_page(device_id, before=before, after=after, since=since)
        yield page
        if page.next_after is None:
            return
        after, since = page.next_after, None


class PageSize:
    """Estimates the number of items for a page of about 1 MiB from the size of the most recent ones.

    For stores that limit a page only by its items.

    Args:
        item_bytes: assumed size of an item before the first page.
    """

    def __init__(self, item_bytes: float) -> None:
        self._item_bytes = item_bytes

    def items(self, limit: int | None) -> int:
        """Return the number of items, at most `limit`."""
        fitting = max(1, min(MAX_PAGE_ITEMS, int(PAGE_BYTES / self._item_bytes)))
        return fitting if limit is None else min(fitting, max(1, limit))

    def note(self, size: int, items: int) -> None:
        """Note a page's bytes and items."""
        if items:
            self._item_bytes = max(1.0, size / items)


@dataclass(frozen=True, slots=True)
class Seen:
    """A page's items in a store that gives an item a new version with every write.

    Attributes:
        place: the store's address of the device.
        versions: versions of the items, in their order.
    """

    place: str
    versions: Sequence[Any]


@dataclass(frozen=True, slots=True)
class BatchDeletes:
    """Deletes of seen items, each on condition of its version.

    Attributes:
        size: items in one request.
        send: sends one request for a place, with sort keys and versions; returns the keys that may still exist.
    """

    size: int
    send: Callable[[str, Sequence[tuple[str, Any]]], Coroutine[Any, Any, list[str]]]
    bounded: Bounded
    retry: RetryPolicy
    usage: Usage

    async def run(self, page: Page, sort_keys: Sequence[str], check: Callable[[], None], attempt: int) -> list[str]:
        """Delete as `HotStore.delete_page` does."""
        if not sort_keys:
            return []
        seen = page.seen
        assert isinstance(seen, Seen)
        versions = dict(zip(page.sort_keys, seen.versions, strict=True))

        async def delete(batch: Sequence[str]) -> list[str]:
            check()
            return await self.send(seen.place, [(key, versions[key]) for key in batch])

        batches = [sort_keys[at : at + self.size] for at in range(0, len(sort_keys), self.size)]
        results = await self.bounded.run([delete(batch) for batch in batches])
        left = [key for keys in results for key in keys]
        if left:
            self.usage.retried("batch_delete", sum(map(bool, results)))
            await self.retry.wait(attempt)
        return left
