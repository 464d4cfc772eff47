"""Compares the mover's CPU for Cosmos DB and Firestore with naive use of the SDK: `python -m benchmarks.hot_stores`.

In a sandbox with all three clouds, each method moves the same items from its own container or collection into files, in
a separate process whose CPU is measured. The naive method is `list(query_items())` or `list(collection.stream())`,
`json.dumps`, and one delete at a time. The amounts are small, since the naive method takes minutes: each method also
runs on an empty store, and the difference is scaled to 100 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from google.oauth2.credentials import Credentials

from benchmarks.dataset import DEVICES, ITEMS_PER_MB, device_items
from l3kit import sandbox
from l3kit.clouds.aws.data.items import to_chunk_json
from l3kit.clouds.azure.data.cosmos_stores import CosmosPlace
from l3kit.clouds.azure.data.cosmos_stores import open_hot as open_cosmos
from l3kit.clouds.gcp.data.firestore_stores import FirestorePlace
from l3kit.clouds.gcp.data.firestore_stores import open_hot as open_firestore
from l3kit.operate.coroutines import run
from l3kit.sandbox import SandboxState
from l3kit.sandbox.state import Home
from l3kit.tiering.ports import HotStore

STORES = ("cosmos", "firestore")
WAYS = ("naive", "l3kit")
DATABASE = "benchmark"


@dataclass(frozen=True, slots=True)
class Measured:
    """One process: CPU and wall time in seconds, peak memory in kB, items moved, requests if counted."""

    store: str
    way: str
    mb: float
    cpu: float
    wall: float
    peak_kb: int
    items: int
    requests: int


@dataclass(frozen=True, slots=True)
class Row:
    """The quickest run of a method, and the quickest on an empty store, which is its start-up including imports."""

    moved: Measured
    empty: Measured

    @property
    def cpu_per_100_mb(self) -> float:
        return self.empty.cpu + (self.moved.cpu - self.empty.cpu) * 100 / self.moved.mb

    @property
    def wall_per_100_mb(self) -> float:
        return self.empty.wall + (self.moved.wall - self.empty.wall) * 100 / self.moved.mb


def measure(state: SandboxState, store: str, way: str, mb: float) -> Measured:
    """Fill a new store and move it in a separate process. Raises: RuntimeError if that fails."""
    name = f"bench-{uuid.uuid4().hex[:8]}"
    per_device = int(ITEMS_PER_MB * mb / len(DEVICES))
    endpoints, token = dict(state.endpoints), operator(state)
    run(fill(endpoints, store, name, DEVICES, per_device, token))
    where = {"store": store, "way": way, "name": name, "endpoints": endpoints, "devices": len(DEVICES), "token": token}
    found = work(where)
    if found["items"] != per_device * len(DEVICES):
        raise RuntimeError(f"{store} {way} moved {found['items']} items, not {per_device * len(DEVICES)}")
    return Measured(store, way, mb, **found)


def operator(state: SandboxState) -> str:
    """Return a token of the operator of the sandbox's Google Cloud."""
    from l3kit.sandbox.gcp.account import NAME
    from l3kit.sandbox.gcp.identity import operator_token

    return operator_token(Home(state.home).cloud(NAME))


def work(where: Mapping[str, object]) -> dict[str, Any]:
    """Move in a process of its own. Returns: what it measured. Raises: RuntimeError if it fails."""
    command = [sys.executable, "-m", "benchmarks.hot_store_worker"]
    done = subprocess.run(command, input=json.dumps(where), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{where['store']} {where['way']}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def open_store(endpoints: dict[str, str], store: str, name: str, token: str = "") -> HotStore:
    """Open the hot store at these endpoints. `token`: for Firestore; empty where it asks for none."""
    from l3kit.sandbox.azure.account import COSMOS_KEY
    from l3kit.sandbox.gcp.account import PROJECT

    if store == "cosmos":
        return open_cosmos(name, CosmosPlace(endpoints["cosmos"], DATABASE, COSMOS_KEY), delete_concurrency=64)
    credentials = (lambda: Credentials(token)) if token else None
    place = FirestorePlace(PROJECT, "(default)", endpoints["firestore"], credentials=credentials)
    return open_firestore(name, place, delete_concurrency=64)


async def fill(
    endpoints: dict[str, str], store: str, name: str, devices: Sequence[str], per_device: int, token: str = ""
) -> None:
    """Make a container, if the store needs one, and put the items of each device."""
    if store == "cosmos":
        from azure.cosmos import CosmosClient, PartitionKey

        from l3kit.sandbox.azure.account import COSMOS_KEY

        client = CosmosClient(endpoints["cosmos"], COSMOS_KEY, enable_endpoint_discovery=False)
        database = client.create_database_if_not_exists(DATABASE)
        database.create_container(name, PartitionKey("/iotDeviceId"))
    hot = open_store(endpoints, store, name, token)
    for number, device in enumerate(devices):
        items = [to_chunk_json(orjson.loads(wire)) for _, wire in device_items(number, per_device)]
        for at in range(0, len(items), 500):
            await hot.put_items(device, items[at : at + 500])
    await hot.close()


def rows(found: Sequence[Measured]) -> dict[tuple[str, str], Row]:
    """The quickest runs by store and method."""
    ordered = sorted(found, key=lambda m: m.cpu, reverse=True)
    moved = {(m.store, m.way): m for m in ordered if m.items}
    empty = {(m.store, m.way): m for m in ordered if not m.items}
    return {key: Row(moved[key], empty[key]) for key in sorted(moved)}


def table(found: Sequence[Measured]) -> str:
    """Format the cost of each method, and the CPU ratio of naive to l3kit."""
    best = rows(found)
    lines = [
        "| store | way | moved | CPU at start | CPU per 100 MB | wall per 100 MB | peak memory | requests |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (store, way), row in best.items():
        requests = f"{row.moved.requests:,}" if row.moved.requests else "not counted"
        lines.append(
            f"| {store} | {way} | {row.moved.mb:g} MB | {row.empty.cpu:.1f} s | {row.cpu_per_100_mb:.1f} s "
            f"| {row.wall_per_100_mb:.0f} s | {row.moved.peak_kb // 1024} MB | {requests} |"
        )
    for store in sorted({store for store, _ in best}):
        if (store, "naive") in best and (store, "l3kit") in best:
            ratio = best[store, "naive"].cpu_per_100_mb / best[store, "l3kit"].cpu_per_100_mb
            lines.append(f"{store}: the naive method takes {ratio:.1f} times the CPU of l3kit's mover")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hot_stores", description=__doc__)
    parser.add_argument("--mb", type=float, default=2, help="megabytes that each way moves (default: 2)")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--runs", type=int, default=1, help="runs of each, of which the quickest counts (default: 1)")
    parser.add_argument("--stores", nargs="+", choices=STORES, default=STORES)
    options = parser.parse_args(arguments)
    found: list[Measured] = []
    with tempfile.TemporaryDirectory() as home:
        state = sandbox.ensure_up(Path(home), clouds=("azure", "gcp"), owner=os.getpid())
        try:
            for store in options.stores:
                for way in options.ways:
                    found += [measure(state, store, way, mb) for mb in (0, options.mb) for _ in range(options.runs)]
                    print(f"{store} {way} measured", file=sys.stderr)
        finally:
            sandbox.down(Path(home))
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
