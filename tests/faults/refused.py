"""Dead letters of both devices, written by the deployed message chain of a twin whose processors refuse everything.

Both devices also send the same bytes that are no message.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from l3kit.operate.simulate.publication import publish
from l3kit.session import reached
from l3kit.tiering.ports import ObjectStore
from l3kit.tiering.stream.letters import DeadLetter
from tests.faults.world import DEVICES, World, item

PROCESSOR = "def process(event):\n    raise ValueError('not calibrated')\n"
EACH = 2
"""Messages of each device."""
SECONDS = 300.0


def write_processors(folder: Path) -> None:
    """Give each device of the twin in this folder the processor."""
    for device in DEVICES:
        own = folder / "processors" / quote(device, safe="")
        own.mkdir(parents=True)
        (own / "process.py").write_text(PROCESSOR)


@dataclass(frozen=True, slots=True)
class Letter:
    """One that is there. `digest`: as the record of an erase has it."""

    device: str
    key: str
    digest: str


def refused(world: World) -> frozenset[Letter]:
    """Empty the store of dead letters, and let the chain refuse messages of this case. Returns: their letters."""
    world.do(_clear(world))
    return refused_also(world, 60)


def refused_also(world: World, first: int) -> frozenset[Letter]:
    """Let the chain refuse further messages, from this minute on. Returns: their letters."""
    before = letters(world)
    sent = [(device, item(device, first + n, case=world.number)) for device in DEVICES for n in range(EACH)]
    sent += [(device, b"no message, %d of case %d" % (first, world.number)) for device in DEVICES]
    publish(world.session, world.twin, sent, wait_seconds=SECONDS).raise_if_failed()
    found = letters(world) - before
    assert sorted(one.device for one in found) == sorted(device for device, _ in sent), found
    return found


def letters(world: World) -> frozenset[Letter]:
    return world.do(_letters(world))


def versions(world: World, keys: frozenset[str]) -> list[str]:
    """What is left of these letters, but what the store keeps after their deletion whatever is asked."""
    return world.do(_versions(world, keys))


async def _clear(world: World) -> None:
    async with _store(world) as store:
        for key in [info.key async for info in store.list()]:
            await store.delete(key)


async def _letters(world: World) -> frozenset[Letter]:
    async with _store(world) as store:
        infos = [info async for info in store.list()]
        read = [(one, DeadLetter.from_json(one.key, await store.read(one.key))) for one in infos]
    return frozenset(Letter(str(letter.device), info.key, f"etag:{info.etag}") for info, letter in read)


async def _versions(world: World, keys: frozenset[str]) -> list[str]:
    async with _store(world) as store:
        return [
            f"letters {one.key} {one.version}"
            async for one in store.versions()
            if one.key in keys and one.kept_until is None
        ]


@asynccontextmanager
async def _store(world: World) -> AsyncIterator[ObjectStore]:
    store = reached(world.session, world.twin.layout.l2, "dead letters").object_store(world.twin, "letters")
    try:
        yield store
    finally:
        await store.close()
