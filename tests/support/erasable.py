"""A twin on reference stores whose devices have something everywhere, for the end of one of them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from l3kit.clouds.ports.retention import Retained
from l3kit.operate.erase.report import ErasePlan, EraseReport
from l3kit.operate.erase.starting import erase, plan_erase
from l3kit.session import Session
from l3kit.tiering.format.chunks import device_prefix, object_key
from l3kit.tiering.format.expiry import Batch, ExpiringChunk
from l3kit.tiering.journal_record import DeviceRecord, to_row
from l3kit.tiering.movers.archive_expirer import REPORT_PREFIX as EXPIRER_REPORTS
from l3kit.tiering.movers.cold_to_archive import REPORT_PREFIX as COLD_REPORTS
from l3kit.tiering.movers.hot_to_cold import REPORT_PREFIX as HOT_REPORTS
from l3kit.tiering.movers.report import DeviceReport
from l3kit.tiering.ports import JournalRow, ObjectStore
from l3kit.tiering.stream.letters import DeadLetter
from l3kit.tiering.transfer.multipart import Upload
from l3kit.tiering.transfer.receipts import RECEIPT_PREFIX
from l3kit.twin.config import Twin
from tests.support.memory_stores import MemoryHotStore, MemoryJournalStore, MemoryObjectStore
from tests.support.moving import Killer

TWIN = Twin.load(Path(__file__).parents[2] / "params" / "twins" / "weather-stations")
EXPIRING = replace(TWIN, config=TWIN.config.model_copy(update={"archive_storage_size_in_days": 365}))
A, B = (one.id for one in TWIN.devices[:2])
NOW = datetime(2026, 6, 1, tzinfo=UTC)
WRITTEN = NOW - timedelta(days=2)
"""When the stores have got everything."""


class KeptForAWeek:
    """What a cloud keeps by itself."""

    def retained(self, cloud: Any, twin: Twin, stores: Any) -> tuple[Retained, ...]:
        return (Retained(f"backups of {', '.join(sorted(stores))}", 7, "Look there"),)


def retention(cloud: str) -> KeptForAWeek:
    return KeptForAWeek()


class Time:
    """A clock that only sleep moves."""

    def __init__(self) -> None:
        self.now, self.slept = NOW, 0.0

    def clock(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.now += timedelta(seconds=seconds)


class Ahead:
    """The real clock, which sleep puts ahead instead of waiting."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def clock(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    async def sleep(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


def _versioned(tier: Any) -> MemoryObjectStore:
    store = MemoryObjectStore(tier, tier)
    store.former, store.now = {}, WRITTEN
    return store


@dataclass
class Cloud:
    """The stores of a cloud, each of which may be stood in for."""

    hot: Any = field(default_factory=lambda: MemoryHotStore(3))
    journal: Any = field(default_factory=MemoryJournalStore)
    cold: Any = field(default_factory=lambda: _versioned("cold"))
    archive: Any = field(default_factory=lambda: _versioned("archive"))
    letters: Any = field(default_factory=lambda: _versioned("letters"))
    provider: str = "aws"
    twin: Twin = TWIN

    def hot_store(self, twin: Twin) -> Any:
        return self.hot

    def journal_store(self, twin: Twin) -> Any:
        return self.journal

    def object_store(self, twin: Twin, tier: Any) -> Any:
        return getattr(self, tier)

    def store_name(self, twin: Twin, which: str) -> str:
        return f"t-{which}"

    def undelivered(self, twin: Twin, key: str, body: bytes) -> None:
        return None

    def session(self) -> Session:
        clouds: Any = dict.fromkeys(TWIN.layout.clouds, self)
        return Session("sandbox", clouds)

    def killed(self, at: int, how: str, tally: list[int] | None = None) -> Cloud:
        told = [0] if tally is None else tally
        stores = (self.hot, self.journal, self.cold, self.archive, self.letters)
        return Cloud(*(Killer(store, told, at, how) for store in stores))

    def plan(self, device: str = A, time: Time | None = None) -> ErasePlan:
        return plan_erase(self.session(), self.twin, device, now=(time or Time()).clock, retention=retention)

    def erase(self, device: str = A, time: Time | None = None, **options: Any) -> EraseReport:
        own = time or Time()
        told: dict[str, Any] = {"by": "ann", "reason": "asked", "retention": retention, **options}
        return erase(self.session(), self.twin, device, now=own.clock, sleep=own.sleep, **told)

    # --- filling and looking

    def fill(self, devices: Sequence[str] = (A, B), *, days: int = 3) -> Cloud:
        """Give each device items, chunks with former versions, a receipt, parts, a record, reports and a letter.

        Args:
            days: age of the chunk in the cold tier, which is due for the archive when it is old.
        """
        for device in devices:
            asyncio.run(self.hot.put_items(device, [item(device, n) for n in range(7)]))
            cold, old = chunk_key(device, 2, days), chunk_key(device, 1, 400)
            for store, key in ((self.cold, cold), (self.cold, old), (self.archive, old)):
                put(store, key, device)
            asyncio.run(self.cold.delete(old))
            put(self.cold, RECEIPT_PREFIX + old, device)
            put(self.archive, Upload(cold, 2, "0" * 64).part_key(1), device)
            put_body(self.archive, expiry_key(device), expiry_record(device))
            record = DeviceRecord(version=1, next_number=3, moved_items=6, moved_chunks=2, last_key=cold)
            self.journal.rows[f"device/{device}"] = to_row(record)
            put_body(self.letters, *letter(device))
        report = report_on(devices)
        row = JournalRow(1, {"report": zlib.compress(orjson.dumps(report)), "verdict": "complete"})
        self.journal.rows[f"{HOT_REPORTS}2026-05-30T00:00:00Z-r1"] = row
        put_body(self.cold, f"{COLD_REPORTS}2026-05-30T00:00:00Z-r2.json", orjson.dumps(report))
        put_body(self.archive, f"{EXPIRER_REPORTS}2026-05-30T00:00:00Z-r3.json", orjson.dumps(report))
        return self

    def everything(self) -> dict[str, str]:
        """Every item, version of an object and record, but those that say what was erased and what is paused."""
        found: dict[str, str] = {}
        for device, items in self.hot.devices.items():
            found |= {f"hot {device}|{key}": body.decode() for key, body in items.items()}
        for name, row in self.journal.rows.items():
            found[f"journal {name}"] = repr(_plain(row))
        for store in (self.cold, self.archive, self.letters):
            for key, (_, body) in store.objects.items():
                found[f"{store.tier} {key}"] = body.decode()
            for key, former in store.former.items():
                found |= {f"{store.tier} {key} {one.version}": one.etag for one in former}
        skipped = ("_l3kit/erased/", "_l3kit/paused/", "journal pause/")
        return {name: text for name, text in found.items() if not any(part in name for part in skipped)}

    def traces(self, device: str) -> list[str]:
        """Everything that names the device or has its content, but the record of its end."""
        prefix = f"/{device_prefix(device)}"

        def told(name: str, text: str) -> bool:
            of_key = prefix in f"/{name.partition(' ')[2]}" or name == f"journal device/{device}"
            return of_key or mark(device) in text

        return sorted(name for name, text in self.everything().items() if told(name, text))


def _plain(row: JournalRow) -> dict[str, Any]:
    packed = row.attributes.get("report")
    return {**row.attributes, "report": zlib.decompress(packed).decode() if isinstance(packed, bytes) else ""}


def mark(device: str) -> str:
    """A text that only things of this device have."""
    return f"<{device}>"


def item(device: str, number: int) -> bytes:
    stamp = f"2026-05-31T00:{number:02d}:00Z"
    return json.dumps({"iotDeviceId": device, "id": stamp, "of": mark(device)}, separators=(",", ":")).encode()


def chunk_key(device: str, number: int, days: int) -> str:
    end = NOW - timedelta(days=days)
    return object_key(device, f"{end - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}", f"{end:%Y-%m-%dT%H:%M:%SZ}", number)


def letter(device: str, more: str = "") -> tuple[str, bytes]:
    """The key and the body of a dead letter. `more`: makes it another one."""
    one = DeadLetter("no-time", "has no time", "dispatcher", f"{mark(device)}{more}".encode(), device)
    return one.key(WRITTEN), one.to_json()


def expiry_key(device: str) -> str:
    """The key of a record of chunks that expired."""
    return _batch(device).key("gone")


def expiry_record(device: str) -> bytes:
    """Its content: one chunk, whose digest it has."""
    gone = ExpiringChunk(chunk_key(device, 1, 4000), hashlib.sha256(device.encode()).hexdigest(), 3, 99)
    return _batch(device).gone_record([gone], {}, [], WRITTEN)


def _batch(device: str) -> Batch:
    return Batch(device, "2016-05-30T00:00:00Z", "r3", 1)


def put(store: ObjectStore, key: str, device: str) -> None:
    put_body(store, key, json.dumps([{"of": mark(device), "key": key}]).encode())


def put_body(store: ObjectStore, key: str, body: bytes) -> None:
    asyncio.run(store.create(key, body, sha256=hashlib.sha256(body).hexdigest(), metadata={"items": "3"}))


def report_on(devices: Sequence[str]) -> dict[str, Any]:
    parts = [DeviceReport(one, 3, 100, 1, [f"{mark(one)}/k"], notes=[f"of {mark(one)}"]) for one in devices]
    rows = [{**one.to_json(), "device_id": one.device_id} for one in parts]
    paused = [{"device": one, "since": "2026-05-01T00:00:00Z", "by": mark(one), "reason": ""} for one in devices]
    return {"function": "mover", "items": 3 * len(devices), "devices": rows, "paused": paused}
