"""Real runs of the hot-to-cold mover: its own adapters on the benchmarks' stub of DynamoDB and S3, in this process.

The stub pages and bills as DynamoDB does; across clouds the mover posts to a cold writer on loopback.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from benchmarks.stub import Connection, Store
from benchmarks.stub_partitions import Partition
from benchmarks.stub_tables import Tables
from l3kit.clouds.aws.data.credentials import Credentials
from l3kit.clouds.aws.data.items import to_wire
from l3kit.clouds.aws.data.stores import Place, open_hot, open_journal, open_objects
from l3kit.tiering.movers.cold_target import ColdTarget
from l3kit.tiering.movers.hot_to_cold import HotToCold
from l3kit.tiering.movers.local_target import LocalTarget
from l3kit.tiering.movers.remote_target import RemoteTarget
from l3kit.tiering.settings.tuning import Tuning
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.cold_writer import ColdWriter
from l3kit.tiering.transfer.sender import Writer
from tests.support.memory_stores import MemoryObjectStore
from tests.support.wire_server import LINK, TOKEN, serving

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HOT_DAYS = 30


def readings(device: str, count: int, text_bytes: int) -> list[bytes]:
    """Items of one size, a second apart, all due."""
    first = NOW - timedelta(days=60)
    return [
        orjson.dumps(
            {
                "iotDeviceId": device,
                "id": (first + timedelta(seconds=n)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "level": 10 + n * 7 % 89,
                "text": hashlib.shake_128(f"{device} {n}".encode()).hexdigest(text_bytes // 2),
            }
        )
        for n in range(count)
    ]


@dataclass(frozen=True)
class RealMove:
    """A run's report, and the bytes that were sent to a writer."""

    report: dict[str, Any]
    sent_bytes: int


def real_move(items: dict[str, list[bytes]], chunk_bytes: int, *, abroad: bool = False) -> RealMove:
    """Run the mover twice: over one early item of each device, so that none is new, and then over these items."""
    with _writer() as writer:
        return asyncio.run(_both_runs(items, Tuning(max_chunk_bytes=chunk_bytes), writer if abroad else None))


async def _both_runs(items: dict[str, list[bytes]], tuning: Tuning, writer: Writer | None) -> RealMove:
    store = Store(Tables(0), 0, 0)
    store.tables.partitions.clear()
    async with _served(store) as place:
        for device in items:
            store.tables.partitions[device] = _partition(readings(device, 1, 8))
        await _run(place, list(items), tuning, writer, "first")
        for device, held in items.items():
            store.tables.partitions[device] = _partition(held)
        before = writer.usage.bytes_out if writer else 0
        report = await _run(place, list(items), tuning, writer, "second")
        left = [device for device, one in store.tables.partitions.items() if any(one.alive)]
        assert (left, report["verdict"]) == ([], "complete")
    return RealMove(report, (writer.usage.bytes_out if writer else 0) - before)


async def _run(place: Place, devices: list[str], tuning: Tuning, writer: Writer | None, run_id: str) -> dict[str, Any]:
    hot, journal, cold = open_hot("hot", place), open_journal("journal", place), open_objects("cold", "cold", place)
    target: ColdTarget = LocalTarget(cold)
    if writer is not None:
        writer.usage.requests.clear()
        target = RemoteTarget(writer, "aws")
    run = HotToCold(
        hot=hot,
        journal=journal,
        target=target,
        devices=devices,
        now=NOW,
        hot_days=HOT_DAYS,
        run_id=run_id,
        clock=lambda: NOW,
        remaining=lambda: 900.0,
        tuning=tuning,
    )
    try:
        return (await run.run()).to_json()
    finally:
        for one in (hot, journal, cold):
            await one.close()


@asynccontextmanager
async def _served(store: Store) -> AsyncIterator[Place]:
    server = await asyncio.get_running_loop().create_server(lambda: Connection(store), "127.0.0.1", 0)
    try:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield Place("eu-central-1", lambda: Credentials("stub", "stub"), address)
    finally:
        server.close()


@contextmanager
def _writer() -> Iterator[Writer]:
    receiver = ColdWriter(MemoryObjectStore("cold"), Secret(TOKEN))
    with serving() as server:
        server.answer = lambda request: asyncio.run(receiver.handle(request))
        writer = Writer(server.url, Secret(TOKEN), LINK)
        try:
            yield writer
        finally:
            writer.close()


def _partition(items: list[bytes]) -> Partition:
    return Partition([(orjson.loads(item)["id"], orjson.dumps(to_wire(item))) for item in items])
