"""Compares movers on Cosmos DB and Firestore with their documented limits: `python -m benchmarks.limited_hot_stores`.

l3kit's mover and naive use of each SDK (`benchmarks.hot_store_worker`) move the same items into files, with the limits
and without. Cosmos DB is the sandbox's behind a gate with the request units of a container, Firestore the sandbox's
with the ramp of a new collection. The ideal wall time is the larger of what the limits leave possible and of what the
same mover takes without them; the ideal number of requests is that of the run without.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from benchmarks.dataset import CUTOFF, ITEMS_PER_MB, device_ids, device_items
from benchmarks.hot_stores import STORES, WAYS, fill, open_store, work
from benchmarks.limiting import CosmosGate, FirestoreGate, limited_firestore, running
from benchmarks.rates.cosmos import SERVERLESS, CosmosLimits
from benchmarks.rates.firestore import seconds_for
from l3kit import sandbox
from l3kit.clouds.aws.data.items import to_chunk_json
from l3kit.operate.coroutines import run

HEADER = (
    "| store | devices | way | limits | wall s | ideal s | ratio | CPU s | ratio | requests | ideal | ratio "
    "| throttled | peak MB | items moved once | equal |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Moved:
    """One run. `floor`: the least seconds in which the limits admit what it took."""

    store: str
    devices: int
    way: str
    limited: bool
    wall: float
    cpu: float
    peak_mb: float
    requests: int
    throttled: int
    floor: float
    items: int
    once: int
    equal: int

    @property
    def exact(self) -> bool:
        return self.once == self.equal == self.items


@dataclass(slots=True)
class Gated:
    """An address behind a gate, and what it told when the run was over."""

    address: str
    requests: int = 0
    throttled: int = 0
    floor: float = 0.0


@contextmanager
def cosmos_gated(endpoint: str, limits: CosmosLimits, limited: bool) -> Iterator[Gated]:
    gate = CosmosGate(endpoint, limits if limited else None)
    with running(gate.start, gate.stop) as address:
        gated = Gated(address)
        yield gated
        gated.requests, gated.throttled, gated.floor = gate.requests, gate.throttled, limits.seconds(gate.charged)


def measure(endpoint: str, store: str, way: str, mb: float, devices: int, limits: CosmosLimits, limited: bool) -> Moved:
    """Fill a new store, move it through a gate, look at every item. `endpoint`: of the sandbox's Cosmos DB."""
    name, ids = f"bench-{uuid.uuid4().hex[:8]}", device_ids(devices)
    per_device = int(ITEMS_PER_MB * mb / devices)
    with tempfile.TemporaryDirectory() as folder:
        where = {"store": store, "way": way, "name": name, "devices": devices, "folder": folder}
        if store == "cosmos":
            run(fill({"cosmos": endpoint}, store, name, ids, per_device))
            with cosmos_gated(endpoint, limits, limited) as gated:
                found = work({**where, "endpoints": {"cosmos": gated.address}})
            left = run(_left({"cosmos": endpoint}, store, name, ids))
        else:
            gate = FirestoreGate(limited=limited)
            with limited_firestore(gate) as address:
                run(fill({"firestore": address}, store, name, ids, per_device))
                gate.open = True
                found = work({**where, "endpoints": {"firestore": address}})
                gate.open = False
                left = run(_left({"firestore": address}, store, name, ids))
            gated = Gated(address, gate.requests, gate.throttled, seconds_for(gate.operations))
        once, equal = verify(Path(folder), devices, per_device)
    told = (gated.requests, gated.throttled, gated.floor, per_device * devices, once - left, equal - left)
    return Moved(store, devices, way, limited, found["wall"], found["cpu"], found["peak_kb"] / 1024, *told)


async def _left(endpoints: dict[str, str], store: str, name: str, ids: Sequence[str]) -> int:
    """Items that are still in the store."""
    hot = open_store(endpoints, store, name)
    pages = [await hot.read_page(device, before=CUTOFF.isoformat(), limit=1000) for device in ids]
    await hot.close()
    return sum(len(page.sort_keys) for page in pages)


def verify(folder: Path, devices: int, per_device: int) -> tuple[int, int]:
    """Read all files. Returns: how many items are there exactly once, and how many of these have every value."""
    copies: Counter[tuple[str, str]] = Counter()
    equal: set[tuple[str, str]] = set()
    wanted = {
        (device, key): _parsed(to_chunk_json(orjson.loads(wire)))
        for number, device in enumerate(device_ids(devices))
        for key, wire in device_items(number, per_device)
    }
    for path in folder.iterdir():
        for item in _parsed(path.read_bytes()):
            key = (str(item.get("iotDeviceId")), str(item.get("id")))
            copies[key] += 1
            if item == wanted.get(key):
                equal.add(key)
    once = {key for key, count in copies.items() if count == 1 and key in wanted}
    return len(once), len(once & equal)


def _parsed(content: bytes) -> Any:
    return json.loads(content, parse_float=Decimal, parse_int=Decimal)


def rows(free: Moved, limited: Moved) -> list[str]:
    """Two lines of the table: the run without limits, and the one with them."""
    ideal = max(free.wall, free.floor)
    lines = []
    for one in (free, limited):
        wall = f"{ideal:.1f} | {one.wall / ideal:.2f}" if one.limited else "|"
        cpu = f"{one.cpu / free.cpu:.2f}" if one.limited else ""
        requests = f"{free.requests:,} | {one.requests / free.requests:.2f}" if one.limited else "|"
        lines.append(
            f"| {one.store} | {one.devices} | {one.way} | {'on' if one.limited else 'off'} | {one.wall:.1f} | {wall} "
            f"| {one.cpu:.2f} | {cpu} | {one.requests:,} | {requests} | {one.throttled:,} | {one.peak_mb:.0f} "
            f"| {one.once:,} of {one.items:,} | {one.equal:,} |"
        )
    return lines


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.limited_hot_stores",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--mb", type=float, default=2, help="megabytes that each way moves (default 2)")
    parser.add_argument("--devices", type=int, nargs="+", default=[1, 10, 100], help="1 to 100")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--stores", nargs="+", choices=STORES, default=STORES)
    parser.add_argument(
        "--request-units", type=float, default=SERVERLESS.units, help="of the container, a second (default 5000)"
    )
    options = parser.parse_args(arguments)
    if not all(1 <= count <= 100 for count in options.devices):
        parser.error("--devices are 1 to 100")
    if not 400 <= options.request_units <= 1_000_000:
        parser.error("--request-units are 400 to 1000000, as Cosmos DB allows for a container")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison. Exit code 1 if l3kit lost, altered, duplicated or left an item, whatever its speed."""
    options = parse(arguments)
    limits = CosmosLimits(options.request_units)
    exact = True
    print(f"Cosmos DB: {limits.units:,.0f} request units a second; Firestore: 500 operations a second\n\n{HEADER}")
    with _cosmos(options.stores) as endpoints:
        for store in options.stores:
            for devices in options.devices:
                for way in options.ways:
                    print(f"{store}, {way}, {devices} devices ...", file=sys.stderr, flush=True)
                    what = (endpoints.get("cosmos", ""), store, way, options.mb, devices, limits)
                    free, limited = (measure(*what, limited) for limited in (False, True))
                    print("\n".join(rows(free, limited)), flush=True)
                    exact = exact and (way != "l3kit" or (free.exact and limited.exact))
    return 0 if exact else 1


@contextmanager
def _cosmos(stores: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """A sandbox with Cosmos DB, if a store needs one. Yields: its addresses."""
    if "cosmos" not in stores:
        yield {}
        return
    with tempfile.TemporaryDirectory() as home:
        state = sandbox.ensure_up(Path(home), clouds=("azure",), owner=os.getpid())
        try:
            yield dict(state.endpoints)
        finally:
            sandbox.down(Path(home))


if __name__ == "__main__":
    sys.exit(main())
