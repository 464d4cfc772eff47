"""Limits in front of the sandbox's hot stores: Cosmos DB's request units, and Firestore's ramp.

Both run in a thread of the measuring process, which otherwise waits for the measured one.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import aiohttp
import grpc
from aiohttp import web

from benchmarks.rates.cosmos import CosmosBudget, CosmosLimits
from benchmarks.rates.firestore import FirestoreBudget
from l3kit.sandbox.gcp.firestore import CallInfo, CallRefusedError, FirestoreServer

T = TypeVar("T")
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})
MAX_BODY_BYTES = 16 << 20
WRITE_UNITS = 5.0
"""About what writing or deleting an item of 1 KB costs; what it did cost is charged once it is known."""


class CosmosGate:
    """Passes requests on to a Cosmos DB, and answers 429 while a partition's request units are used up.

    Requests that concern no logical partition (of the account and the container) pass and cost nothing.

    Args:
        limits: None admits everything; what it costs is counted nevertheless.
    """

    def __init__(self, endpoint: str, limits: CosmosLimits | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._budget = None if limits is None else CosmosBudget(limits)
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None
        self.requests = self.throttled = 0
        self.charged: defaultdict[str, float] = defaultdict(float)

    async def start(self) -> str:
        """Listen on 127.0.0.1. Returns: the url."""
        self._session = aiohttp.ClientSession(auto_decompress=False, connector=aiohttp.TCPConnector(limit=0))
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _handle(self, request: web.Request) -> web.Response:
        key = _partition_key(request)
        if key is not None:
            self.requests += 1
            wait = 0 if self._budget is None else self._budget.retry_after_ms(key, self._clock())
            if wait:
                self.throttled += 1
                return _too_many(wait)
        body = await request.read()
        reserved = _expected_units(request, body)
        self._charge(key, reserved)
        assert self._session is not None
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        url = self._endpoint + request.raw_path
        async with self._session.request(request.method, url, headers=headers, data=body) as answer:
            content = await answer.read()
        self._charge(key, float(answer.headers.get("x-ms-request-charge") or 0) - reserved)
        passed = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
        return web.Response(status=answer.status, body=content, headers=passed)

    def _charge(self, key: str | None, units: float) -> None:
        if key is None:
            return
        self.charged[key] += units
        if self._budget is not None:
            self._budget.charge(key, units, self._clock())


def _partition_key(request: web.Request) -> str | None:
    """The first value of the partition key; None if the request concerns none."""
    text = request.headers.get("x-ms-documentdb-partitionkey")
    values = json.loads(text) if text else []
    return str(values[0]) if values else None


def _expected_units(request: web.Request, body: bytes) -> float:
    """Request units to hold while a request is under way, so that no crowd is admitted at once."""
    if request.headers.get("x-ms-cosmos-is-batch-request", "").lower() == "true":
        return WRITE_UNITS * len(json.loads(body))
    reads = request.method == "GET" or "query" in request.headers.get("Content-Type", "")
    return 1.0 if reads else WRITE_UNITS


def _too_many(wait: int) -> web.Response:
    """What Cosmos DB answers when the second's request units are used up."""
    content = {"code": "429", "message": "Request rate is large. More Request Units may be needed."}
    headers = {"x-ms-retry-after-ms": str(wait), "x-ms-substatus": "3200", "x-ms-request-charge": "0"}
    return web.json_response(content, status=429, headers=headers)


class FirestoreGate:
    """`Intercept` of the sandbox's Firestore that refuses what grows faster than documented.

    Nothing is refused or counted until `open`; items are put before.
    """

    def __init__(self, *, limited: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._budget = FirestoreBudget() if limited else None
        self._clock = clock
        self.open = False
        self.requests = self.throttled = self.operations = 0

    async def before(self, call: CallInfo) -> None:
        if not self.open:
            return
        self.requests += 1
        operations, now = max(1, call.writes), self._clock()
        if self._budget is not None:
            fast = call.writes == 1 and not self._budget.writes(call.subject, now)
            if fast or not self._budget.admits(operations, now):
                self.throttled += 1
                message = "Too much contention on these datastore entities. Please try again."
                raise CallRefusedError(grpc.StatusCode.ABORTED, message)
        self.operations += operations

    async def after(self, call: CallInfo) -> None:
        return None


@contextmanager
def running(start: Callable[[], Awaitable[T]], stop: Callable[[], Awaitable[None]]) -> Iterator[T]:
    """Run a server in a thread. Yields: what `start` returns."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="gate", daemon=True)
    thread.start()

    async def begin() -> T:
        return await start()

    async def end() -> None:
        await stop()

    try:
        yield asyncio.run_coroutine_threadsafe(begin(), loop).result(60)
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


@contextmanager
def limited_firestore(gate: FirestoreGate) -> Iterator[str]:
    """A Firestore of its own behind a gate. Yields: host and port."""
    servers: list[FirestoreServer] = []

    async def start() -> str:
        servers.append(FirestoreServer(intercept=gate))
        return f"127.0.0.1:{await servers[0].start()}"

    with running(start, lambda: servers[0].stop()) as address:
        yield address
