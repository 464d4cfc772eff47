"""l3kit's mover runs with the benchmark's journal and its folder of files."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson

from benchmarks.memory_journal import FolderTarget, MemoryJournal
from l3kit.tiering.movers.hot_to_cold import HotToCold
from l3kit.tiering.ports import JournalRow
from l3kit.tiering.settings.tuning import Tuning
from tests.support.memory_stores import MemoryHotStore
from tests.support.moving import NOW, readings


def test_a_move_ends_with_all_items_in_files(tmp_path: Path) -> None:
    async def move() -> str:
        hot = MemoryHotStore()
        await hot.put_items("a", readings("a", 30))
        mover = HotToCold(
            hot=hot,
            journal=MemoryJournal(),
            target=FolderTarget(tmp_path),
            devices=["a"],
            now=NOW,
            hot_days=0,
            run_id="benchmark",
            clock=lambda: NOW,
            remaining=lambda: 900.0,
            tuning=Tuning(),
        )
        return str((await mover.run()).to_json()["verdict"])

    assert asyncio.run(move()) == "complete"
    assert sum(len(orjson.loads(path.read_bytes())) for path in tmp_path.iterdir()) == 30


def test_a_row_is_removed_in_the_version_that_was_read_only() -> None:
    async def ask() -> list[bool]:
        journal = MemoryJournal()
        await journal.swap("a", JournalRow(1, {}))
        return [await journal.remove("a", 2), await journal.remove("a", 1), await journal.remove("a", 1)]

    assert asyncio.run(ask()) == [False, True, True]
