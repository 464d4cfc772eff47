"""A world for the cold-to-archive mover, on reference stores or with the archive behind a writer."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from l3kit.tiering.format.chunks import compress, object_key
from l3kit.tiering.movers.archive_targets import LocalArchive
from l3kit.tiering.movers.cold_to_archive import ColdToArchive
from l3kit.tiering.movers.report import RunReport
from l3kit.tiering.ports import ObjectStore
from l3kit.tiering.settings.tuning import Tuning
from tests.support.memory_stores import MemoryObjectStore

NOW = datetime(2026, 3, 1, tzinfo=UTC)
URL = "https://writer.example/"


def key_of(days_old: float, device: str = "d", number: int = 0, compression: Any = "none") -> str:
    end = NOW - timedelta(days=days_old)
    start = end - timedelta(hours=1)
    return object_key(device, f"{start:%Y-%m-%dT%H:%M:%SZ}", f"{end:%Y-%m-%dT%H:%M:%SZ}", number, compression)


def put(store: ObjectStore, key: str, body: bytes = b'[{"a":1}]', *, items: str = "1", **how: Any) -> None:
    sha256 = hashlib.sha256(body).hexdigest()
    encoding = how.get("content_encoding")
    stored = compress(body, encoding) if encoding else body
    asyncio.run(store.create(key, stored, sha256=sha256, metadata={"items": items}, **how))


@dataclass
class World:
    """A cold and an archive bucket; the mover can be run again and again."""

    cold: Any = field(default_factory=lambda: MemoryObjectStore("cold", "cold"))
    archive: Any = field(default_factory=lambda: MemoryObjectStore("archive", "archive"))
    target: Any = None
    runs: int = 0

    def run(self, *, cold: Any = None, target: Any = None, **more: Any) -> RunReport:
        self.runs += 1
        job = ColdToArchive(
            cold=cold or self.cold,
            target=target or self.target or LocalArchive(self.archive),
            now=NOW,
            cold_days=90,
            run_id=f"run-{self.runs}",
            clock=lambda: NOW,
            remaining=more.pop("remaining", lambda: 900.0),
            tuning=more.pop("tuning", Tuning()),
            **more,
        )
        return asyncio.run(job.run())

    def cold_keys(self) -> list[str]:
        return [key for key in sorted(self.cold.objects) if not key.startswith("_l3kit/")]

    def archived(self) -> dict[str, bytes]:
        return {key: body for key, (_, body) in self.archive.objects.items()}
