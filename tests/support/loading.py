"""Loads into a memory store, in small batches, with faults of its calls."""

from __future__ import annotations

import io
import itertools
import shutil
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Literal, Unpack

from l3kit.clouds.ports.source_table import SourceTable
from l3kit.errors import StoreError
from l3kit.operate.coroutines import run
from l3kit.operate.load.devices import LoadedDevices
from l3kit.operate.load.kept import LoadJob
from l3kit.operate.load.loading import load_files
from l3kit.operate.load.pump import RowRate
from l3kit.operate.load.reading import check_files
from l3kit.operate.load.report import LoadReport
from l3kit.operate.load.settings import LoadOptions, checked
from l3kit.operate.load.sources import sources
from l3kit.session import Session
from l3kit.tiering.ports import Creation, Held, HotStore
from l3kit.twin.config import Twin
from tests.support.memory_stores import MemoryHotStore, MemoryJournalStore, MemoryObjectStore

Fault = Literal["killed before", "killed after", "lost", "refused"]
FAULTS: tuple[Fault, ...] = ("killed before", "killed after", "lost", "refused")


class KilledError(BaseException):
    """The process ended here."""


class FaultyHotStore(MemoryHotStore):
    """A store whose n-th call fails, once.

    Args:
        at: number of the call, from 1; 0 for none.
        folder: of the load; a kill keeps it as it is at that moment.
    """

    def __init__(self, at: int = 0, fault: Fault = "lost", folder: Path | None = None) -> None:
        super().__init__()
        self.fault, self.folder = fault, folder
        self.left = at
        self.calls = 0

    async def create_items(self, items: Sequence[bytes]) -> list[Creation]:
        return await self._faulty(lambda: super(FaultyHotStore, self).create_items(items))

    async def replace_item(self, item: bytes, held: Held) -> bool:
        return await self._faulty(lambda: super(FaultyHotStore, self).replace_item(item, held))

    async def _faulty(self, call: Callable[[], Awaitable[Any]]) -> Any:
        self.calls += 1
        self.left -= 1
        if self.left != 0:
            return await call()
        if self.fault == "refused":
            raise StoreError("table", "is throttled", "Raise its capacity")
        if self.fault != "killed before":
            await call()
        if self.fault == "lost":
            raise StoreError("table", "gave no answer", "Try again")
        if self.folder is not None:
            shutil.copytree(self.folder, snapshot(self.folder))
        raise KilledError


def snapshot(folder: Path) -> Path:
    return folder.with_name(folder.name + "-killed")


def restore(folder: Path) -> None:
    """Give a folder the content that it had when the process was killed."""
    if snapshot(folder).exists():
        shutil.rmtree(folder)
        snapshot(folder).rename(folder)
        for lock in folder.glob("*.lock"):  # the operating system frees it
            lock.unlink()


def load_into(store: HotStore, twin: Twin, *files: Path | str, **given: Any) -> LoadReport:
    """Load files as `loading` does."""
    return run(loading(store, twin, *files, **given))


async def loading(
    store: HotStore,
    twin: Twin,
    *files: Path | str,
    rows: int = 2,
    stdin: bytes = b"",
    digest: str = "digest",
    **options: Unpack[LoadOptions],
) -> LoadReport:
    """Load files in batches of so many rows; progress is recorded after each."""
    settings = checked({**options, "rate": float(rows)})
    found, _ = sources(files, settings.form)
    given = io.BytesIO(stdin)
    check_files(found, twin, settings, given)
    devices = LoadedDevices(twin, add=settings.add_devices)
    clock = itertools.count(0.0, 2.0).__next__
    job = LoadJob(store, twin, settings, digest, devices, RowRate(0), lambda count, text: None, clock)
    return await load_files(job, found, given)


class _MemoryCloud:
    def __init__(self, hot: HotStore, source: SourceTable | None) -> None:
        self._hot = hot
        self._source = source

    def hot_store(self, twin: Twin) -> HotStore:
        return self._hot

    def source_table(self, twin: Twin, name: str) -> SourceTable:
        assert self._source is not None
        return self._source

    def journal_store(self, twin: Twin) -> MemoryJournalStore:
        return MemoryJournalStore()

    def object_store(self, twin: Twin, tier: Any) -> MemoryObjectStore:
        return MemoryObjectStore(tier)


def session_with(hot: HotStore, twin: Twin, source: SourceTable | None = None) -> Session:
    """A session whose hot tier is this store, and where a table is `source`."""
    clouds: Any = dict.fromkeys(twin.layout.clouds, _MemoryCloud(hot, source))
    return Session("sandbox", clouds)
