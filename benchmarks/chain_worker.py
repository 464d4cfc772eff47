"""The measured process of `benchmarks.chain`: takes messages through one chain in batches, and prints its times.

`python -m benchmarks.chain_worker naive|l3kit BATCH MESSAGES`, with the functions' environment (see cells.py). The
three functions run in this process; a call between them is only what Lambda's runtime does with an event, `json.loads`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from benchmarks.dataset import CUTOFF, DEVICES, device_items

WARM_UP = 20
"""Messages before the measured ones: connections are opened, and what is loaded on first use is loaded."""

Deliver = Callable[[Sequence[bytes]], None]
"""Takes what a source delivers at once; returns when all of it is stored."""


def messages(count: int) -> list[bytes]:
    """The data set's items as devices send them, one device after the other."""
    from l3kit.clouds.aws.data.items import to_chunk_json

    share = -(-count // len(DEVICES))
    by_device = [[to_chunk_json(orjson.loads(wire)) for _, wire in device_items(n, share)] for n in range(len(DEVICES))]
    return [message for at_once in zip(*by_device, strict=True) for message in at_once][:count]


def naive() -> Deliver:
    from benchmarks.naive_chain import dispatcher

    def deliver(batch: Sequence[bytes]) -> None:
        for body in batch:
            dispatcher(body.decode())

    return deliver


def l3kit() -> Deliver:
    """The chain as deployed on AWS, but for the calls between functions."""
    from l3kit.clouds.aws.data.events import unwrapped, wrapped
    from l3kit.clouds.aws.data.stores import open_hot, open_journal, open_objects
    from l3kit.clouds.aws.data.variables import VARIABLES
    from l3kit.tiering.runtime.chain import Chain
    from l3kit.tiering.runtime.openers import Openers
    from l3kit.tiering.settings.loading import load_settings
    from l3kit.tiering.stream.ports import Delivery

    @dataclass
    class InProcess:
        chains: dict[str, Chain] = field(default_factory=dict)

        async def call(self, function: str, event: bytes) -> bytes:
            return await self.chains[function].step(unwrapped(json.loads(wrapped(event))), remaining)

        async def close(self) -> None:
            return None

    def remaining() -> float:
        return 900.0

    peers = InProcess()

    def peers_by_name(names: Mapping[str, str]) -> InProcess:
        return peers

    openers = Openers(open_hot, open_journal, open_objects, peers_by_name)
    for function in ("dispatcher", "default-processor", "persister"):
        settings = load_settings(function, os.environ, cloud=VARIABLES)
        peers.chains[function] = Chain(settings, openers, lambda: CUTOFF)
    runner = asyncio.Runner()

    def deliver(batch: Sequence[bytes]) -> None:
        deliveries = [Delivery(body, received=CUTOFF) for body in batch]
        counts = runner.run(peers.chains["dispatcher"].dispatch(deliveries, remaining))
        if counts.stored != len(batch):
            raise RuntimeError(f"{len(batch)} new messages, but {counts}")

    return deliver


def cut(sent: Sequence[bytes], size: int) -> Iterator[Sequence[bytes]]:
    for at in range(0, len(sent), size):
        yield sent[at : at + size]


def main(way: str, size: str, count: str) -> None:
    sent = messages(WARM_UP + int(count))
    deliver = {"naive": naive, "l3kit": l3kit}[way]()
    for batch in cut(sent[:WARM_UP], int(size)):
        deliver(batch)
    wall, cpu = time.perf_counter(), time.process_time()
    for batch in cut(sent[WARM_UP:], int(size)):
        deliver(batch)
    print(json.dumps({"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}))


if __name__ == "__main__":
    main(*sys.argv[1:])
