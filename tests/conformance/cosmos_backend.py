"""The sandbox's Cosmos DB for the suite: the server and the layer in front of it, each on a free port."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from azure.cosmos import CosmosClient, DatabaseProxy, PartitionKey

from l3kit.clouds.azure.data.cosmos_stores import CosmosPlace, open_hot, open_journal
from l3kit.sandbox.azure.cosmos import CosmosLayer
from l3kit.sandbox.azure.emulators import AZURE_FILES, start_cosmos
from l3kit.sandbox.node_install import find_node, install
from l3kit.sandbox.state import Home
from l3kit.sandbox.upstream import Upstream
from l3kit.tiering.ports import HotStore, JournalStore

KEY = "c2FuZGJveA=="
DATABASE = "conformance"
LINE_BYTES = 64 * 1024
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class CosmosServers:
    """The running servers. `url`: address of the layer, `bare_url`: address of the server behind it."""

    url: str
    bare_url: str

    def hot(self) -> HotStore:
        """A hot store on a new container."""
        return open_hot(new_container(client(self.url), "/iotDeviceId"), self.place())

    def journal(self) -> JournalStore:
        """A journal store on a new container."""
        return open_journal(new_container(client(self.url), "/id"), self.place())

    def place(self) -> CosmosPlace:
        return CosmosPlace(self.url, DATABASE, KEY)


def client(url: str) -> Any:
    return CosmosClient(url, KEY, enable_endpoint_discovery=False, retry_total=0)


def database(cosmos: Any) -> DatabaseProxy:
    result: DatabaseProxy = cosmos.create_database_if_not_exists(DATABASE)
    return result


def new_container(cosmos: Any, path: str) -> str:
    name = f"conformance-{uuid.uuid4().hex[:12]}"
    database(cosmos).create_container(name, PartitionKey(path))
    return name


@contextmanager
def cosmos_servers(
    folder: Path, wrap: Callable[[Handler], Handler] = lambda handler: handler
) -> Iterator[CosmosServers]:
    """Run both servers until the block ends. `folder`: for the log; `wrap`: wraps the layer's handler."""
    loop = asyncio.new_event_loop()
    started: list[CosmosServers | BaseException] = []
    ready, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        try:
            async with _running(folder, wrap) as servers:
                started.append(servers)
                ready.set()
                await stop.wait()
        except BaseException as error:
            started.append(error)
            raise
        finally:
            ready.set()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="cosmos", daemon=True)
    thread.start()
    ready.wait()
    try:
        if isinstance(started[0], BaseException):
            raise started[0]
        yield started[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


class _running:
    """The servers inside one event loop."""

    def __init__(self, folder: Path, wrap: Callable[[Handler], Handler]) -> None:
        self._wrap = wrap
        self._home = Home(folder)
        self._home.logs.mkdir(parents=True, exist_ok=True)

    async def __aenter__(self) -> CosmosServers:
        node = find_node()
        modules = install(node, print, files=AZURE_FILES)
        self._emulator = await start_cosmos(self._home, node.binary, str(modules))
        self._session = aiohttp.ClientSession(
            auto_decompress=False, max_line_size=LINE_BYTES, max_field_size=LINE_BYTES
        )
        app = web.Application(client_max_size=1024**3)
        layer = CosmosLayer(Upstream(self._session, self._emulator.info.port))
        app.router.add_route("*", "/{path:.*}", self._wrap(layer.handle))
        self._runner = web.AppRunner(app, access_log=None, max_line_size=LINE_BYTES, max_field_size=LINE_BYTES)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        (address,) = self._runner.addresses
        return CosmosServers(f"http://127.0.0.1:{address[1]}", f"http://127.0.0.1:{self._emulator.info.port}")

    async def __aexit__(self, *error: object) -> None:
        await self._runner.cleanup()
        await self._session.close()
        await self._emulator.stop()
