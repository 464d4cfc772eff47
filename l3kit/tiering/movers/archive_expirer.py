"""The archive expirer: deletes the chunks of the archive tier whose items are all older than the cutoff.

Nothing is deleted before a record names it, and each record is created once and never changed (`format.expiry`).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

import orjson

from l3kit.errors import L3Error
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.chunks import RESERVED_PREFIX, is_own_key, parse_object_key
from l3kit.tiering.format.expiry import MAX_CHUNKS, Batch, ExpiringChunk, has_age, is_due
from l3kit.tiering.format.holds import Holds
from l3kit.tiering.format.item_times import moment_of
from l3kit.tiering.movers.cold_to_archive import FOREIGN, MAX_KEYS_LISTED
from l3kit.tiering.movers.holding import HoldWatch, holds_in_archive
from l3kit.tiering.movers.pace import Pace
from l3kit.tiering.movers.report import DeviceReport, RunReport, iso, report_of, save_or_warn
from l3kit.tiering.ports import ObjectInfo, ObjectStore
from l3kit.tiering.settings.function_table import EXPIRER

REPORT_PREFIX = f"{RESERVED_PREFIX}reports/{EXPIRER}/"
DEVICES_AT_ONCE = 4
CALLS_AT_ONCE = 16

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ArchiveExpirer:
    """One run of the expirer.

    Attributes:
        now: the scheduled time of the run, which with `archive_days` gives the cutoff; at most the present.
        run_id: unique per run; part of the keys of the report and the records.
        clock: wall clock, UTC.
        remaining: seconds until the runtime's deadline.
    """

    archive: ObjectStore
    now: datetime
    archive_days: int
    run_id: str
    clock: Callable[[], datetime]
    remaining: Callable[[], float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "now", min(self.now, self.clock()))

    @property
    def cutoff(self) -> datetime:
        return self.now - timedelta(days=self.archive_days)

    async def run(self) -> RunReport:
        """Delete all due chunks, then store and return the report, which includes errors of the store."""
        started = self.clock()
        run = _Run(self, Pace(self.remaining), HoldWatch(partial(holds_in_archive, self.archive), self.clock))
        await run.work()
        reports = list(run.reports.values())
        usages = {"archive": self.archive.usage}
        report = report_of(self, EXPIRER, started, reports, usages, len(reports), holds=run.held)
        await save_or_warn(self._save(report))
        return report

    async def _save(self, report: RunReport) -> None:
        body = orjson.dumps(report.to_json(), option=orjson.OPT_INDENT_2)
        key = f"{REPORT_PREFIX}{report.started}-{report.run_id}.json"
        await self.archive.create(key, body, sha256=hashlib.sha256(body).hexdigest())


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The outcome of a delete; `unsettled`: whether it took effect is unknown."""

    state: Literal["gone", "left", "unsettled"]
    reason: str = ""


_GONE = _Outcome("gone")


@dataclass(slots=True)
class _Run:
    """The mutable state of a run."""

    job: ArchiveExpirer
    pace: Pace
    watch: HoldWatch
    held: Holds = field(default_factory=Holds)
    reports: dict[str, DeviceReport] = field(default_factory=dict)
    batches: dict[str, int] = field(default_factory=dict)
    calls: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CALLS_AT_ONCE))
    keys_listed: int = 0
    ageless: int = 0
    first_ageless: str = ""

    async def work(self) -> None:
        try:
            hold = await self.watch.of_twin()
        except L3Error as error:  # what is held is not known, so nothing is deleted
            log.warning("holds could not be read: %s", error)
            self._device("").skip(self.job.archive.name, str(error))
            return
        if hold:
            self.held = self.held.changed(None, hold)
            return
        batches = self._due()
        turn = asyncio.Lock()
        await asyncio.gather(*(self._worker(batches, turn) for _ in range(DEVICES_AT_ONCE)))
        if self.ageless:
            count = count_of(
                self.ageless,
                "object has no time in its key and never expires",
                "objects have no time in their keys and never expire",
            )
            note = f"{count}; the first is {self.first_ageless}"
            self._device(FOREIGN).notes.append(note)

    async def _worker(self, batches: AsyncIterator[tuple[str, list[ObjectInfo]]], turn: asyncio.Lock) -> None:
        while True:
            async with turn:
                found = await anext(batches, None)
            if found is None:
                return
            device_id, due = found
            with self.pace.measured():
                await self._expire_safely(device_id, due)

    async def _due(self) -> AsyncIterator[tuple[str, list[ObjectInfo]]]:
        """Yield batches of a device's due chunks while there is time."""
        device_id, held = "", list[ObjectInfo]()
        cutoff = moment_of(self.job.cutoff)
        try:
            async for info in self.job.archive.list():
                if is_own_key(info.key):
                    continue
                chunk = parse_object_key(info.key)
                if chunk is None or not is_due(info.key, cutoff):
                    self._count_ageless(info.key)
                    continue
                if held and (chunk.device_id != device_id or len(held) == MAX_CHUNKS):
                    if not self._has_time(device_id):
                        return
                    yield device_id, held
                    held = []
                device_id = chunk.device_id
                held.append(info)
        except L3Error as error:
            log.warning("the archived objects could not be listed: %s", error)
            self._device("").skip(self.job.archive.name, str(error))
        if held and self._has_time(device_id):
            yield device_id, held

    def _has_time(self, device_id: str) -> bool:
        if self.pace.time_left():
            return True
        self._device(device_id).remains = True
        return False

    def _count_ageless(self, key: str) -> None:
        if not has_age(key):
            self.first_ageless = self.first_ageless or key
            self.ageless += 1

    def _device(self, device_id: str) -> DeviceReport:
        return self.reports.setdefault(device_id, DeviceReport(device_id))

    async def _expire_safely(self, device_id: str, due: Sequence[ObjectInfo]) -> None:
        """Expire a batch, so that a failure is reported and does not stop the others."""
        try:
            await self._expire(device_id, due)
        except L3Error as error:
            log.warning("chunks of %s were left: %s", device_id, error)
            self._device(device_id).skip(device_id, str(error))
        except Exception as error:
            log.exception("chunks of %s were left", device_id)
            self._device(device_id).skip(device_id, f"unexpected {type(error).__name__}; see the log")

    async def _expire(self, device_id: str, due: Sequence[ObjectInfo]) -> None:
        report = self._device(device_id)
        if hold := await self.watch.of(device_id):
            of_twin = await self.watch.of_twin()
            self.held = self.held.changed(None if of_twin else device_id, hold)
            return
        there = [info for info in await asyncio.gather(*(self._head(one.key) for one in due)) if info is not None]
        if len(there) < len(due):
            gone = count_of(len(due) - len(there), "chunk was", "chunks were")
            report.notes.append(f"{gone} deleted by another run at the same time")
        if not there:
            return
        self.batches[device_id] = self.batches.get(device_id, 0) + 1
        batch = Batch(device_id, iso(self.job.cutoff), self.job.run_id, self.batches[device_id])
        chunks = [_recorded(info) for info in there]
        await self._create(batch.key("due"), batch.due_record(chunks, self.job.clock()))
        outcomes = await asyncio.gather(*map(self._delete, there))
        ended = list(zip(chunks, outcomes, strict=True))
        for chunk, outcome in ended:
            if outcome.reason:
                report.skip(chunk.key, outcome.reason)
        went = [chunk for chunk, outcome in ended if outcome.state == "gone"]
        left = {chunk.key: outcome.reason for chunk, outcome in ended if outcome.state == "left"}
        unsettled = [chunk for chunk, outcome in ended if outcome.state == "unsettled"]
        self._count(report, went)
        await self._create(batch.key("gone"), batch.gone_record(went, left, unsettled, self.job.clock()))

    async def _head(self, key: str) -> ObjectInfo | None:
        async with self.calls:
            return await self.job.archive.head(key)

    async def _create(self, key: str, body: bytes) -> None:
        async with self.calls:
            await self.job.archive.create(key, body, sha256=hashlib.sha256(body).hexdigest())

    async def _delete(self, info: ObjectInfo) -> _Outcome:
        """Delete one version. After an error it is deleted, or may still be, since a request may be in flight."""
        archive = self.job.archive
        async with self.calls:
            try:
                gone = await archive.delete(info.key, etag=info.etag)
                return _GONE if gone else _Outcome("left", "changed after it was listed; it stays for the next run")
            except L3Error as error:
                log.warning("%s: %s", info.key, error)
                unsettled = _Outcome("unsettled", str(error))
            try:
                return unsettled if await archive.head(info.key) else _GONE
            except L3Error:
                return unsettled

    def _count(self, report: DeviceReport, went: Sequence[ExpiringChunk]) -> None:
        report.chunks += len(went)
        report.bytes += sum(chunk.size for chunk in went)
        report.items += sum(chunk.items or 0 for chunk in went)
        room = max(0, MAX_KEYS_LISTED - self.keys_listed)
        report.keys += [chunk.key for chunk in went[:room]]
        self.keys_listed += len(went)
        if len(went) > room:
            report.notes.append("not all keys are listed; the records under _l3kit/expired/ name all")


def _recorded(info: ObjectInfo) -> ExpiringChunk:
    count = info.metadata.get("items", "")
    return ExpiringChunk(info.key, info.sha256, int(count) if count.isdecimal() else None, info.size)
