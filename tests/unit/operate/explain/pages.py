"""Facts about a device, and the pages made of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from l3kit.operate.explain.facts import DeviceFacts, HotItems, Place, StoredChunk
from l3kit.operate.explain.page import DevicePage
from l3kit.tiering.format.chunks import ChunkKey, checksums, encode_sort_keys
from l3kit.tiering.journal_record import DeviceRecord, Entry
from l3kit.twin.schedules import Schedule

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAILY = Schedule("on", "cron(0 3 * * ? *)", NOW + timedelta(hours=3))
PLACES = (Place("hot", "aws", "t-hot"), Place("cold", "aws", "t-cold"), Place("archive", "aws", "t-archive"))


def stamp(days_old: float) -> str:
    return (NOW - timedelta(days=days_old)).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamps(newest: int, oldest: int) -> list[str]:
    """One a day, the oldest first, both ends included."""
    return [stamp(days) for days in range(oldest, newest - 1, -1)]


def hot(keys: list[str]) -> HotItems:
    return HotItems(keys, 50 * len(keys), max(keys, default=""))


def chunk(newest: int, oldest: int, number: int = 1, **more: Any) -> StoredChunk:
    key = ChunkKey("pump-1", stamp(oldest), stamp(newest), number)
    return StoredChunk(key, **{"bytes": 2048, "items": oldest - newest + 1, "sha256": f"{number:064x}", **more})


def entry(state: Any, newest: int, oldest: int, number: int = 1) -> Entry:
    """The journal's note of `chunk` with the same arguments."""
    keys = stamps(newest, oldest)
    noted = encode_sort_keys(keys), checksums([key.encode() for key in keys])
    key = ChunkKey("pump-1", keys[0], keys[-1], number)
    return Entry(state, key, f"{number:064x}", 2048, len(keys), *noted)


def record(under_way: Entry | None = None, *, owner: str = "", seconds: float = -3600, **more: Any) -> DeviceRecord:
    until = NOW + timedelta(seconds=seconds)
    return DeviceRecord(version=4, owner=owner, lease_until=until, entry=under_way, **more)


def page(**more: Any) -> DevicePage:
    nothing = DeviceFacts(
        twin="t",
        device_id="pump-1",
        now=NOW,
        hot_days=30,
        cold_days=90,
        places=PLACES,
        hot=HotItems(),
        cold=(),
        archive=(),
        record=DeviceRecord(),
        entry=None,
        schedules=(DAILY, DAILY),
    )
    return DevicePage(replace(nothing, **more))


def flat(shown: DevicePage) -> str:
    """The text without its line breaks."""
    return " ".join(str(shown).split())
