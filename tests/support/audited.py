"""Tiers that the movers have filled, for audits, and hands that change what is in them."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from l3kit.operate.audit.auditing import Place, audit_tiers
from l3kit.operate.audit.report import AuditReport
from l3kit.operate.audit.settings import AuditOptions, checked
from l3kit.operate.tier_stores import TierStores
from l3kit.tiering.format.chunks import decompress, parse_object_key
from l3kit.tiering.movers.archive_targets import LocalArchive
from l3kit.tiering.movers.cold_to_archive import ColdToArchive
from l3kit.tiering.settings.tuning import Tuning
from l3kit.twin.config import Twin
from tests.support.memory_stores import MemoryObjectStore
from tests.support.moving import START, World, readings

TWIN = Twin.load(Path(__file__).parents[2] / "params" / "twins" / "nyc-weather")
DEVICES = ("EWR", "JFK", "LGA")


@dataclass
class AuditedWorld:
    """Tiers and a journal as movers leave them: chunks of about 17 readings, the first two of each device archived.

    Attributes:
        slept: seconds that an audit waited.
    """

    folder: Path
    world: World = field(default_factory=World)
    archive: MemoryObjectStore = field(default_factory=lambda: MemoryObjectStore("archive", "archive"))
    slept: float = 0.0

    def fill(self, count: int = 60, devices: Sequence[str] = DEVICES, tuning: Tuning | None = None) -> AuditedWorld:
        for device in devices:
            self.world.put(device, *readings(device, count))
        self.world.move(*devices, tuning=tuning)
        self.archive_until(35)
        self.archive.restored.update(self.archive.objects)
        return self

    def archive_until(self, minute: int) -> None:
        """Run the cold-to-archive mover for what ends before a minute."""
        job = ColdToArchive(
            cold=self.world.cold,
            target=LocalArchive(self.archive),
            now=START + timedelta(days=90, minutes=minute),
            cold_days=90,
            run_id=f"archive-{minute}",
            clock=lambda: self.world.now,
            remaining=lambda: 900.0,
        )
        asyncio.run(job.run())

    @property
    def cold(self) -> MemoryObjectStore:
        return self.world.cold

    def audit(self, *, stores: TierStores | None = None, during: Any = None, **options: Any) -> AuditReport:
        """Audit the tiers.

        Args:
            during: called when the audit waits for a mover.
        """

        async def sleep(seconds: float) -> None:
            self.slept += seconds
            if during is not None:
                await during()

        given: AuditOptions = options  # type: ignore[assignment]
        tiers = stores or self.tiers()
        place, seed = Place(self.folder, "test"), "a1"
        clock = itertools.count(0.0, 2.0).__next__  # so that progress is recorded after every object
        audit = audit_tiers(tiers, TWIN, checked(given), place, sleep=sleep, new_seed=lambda: seed, clock=clock)
        return asyncio.run(audit)

    def tiers(self) -> TierStores:
        return TierStores(self.world.hot, self.world.journal, self.world.cold, self.archive)

    def keys(self, device: str) -> list[str]:
        """The keys of a device's chunks, the archived ones first."""
        found = [key for store in (self.archive, self.cold) for key in sorted(store.objects)]
        return [key for key in found if (parsed := parse_object_key(key)) and parsed.device_id == device]

    def store_of(self, key: str) -> MemoryObjectStore:
        return self.archive if key in self.archive.objects else self.cold

    def items(self, key: str) -> list[Any]:
        info, stored = self.store_of(key).objects[key]
        found: list[Any] = json.loads(decompress(stored, info.content_encoding or "none"))  # type: ignore[arg-type]
        return found

    def overwrite(self, key: str, body: bytes, *, told: bool = True, **metadata: str | None) -> None:
        """Change an object by hand. `told`: with the right digest; a metadata entry of None goes."""
        store = self.store_of(key)
        info, _ = store.objects[key]
        kept = {**info.metadata, **({"sha256": hashlib.sha256(body).hexdigest()} if told else {}), **metadata}
        held = {name: text for name, text in kept.items() if text is not None}
        etag = hashlib.md5(body).hexdigest()
        store.objects[key] = (
            replace(info, size=len(body), etag=etag, sha256=held.get("sha256"), metadata=held), body
        )  # fmt: skip

    def rewrite(self, key: str, content: Sequence[Any], **metadata: str | None) -> None:
        self.overwrite(key, as_chunk(content), **metadata)

    def put(self, store: MemoryObjectStore, key: str, body: bytes, **metadata: str) -> None:
        asyncio.run(store.create(key, body, sha256=hashlib.sha256(body).hexdigest(), metadata=metadata))


def as_chunk(items: Sequence[Any]) -> bytes:
    return json.dumps(items, separators=(",", ":")).encode()
