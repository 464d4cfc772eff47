"""Journal records and chunks as a test finds, alters and archives them."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from l3kit.tiering.format.chunks import ChunkKey
from l3kit.tiering.journal import DEVICE_PREFIX
from l3kit.tiering.journal_record import from_row
from l3kit.tiering.movers.archive_targets import LocalArchive
from l3kit.tiering.movers.cold_to_archive import ColdToArchive
from l3kit.tiering.movers.hot_to_cold import HotToCold
from l3kit.tiering.movers.local_target import LocalTarget
from l3kit.tiering.ports import JournalRow
from l3kit.tiering.settings.tuning import Tuning
from tests.support.memory_stores import MemoryObjectStore
from tests.support.moving import NOW, Dead, World, killed_world, readings, refusing

WANTED = Counter(one.decode() for one in [*readings("a", 60), *readings("b", 25)])
CALLS = killed_world(0, "never")[1]
ROW = DEVICE_PREFIX + "a"


def hot_items(world: World) -> Counter[str]:
    return Counter(one.decode() for items in world.hot.devices.values() for one in items.values())


def open_state(world: World) -> str:
    """`none`, `writing` or `stored`: of the device whose turn it was when the run died."""
    states = {str(row.attributes.get("entry_state", "none")) for row in world.journal.rows.values()}
    return max(states)  # "writing" > "stored" > "none"; only one device has an entry


def alter(world: World, name: str = ROW, **attributes: Any) -> None:
    """Change attributes of a record as somebody in the cloud's console does: its version stays."""
    row = world.journal.rows[name]
    world.journal.rows[name] = JournalRow(row.version, {**row.attributes, **attributes})


def under_way(world: World) -> tuple[str, ChunkKey] | None:
    """The record with an open entry, and the chunk that it speaks of."""
    for name, row in world.journal.rows.items():
        if name.startswith(DEVICE_PREFIX) and (entry := from_row(row).entry):
            return name, entry.key
    return None


def archive_all(
    cold: MemoryObjectStore, archive: MemoryObjectStore, *, now: datetime | None = None, before: datetime = NOW
) -> Any:
    """An archive run that takes all whose data end before a moment; seals count as old where `now` is late."""
    clock = now or NOW
    run = ColdToArchive(
        cold=cold,
        target=LocalArchive(archive),
        now=before,
        cold_days=0,
        run_id=f"archive-{len(archive.objects)}",
        clock=lambda: clock,
        remaining=lambda: 900.0,
    )
    return asyncio.run(run.run())


def stopped_before_its_deletes() -> World:
    """Device `a` with 60 items, its first chunk noted as stored and none of its items deleted."""
    world = World()
    world.put("a", *readings("a", 60))

    with contextlib.suppress(Dead):
        world.move("a", hot=refusing(world.hot, "delete_page", Dead()))
    assert from_row(world.journal.rows[ROW]).entry.state == "stored"  # type: ignore[union-attr]
    world.now += timedelta(minutes=10)
    return world


def key_of(number: int, device: str = "a") -> ChunkKey:
    return ChunkKey(device, "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z", number)


def mover(
    world: World, archive: MemoryObjectStore | None, run_id: str, stores: Any = None, target: Any = None, **more: Any
) -> HotToCold:
    hot, cold, journal = stores or (world.hot, world.cold, world.journal)
    run = HotToCold(
        hot=hot,
        journal=journal,
        target=target or LocalTarget(cold, "none", archive),
        devices=("a", "b"),
        now=NOW,
        hot_days=30,
        run_id=run_id,
        clock=lambda: world.now,
        remaining=lambda: 900.0,
        tuning=Tuning(max_chunk_bytes=1024),
    )
    return replace(run, **more)


def run_on(world: World, archive: MemoryObjectStore | None) -> Any:
    return asyncio.run(mover(world, archive, "run").run())
