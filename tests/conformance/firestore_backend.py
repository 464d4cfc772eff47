"""Firestore for the conformance suite: the sandbox's own server, and l3kit's stores on it."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from l3kit.sandbox.firestore import FirestoreServer, Intercept


@contextmanager
def running_server(intercept: Intercept | None = None) -> Iterator[str]:
    """A server in a thread of its own, as host:port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="firestore", daemon=True)
    thread.start()

    def wait(coroutine: object) -> object:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(10)  # type: ignore[arg-type]

    async def make() -> FirestoreServer:
        return FirestoreServer(intercept=intercept)

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
