"""A world for the archive expirer on a reference store."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from l3kit.tiering.format.chunks import object_key
from l3kit.tiering.format.expiry import EXPIRED_PREFIX, chunks_named, deciding, record_names
from l3kit.tiering.movers.archive_expirer import ArchiveExpirer
from l3kit.tiering.movers.report import RunReport
from l3kit.tiering.ports import ObjectStore
from tests.support.archiving import put
from tests.support.memory_stores import MemoryObjectStore

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ARCHIVE_DAYS = 365


def chunk_key(days_old: float, device: str = "d", number: int = 1) -> str:
    """The key of a chunk whose last reading is so old."""
    end = NOW - timedelta(days=days_old)
    start = end - timedelta(hours=1)
    return object_key(device, f"{start:%Y-%m-%dT%H:%M:%SZ}", f"{end:%Y-%m-%dT%H:%M:%SZ}", number)


async def archived(store: ObjectStore, device: str, days_old: float, number: int) -> str:
    """Put a chunk of one reading that is so old by now. Returns: its key."""
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(days=days_old)
    at = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    body = json.dumps([{"iotDeviceId": device, "id": at}], separators=(",", ":")).encode()
    key = object_key(device, at, at, number)
    await store.create(key, body, sha256=hashlib.sha256(body).hexdigest(), metadata={"items": "1"})
    return key


@dataclass
class World:
    """An archive; the expirer can be run again and again."""

    archive: Any = field(default_factory=lambda: MemoryObjectStore("archive", "archive"))
    runs: int = 0

    def put(self, days_old: float, device: str = "d", number: int = 1, items: str = "3") -> str:
        key = chunk_key(days_old, device, number)
        put(self.archive, key, b'[{"n":%d}]' % number, items=items)
        return key

    def job(self, archive: Any = None, **more: Any) -> ArchiveExpirer:
        self.runs += 1
        return ArchiveExpirer(
            archive=archive or self.archive,
            now=more.pop("now", NOW),
            archive_days=ARCHIVE_DAYS,
            run_id=f"run-{self.runs}",
            clock=more.pop("clock", lambda: NOW),
            remaining=more.pop("remaining", lambda: 900.0),
            **more,
        )

    def run(self, archive: Any = None, **more: Any) -> RunReport:
        return asyncio.run(self.job(archive, **more).run())

    def keys(self) -> list[str]:
        """The keys of all chunks that are there."""
        return [key for key in sorted(self.archive.objects) if not key.startswith("_l3kit/")]

    def records(self) -> list[str]:
        return [key for key in sorted(self.archive.objects) if key.startswith(EXPIRED_PREFIX)]

    def recorded(self) -> set[str]:
        """The keys of the chunks that have gone, by the records."""
        named = {
            chunk.key
            for name in deciding(record_names(self.records()))
            for chunk in chunks_named(self.archive.objects[name.key][1])
        }
        return named - set(self.keys())
