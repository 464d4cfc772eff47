"""Places in reports of runs and in the movers' list of devices that name a device, and their replacement."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from l3kit.operate.coroutines import READS_AT_ONCE
from l3kit.operate.erase.mentions import names_device, report_object, report_row, without_device
from l3kit.operate.erase.pieces import Piece
from l3kit.tiering.movers.archive_expirer import REPORT_PREFIX as EXPIRER_REPORTS
from l3kit.tiering.movers.cold_to_archive import REPORT_PREFIX as COLD_REPORTS
from l3kit.tiering.movers.hot_to_cold import REPORT_PREFIX as HOT_REPORTS
from l3kit.tiering.movers.hot_to_cold import RESUME_NAME, forget_device, knows_device, read_report
from l3kit.tiering.object_versions import delete_permanently
from l3kit.tiering.ports import JournalRow, JournalStore, ObjectStore


@dataclass(frozen=True, slots=True)
class Mention:
    """One record or object that names the device. `replace` substitutes one that does not; a repeat has no effect."""

    piece: Piece
    replace: Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Mentions:
    """Everything that names a device. `listed`: whether the config names it, so that the movers' list must."""

    journal: JournalStore
    cold: ObjectStore
    archive: ObjectStore
    device: str
    listed: bool

    async def all(self) -> AsyncIterator[Mention]:
        """Yield the records that name the device, without those that are no reports. Raises: StoreError."""
        for names in _groups(await self.journal.names(HOT_REPORTS)):
            for found in await asyncio.gather(*map(self._in_journal, names)):
                if found is not None:
                    yield found
        for store, prefix in ((self.cold, COLD_REPORTS), (self.archive, EXPIRER_REPORTS)):
            for keys in _groups([info.key async for info in store.list(prefix)]):
                for found in await asyncio.gather(*(self._in_objects(store, key) for key in keys)):
                    if found is not None:
                        yield found
        row = None if self.listed else await self.journal.load(RESUME_NAME)
        if row is not None and knows_device(row, self.device):
            piece = Piece("journal", "report", RESUME_NAME, str(row.version))
            yield Mention(piece, partial(forget_device, self.journal, self.device))

    async def _in_journal(self, name: str) -> Mention | None:
        row = await self.journal.load(name)
        if row is None:  # expired since it was listed
            return None
        try:
            report = read_report(row)
            named = names_device(report, self.device)
        except (KeyError, TypeError, ValueError, AttributeError):
            return None
        packed = row.attributes["report"]
        assert isinstance(packed, bytes)
        piece = Piece("journal", "report", name, str(row.version), 0, len(packed), _digest(packed))
        return Mention(piece, partial(self._swap, name, row, report)) if named else None

    async def _swap(self, name: str, row: JournalRow, report: dict[str, Any]) -> None:
        """Swap a report. Nothing else changes it, so a refused swap had succeeded before its answer was lost."""
        await self.journal.swap(name, report_row(row, without_device(report, self.device)))

    async def _in_objects(self, store: ObjectStore, key: str) -> Mention | None:
        body = await store.read(key)
        try:
            report = orjson.loads(body)
            named = names_device(report, self.device)
        except (ValueError, TypeError, AttributeError):
            return None
        piece = Piece(store.tier, "report", key, "", 0, len(body), _digest(body))
        return Mention(piece, partial(self._replace, store, key, report)) if named else None

    async def _replace(self, store: ObjectStore, key: str, report: dict[str, Any]) -> None:
        """Store the new report before the old one is deleted; a crash in between leaves both."""
        new, body = report_object(key, without_device(report, self.device))
        await store.create(new, body, sha256=hashlib.sha256(body).hexdigest())
        await delete_permanently(store, key)


def _digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _groups(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[at : at + READS_AT_ONCE] for at in range(0, len(names), READS_AT_ONCE)]
