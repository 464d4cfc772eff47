"""Items for the hot store's cases, and functions that read and delete them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from l3kit.conformance.backend import Backend
from l3kit.tiering.ports import HotStore, Page, always

END = "\U0010ffff"
"""Greater than every sort key."""
MANY = {f"attribute_{n:03d}": n for n in range(300)}
VALUES: dict[str, Any] = {
    "text": 'quotes " and \\ and \n and 传感器 🌡 and \u2028',
    "empty": "",
    "whole": 12345678901234567890,
    "null": None,
    "yes": True,
    "no": False,
    "list": [1, "two", None, [True, {}], []],
    "map": {"inner": {"deep": [{"a": ""}]}, "键": 1},
    "tagged map": {"$map": {"$binary": "is not a tag"}},
    "dollar": {"$a": 1, "b": 2},
}


def item(sort_key: str, device: str = "d", **more: Any) -> bytes:
    return json.dumps({"iotDeviceId": device, "id": sort_key, **more}, ensure_ascii=False).encode()


def use(backend: Backend, steps: Callable[[HotStore], Awaitable[None]]) -> None:
    async def run() -> None:
        store = backend.hot()
        try:
            await steps(store)
        finally:
            await store.close()

    asyncio.run(run())


async def read_all(store: HotStore, device: str = "d", before: str = END, since: str | None = None) -> list[Page]:
    pages = [await store.read_page(device, before=before, since=since)]
    while (after := pages[-1].next_after) is not None:
        pages.append(await store.read_page(device, before=before, after=after))
    return pages


def keys(pages: list[Page]) -> list[str]:
    return [key for page in pages for key in page.sort_keys]


async def delete(
    store: HotStore, sort_keys: Sequence[str], device: str = "d", check: Callable[[], None] = always
) -> None:
    """Delete as the mover does: read the remaining items again, and retry."""
    wanted = set(sort_keys)
    for attempt in range(1, 10):
        left: list[str] = []
        for page in await read_all(store, device):
            ours = [key for key in page.sort_keys if key in wanted]
            left += await store.delete_page(page, ours, check=check, attempt=attempt)
        if not left:
            return
    raise AssertionError(f"{left} could not be deleted")


async def named(store: HotStore, limit: int | None = None) -> set[str]:
    return {device async for some in store.device_ids(limit=limit) for device in some}
