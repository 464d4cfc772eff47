"""An in-memory journal and a file destination, so that the measured CPU is that of the hot store."""

from __future__ import annotations

from pathlib import Path

from l3kit.errors import StoreError
from l3kit.tiering.format.chunks import Chunk, ChunkKey
from l3kit.tiering.ports import JournalRow, Usage


class MemoryJournal:
    """`JournalStore` in the memory of one process."""

    def __init__(self) -> None:
        self.usage = Usage()
        self._rows: dict[str, JournalRow] = {}

    async def load(self, name: str) -> JournalRow | None:
        return self._rows.get(name)

    async def swap(self, name: str, row: JournalRow) -> bool:
        there = self._rows.get(name)
        if (there.version if there else 0) != row.version - 1:
            return False
        self._rows[name] = row
        return True

    async def remove(self, name: str, version: int) -> bool:
        there = self._rows.get(name)
        if there is not None and there.version != version:
            return False
        self._rows.pop(name, None)
        return True

    async def names(self, prefix: str = "") -> list[str]:
        return sorted(name for name in self._rows if name.startswith(prefix))

    async def close(self) -> None:
        return None


class FolderTarget:
    """`ColdTarget` with each chunk in a file."""

    def __init__(self, folder: Path) -> None:
        self.usage = Usage()
        self._folder = folder
        self._number = 0

    def fits(self, body: bytes) -> bool:
        return True

    async def store(self, chunk: Chunk, *, again: bool = False) -> None:
        self._number += 1
        (self._folder / f"{self._number}.json").write_bytes(chunk.body)

    async def highest_number(self, device_id: str) -> int | None:
        return 0

    async def seal(self, key: ChunkKey) -> str | None:
        raise StoreError(str(key), "a benchmark has no interrupted run to seal")

    async def look(self, key: ChunkKey) -> str | None:
        raise StoreError(str(key), "a benchmark has no interrupted run to look at")
