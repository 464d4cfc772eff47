"""The sandbox's Firestore server, and l3kit's stores on it, for the suite."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from l3kit.clouds.gcp.data.firestore_stores import FirestorePlace, open_hot, open_journal
from l3kit.sandbox.gcp.firestore import FirestoreServer, Intercept
from l3kit.sandbox.gcp.guard import Guard
from l3kit.tiering.ports import HotStore, JournalStore


@contextmanager
def running_server(
    intercept: Intercept | None = None,
    clock: Callable[[], int] = time.time_ns,
    guard: Guard | None = None,
    databases: Iterable[str] = (),
) -> Iterator[str]:
    """Run a server in a thread. `databases`: further ones, by full names. Yields: its address, host:port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="firestore", daemon=True)
    thread.start()

    def wait(coroutine: object) -> object:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(60)  # type: ignore[arg-type]

    async def make() -> FirestoreServer:
        made = FirestoreServer(clock, intercept=intercept, guard=guard)
        for database in databases:
            made.database_made(database)
        return made

    server = wait(make())
    assert isinstance(server, FirestoreServer)
    try:
        yield f"127.0.0.1:{wait(server.start())}"
    finally:
        wait(server.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


def new_name() -> str:
    return f"conformance-{uuid.uuid4().hex[:12]}"


def hot(address: str, collection: str | None = None, **options: Any) -> HotStore:
    """A hot store on a new collection, or on an existing one."""
    return open_hot(collection or new_name(), place(address), **options)


def journal(address: str) -> JournalStore:
    """An empty journal."""
    return open_journal(new_name(), place(address))


def place(address: str) -> FirestorePlace:
    return FirestorePlace("conformance", endpoint=address, agent="l3kit/0.1 conformance")
