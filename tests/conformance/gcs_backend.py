"""The sandbox's Cloud Storage server, and object stores on it, for the suite."""

from __future__ import annotations

import asyncio
import socket
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from l3kit.clouds.gcp.data.object_stores import GcsPlace, open_objects
from l3kit.sandbox.gcp.storage.server import GcsServer
from l3kit.tiering.ports import ObjectStore, Tier

PROJECT = "l3kit-sandbox"


@contextmanager
def gcs_server(folder: Path, middlewares: Sequence[Any] = (), **options: Any) -> Iterator[str]:
    """Run a server in a thread until the block ends. Yields: its address. `options`: passed to the server."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    loop = asyncio.new_event_loop()
    started = threading.Event()
    stopping = asyncio.Event()

    async def serve() -> None:
        app = web.Application(middlewares=middlewares)
        GcsServer(folder, **options).add_routes(app)
        runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=0.5)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        started.set()
        await stopping.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert started.wait(60)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(10)
        loop.close()


def unchanged_client(address: str) -> storage.Client:
    """Google's unmodified client, configured for an emulator."""
    return storage.Client(project=PROJECT, credentials=AnonymousCredentials(), client_options={"api_endpoint": address})


def gcs_objects(address: str) -> Callable[[Tier], ObjectStore]:
    """Factory for `Backend.objects`: each call returns a store on a new bucket."""
    place = GcsPlace(PROJECT, address)
    client = unchanged_client(address)

    def objects(tier: Tier) -> ObjectStore:
        name = f"conformance-{uuid.uuid4().hex[:12]}"
        client.create_bucket(name)
        return open_objects(name, tier, place)

    return objects
