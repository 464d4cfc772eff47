"""Iteration over a device's items in the hot tier, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator

from l3kit.tiering.ports import HotStore, Page


async def hot_pages(hot: HotStore, device_id: str, *, before: str, since: str | None = None) -> AsyncIterator[Page]:
    """Read the items with `since <= sort key < before`, one page at a time, on demand. Raises: StoreError."""
    after: str | None = None
    while True:
        page = await hot.read_page(device_id, before=before, after=after, since=since)
        yield page
        if page.next_after is None:
            return
        after, since = page.next_after, None
