"""The journal as people read it: every record, those of removed devices too, and what could not be read."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from l3kit.operate.journal import JournalReport, read_records
from l3kit.operate.tier_stores import TierStores
from l3kit.tiering.format.chunks import CANARY_DEVICE
from l3kit.tiering.journal import DEVICE_PREFIX
from l3kit.tiering.journal_record import DeviceRecord, to_row
from l3kit.tiering.ports import JournalRow
from l3kit.twin.config import Twin
from tests.support.memory_stores import MemoryHotStore, MemoryJournalStore

TWIN = Twin.load(Path(__file__).parents[3] / "params" / "twins" / "nyc-weather")
LISTED = [device.id for device in TWIN.devices]


def read(journal: Any) -> JournalReport:
    return asyncio.run(read_records(TierStores(MemoryHotStore(), journal, None, None), TWIN))


def moved(items: int) -> JournalRow:
    return to_row(DeviceRecord(version=1, moved_items=items, moved_chunks=1))


def test_each_listed_device_has_a_row_and_so_has_a_removed_one() -> None:
    journal = MemoryJournalStore()
    asyncio.run(journal.swap(DEVICE_PREFIX + LISTED[0], moved(1234)))
    asyncio.run(journal.swap(DEVICE_PREFIX + "removed", moved(6)))
    found = read(journal)
    assert [device for device, _ in found.records] == [*LISTED, "removed"]
    assert found.complete
    assert found.summary() == f"{len(LISTED) + 1} devices in the journal, 1,240 items moved, 0 chunks under way"
    assert list(found.to_frame()["items moved"]) == [1234, *[0] * (len(LISTED) - 1), 6]


def test_the_canary_s_record_is_not_shown() -> None:
    journal = MemoryJournalStore()
    asyncio.run(journal.swap(DEVICE_PREFIX + CANARY_DEVICE, moved(1)))
    assert [device for device, _ in read(journal).records] == LISTED


def test_a_record_that_cannot_be_read_is_a_gap_and_hides_no_other() -> None:
    journal = MemoryJournalStore()
    asyncio.run(journal.swap(DEVICE_PREFIX + LISTED[0], JournalRow(1, {"owner": 5})))
    found = read(journal)
    assert [device for device, _ in found.records] == LISTED[1:]
    assert not found.complete
    (gap,) = found.to_json()["gaps"]
    assert gap["what"] == f"the record of {LISTED[0]}"
    assert f"incomplete: the record of {LISTED[0]}" in found.summary()
    assert list(found.gaps_frame()["what"]) == [gap["what"]]


def test_a_journal_out_of_reach_is_a_gap_with_its_remedy() -> None:
    found = read(None)
    assert (found.records, found.complete) == ((), False)
    assert found.gaps[0].summary() == (
        "the journal: is on aws, which this session does not reach. Connect to aws as well"
    )
