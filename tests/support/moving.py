"""A world for the hot-to-cold mover on reference stores, and processes that die at any call."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from l3kit.errors import StoreError
from l3kit.tiering.format.chunks import parse_object_key
from l3kit.tiering.movers.hot_to_cold import HotToCold
from l3kit.tiering.movers.local_target import LocalTarget
from l3kit.tiering.movers.report import RunReport
from l3kit.tiering.settings.tuning import Tuning
from tests.support.memory_stores import MemoryHotStore, MemoryJournalStore, MemoryObjectStore

NOW = datetime(2026, 3, 1, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)


def item(device: str, minute: int, **more: Any) -> bytes:
    stamp = (START + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps({"iotDeviceId": device, "id": stamp, "value": minute, **more}, separators=(",", ":")).encode()


@dataclass
class World:
    """The stores, a clock that can be set, and a mover that can be run again and again."""

    hot: MemoryHotStore = field(default_factory=MemoryHotStore)
    cold: MemoryObjectStore = field(default_factory=lambda: MemoryObjectStore("cold"))
    journal: MemoryJournalStore = field(default_factory=MemoryJournalStore)
    now: datetime = NOW
    runs: int = 0

    def put(self, device: str, *items: bytes) -> None:
        asyncio.run(self.hot.put_items(device, list(items)))

    def move(
        self,
        *devices: str,
        hot: Any = None,
        cold: Any = None,
        journal: Any = None,
        tuning: Tuning | None = None,
        remaining: Callable[[], float] = lambda: 900.0,
    ) -> RunReport:
        self.runs += 1
        tuning = tuning or Tuning(max_chunk_bytes=1024)
        run = HotToCold(
            hot=hot or self.hot,
            journal=journal or self.journal,
            target=LocalTarget(cold or self.cold, tuning.compression),
            devices=devices,
            now=NOW,
            hot_days=30,
            run_id=f"run-{self.runs}",
            clock=lambda: self.now,
            remaining=remaining,
            tuning=tuning,
        )
        return asyncio.run(run.run())

    def everywhere(self) -> Counter[str]:
        """Every item over both tiers, as text, with how often it is there."""
        found = Counter(i.decode() for items in self.hot.devices.values() for i in items.values())
        for key, body in self.cold.bodies().items():
            if parse_object_key(key):
                found.update(json.dumps(i, separators=(",", ":")) for i in json.loads(body))
        return found


def readings(device: str, count: int) -> list[bytes]:
    return [item(device, minute) for minute in range(count)]


class Dead(BaseException):
    """The process was killed."""


class Killer:
    """Stands between the mover and a store and kills it before or after its n-th call, or loses one answer."""

    def __init__(self, store: Any, tally: list[int], at: int, how: str) -> None:
        self._store, self._tally, self._at, self._how = store, tally, at, how

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._store, name)
        if not asyncio.iscoroutinefunction(attribute):
            return attribute

        async def call(*args: Any, **kwargs: Any) -> Any:
            self._tally[0] += 1
            if self._tally[0] != self._at:
                if self._tally[0] > self._at > 0 and self._how in ("before", "after"):
                    raise Dead  # a dead process makes no further calls
                return await attribute(*args, **kwargs)
            if self._how == "before":
                raise Dead
            if self._how == "refused":
                raise StoreError("store", "answered 503 to every try")
            await attribute(*args, **kwargs)
            if self._how == "after":
                raise Dead
            raise StoreError("store", "the answer was lost")

        return call


class Instead:
    """Stands between the mover and a store and has one method done otherwise; that gets the store's own first."""

    def __init__(self, store: Any, name: str, do: Callable[..., Any]) -> None:
        self._store, self._name, self._do = store, name, do

    def __getattr__(self, name: str) -> Any:
        own = getattr(self._store, name)
        return functools.partial(self._do, own) if name == self._name else own


def refusing(store: Any, name: str, error: BaseException) -> Instead:
    """A store of which one method fails."""

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise error

    return Instead(store, name, refuse)


class AtCall:
    """Stands between the mover and a store, and acts right before or after the n-th call over all stores."""

    def __init__(self, store: Any, tally: list[int], at: int, *, before: Any = None, after: Any = None) -> None:
        self._store, self._tally, self._at, self._before, self._after = store, tally, at, before, after

    def __getattr__(self, name: str) -> Any:
        own = getattr(self._store, name)
        if not asyncio.iscoroutinefunction(own):
            return own

        async def call(*args: Any, **kwargs: Any) -> Any:
            self._tally[0] += 1
            now = self._tally[0] == self._at
            if now and self._before:
                self._before()
            result = await own(*args, **kwargs)
            if now and self._after:
                await self._after()
            return result

        return call


def killed_world(at: int, how: str, change: Callable[[World], None] = lambda world: None) -> tuple[World, int]:
    world = World()
    world.put("a", *readings("a", 60))
    world.put("b", *readings("b", 25))
    tally = [0]
    hot, cold, journal = (Killer(s, tally, at, how) for s in (world.hot, world.cold, world.journal))
    with contextlib.suppress(Dead, StoreError):
        world.move("a", "b", hot=hot, cold=cold, journal=journal, tuning=Tuning(1024, device_concurrency=1))
    change(world)
    world.now += timedelta(minutes=10)  # the dead run's lease is over
    return world, tally[0]
