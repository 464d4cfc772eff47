"""Faults before the sandbox's Cosmos DB, and requests by which they are aimed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from l3kit.clouds.azure.data.cosmos_place import CosmosPlace
from l3kit.clouds.azure.data.hot_store import CosmosHotStore
from tests.conformance.cosmos_backend import Handler

END = "\U0010ffff"


@dataclass
class Faults:
    """Stands before the sandbox's Cosmos DB: a fault for each coming request that it matches, and what came by."""

    matches: Callable[[web.Request], bool] = lambda request: False
    faults: list[Callable[[web.Request, Handler], Coroutine[Any, Any, web.StreamResponse]]] = field(
        default_factory=list
    )
    seen: list[web.Request] = field(default_factory=list)

    def wrap(self, handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.seen.append(request)
            if self.faults and self.matches(request):
                return await self.faults.pop(0)(request, handler)
            return await handler(request)

        return handle

    def expect(self, matches: Callable[[web.Request], bool], *faults: Any) -> None:
        self.matches, self.faults, self.seen = matches, list(faults), []


def item(sort_key: str, **more: Any) -> bytes:
    return json.dumps({"iotDeviceId": "d", "id": sort_key, **more}).encode()


class DiscoveringPlace(CosmosPlace):
    """As on the real service, where the SDK looks for regions and would send some requests again."""

    @property
    def is_loopback(self) -> bool:
        return False


def use(store: Any, steps: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        try:
            await steps(store)
        finally:
            await store.close()

    asyncio.run(run())


def is_batch(request: web.Request) -> bool:
    return request.headers.get("x-ms-cosmos-is-batch-request", "").lower() == "true"


def is_query(request: web.Request) -> bool:
    return request.headers.get("x-ms-documentdb-isquery", "").lower() == "true"


async def lose_the_answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    await handler(request)
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cut_the_connection(request: web.Request, handler: Handler) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def answer(status: int, **headers: str) -> Any:
    async def fault(request: web.Request, handler: Handler) -> web.StreamResponse:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.json_response({"code": "Fault", "message": "made up"}, status=status, headers=names)

    return fault


async def stall(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers nothing until the caller gives up."""
    while request.transport is not None and not request.transport.is_closing():
        await asyncio.sleep(0.02)
    return web.Response()


async def keys(store: CosmosHotStore) -> list[str]:
    return (await store.read_page("d", before=END)).sort_keys
