"""Objects for the object store's cases, and functions that open the stores."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable

from l3kit.conformance.backend import Backend
from l3kit.tiering.ports import ObjectStore, Tier

KEYS = [
    "EWR/2013-01-01T06:00:00Z-2013-01-31T05:00:00Z/chunk-00001.json",
    "传感器-1/a-b/chunk-00001.json",
    "a+b c/2026-01-01T00:00:00+01:00-x/chunk-00001.json",
    "a%2Fb/%25/ü&=?#.json",
    "quote'\"<>&amp;/x",
]


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def use(backend: Backend, steps: Callable[[ObjectStore], Awaitable[None]], tier: Tier = "cold") -> None:
    async def run() -> None:
        store = backend.objects(tier)
        try:
            await steps(store)
        finally:
            await store.close()

    asyncio.run(run())


def use_two(backend: Backend, steps: Callable[[ObjectStore, ObjectStore], Awaitable[None]]) -> None:
    async def run() -> None:
        cold, archive = backend.objects("cold"), backend.objects("archive")
        try:
            await steps(cold, archive)
        finally:
            await cold.close()
            await archive.close()

    asyncio.run(run())


async def create(store: ObjectStore, key: str, body: bytes) -> None:
    await store.create(key, body, sha256=digest(body), metadata={"items": "3"})


async def pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]
