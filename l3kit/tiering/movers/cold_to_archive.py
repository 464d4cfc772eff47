"""The cold-to-archive mover: all cold objects older than the cutoff, several concurrently, until the deadline."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import orjson

from l3kit.errors import KeyConflictError, L3Error
from l3kit.tiering.format.chunks import RESERVED_PREFIX, SEAL_SHA256, is_own_key, parse_object_key
from l3kit.tiering.format.item_times import moment_of, moment_or_none
from l3kit.tiering.format.last_chunks import LastChunks
from l3kit.tiering.movers.archive_targets import ArchiveTarget
from l3kit.tiering.movers.pace import Pace
from l3kit.tiering.movers.pausing import PauseWatch, pauses_in_cold
from l3kit.tiering.movers.report import DeviceReport, RunReport, report_of, save_or_warn
from l3kit.tiering.ports import ObjectInfo, ObjectStore
from l3kit.tiering.settings.tuning import DEFAULT_TUNING, Tuning
from l3kit.tiering.transfer.receipts import leave_receipt, remove_old_receipts

FUNCTION = "cold-to-archive-mover"
REPORT_PREFIX = f"{RESERVED_PREFIX}reports/{FUNCTION}/"
FOREIGN = "(foreign keys)"
"""The device name in the report for third-party objects."""
SEAL_RETENTION = timedelta(days=1)
"""Time for which a seal blocks late writes of a dead run; longer than any function runs."""
MAX_KEYS_LISTED = 10_000
MAX_SEAL_BYTES = 64
"""Maximum size of a seal, also of a compressed one."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ColdToArchive:
    """One run of the mover.

    Attributes:
        now: the scheduled time of the run, which with `cold_days` gives the cutoff.
        run_id: unique per run; part of the report's key.
        clock: wall clock, UTC.
        remaining: seconds until the runtime's deadline.
    """

    cold: ObjectStore
    target: ArchiveTarget
    now: datetime
    cold_days: int
    run_id: str
    clock: Callable[[], datetime]
    remaining: Callable[[], float]
    tuning: Tuning = DEFAULT_TUNING

    @property
    def cutoff(self) -> datetime:
        return self.now - timedelta(days=self.cold_days)

    async def run(self) -> RunReport:
        """Move all due objects, then store and return the report, which includes errors of a store or the writer."""
        started = self.clock()
        run = _Run(self, Pace(self.remaining), PauseWatch(partial(pauses_in_cold, self.cold), self.clock))
        await run.work()
        reports = list(run.reports.values())
        usages = {"cold": self.cold.usage, "target": self.target.usage}
        report = report_of(self, FUNCTION, started, reports, usages, len(reports), run.watch.seen)
        await save_or_warn(self._save(report))
        return report

    async def _save(self, report: RunReport) -> None:
        body = orjson.dumps(report.to_json(), option=orjson.OPT_INDENT_2)
        key = f"{REPORT_PREFIX}{report.started}-{report.run_id}.json"
        await self.cold.create(key, body, sha256=hashlib.sha256(body).hexdigest())


@dataclass(slots=True)
class _Run:
    """The mutable state of a run."""

    job: ColdToArchive
    pace: Pace
    watch: PauseWatch
    reports: dict[str, DeviceReport] = field(default_factory=dict)
    keys_listed: int = 0
    last_chunks: LastChunks = field(default_factory=LastChunks)

    async def work(self) -> None:
        try:
            if await self.watch.begin():
                return
        except L3Error as error:  # what is paused is not known, so nothing is moved
            log.warning("pauses could not be read: %s", error)
            self._device("").skip(self.job.cold.name, str(error))
            return
        due = self._due()
        turn = asyncio.Lock()
        await asyncio.gather(*(self._worker(due, turn) for _ in range(self.job.target.concurrency)))
        if self.pace.time_left():
            await self._tidy()

    async def _worker(self, due: AsyncIterator[tuple[ObjectInfo, bool]], turn: asyncio.Lock) -> None:
        while True:
            async with turn:
                found = await anext(due, None)
            if found is None:
                return
            with self.pace.measured():
                await self._move_safely(*found)

    async def _tidy(self) -> None:
        try:
            await remove_old_receipts(self.job.cold, self.last_chunks.highest)
        except L3Error as error:  # the next run tries again
            log.warning("old receipts could not be removed: %s", error)

    async def _due(self) -> AsyncIterator[tuple[ObjectInfo, bool]]:
        """Yield due objects while there is time, each with whether it is its device's last chunk."""
        try:
            async for info, last in self.last_chunks.mark(self.job.cold.list()):
                if is_own_key(info.key) or not self._is_due(info):
                    continue
                if await self.watch.paused(self._device_id(info.key)):
                    self._device(info.key).paused = True
                    continue
                if not self.pace.time_left():
                    report = self._device(info.key)
                    report.remains = True
                    report.left_due(_moment_of(info))
                    return
                yield info, last
        except L3Error as error:
            log.warning("the cold objects could not be listed: %s", error)
            self._device("").skip(self.job.cold.name, str(error))

    def _is_due(self, info: ObjectInfo) -> bool:
        return _time_of(info) < self.job.cutoff

    def _device_id(self, key: str) -> str:
        chunk = parse_object_key(key)
        return chunk.device_id if chunk else FOREIGN

    def _device(self, key: str) -> DeviceReport:
        device_id = self._device_id(key)
        return self.reports.setdefault(device_id, DeviceReport(device_id))

    async def _move_safely(self, info: ObjectInfo, last: bool) -> None:
        """Move an object, so that a failure is reported and does not stop the others."""
        report = self._device(info.key)
        try:
            await self._move(info, last, report)
        except L3Error as error:
            await self._explain_failure(info, report, error)
        except Exception as error:
            log.exception("%s was left", info.key)
            _leave(info, report, f"unexpected {type(error).__name__}; see the log")

    async def _explain_failure(self, info: ObjectInfo, report: DeviceReport, error: L3Error) -> None:
        try:
            gone = await self.job.cold.head(info.key) is None
        except L3Error:
            gone = False
        if gone:  # only movers delete, and only what they have archived
            report.notes.append(f"{info.key} was moved by another run at the same time")
            return
        reason = str(error)
        if isinstance(error, KeyConflictError):
            there = f" with the digest {error.existing_sha256}" if error.existing_sha256 else ""
            reason = f"the archive holds other content under this key{there}; both were left unchanged"
        log.warning("%s was left: %s", info.key, reason)
        _leave(info, report, reason)

    async def _move(self, listed: ObjectInfo, last: bool, report: DeviceReport) -> None:
        limit = self.job.tuning.max_safe_object_size
        if listed.size > limit:
            log.warning("%s was skipped: its size of %d bytes exceeds %d", listed.key, listed.size, limit)
            _leave(listed, report, f"its size of {listed.size} bytes exceeds MAX_SAFE_OBJECT_SIZE, {limit}")
            return
        info = await self.job.cold.head(listed.key)
        if info is None:
            report.notes.append(f"{listed.key} was moved by another run at the same time")
        elif info.etag != listed.etag:
            _leave(listed, report, "changed after it was listed; it stays for the next run")
        elif is_seal(info):
            await self._drop_seal(info, last, report)
        else:
            await self.job.target.take(self.job.cold, info)
            if last:
                await leave_receipt(self.job.cold, info.key, info.sha256)
            await self._delete_source(info, report)

    async def _delete_source(self, info: ObjectInfo, report: DeviceReport) -> None:
        if not await self.job.cold.delete(info.key, etag=info.etag):
            _leave(info, report, "changed after it was archived; the new content stays in the cold tier")
            return
        report.chunks += 1
        report.bytes += info.size
        count = info.metadata.get("items", "")
        report.items += int(count) if count.isdecimal() else 0
        if self.keys_listed < MAX_KEYS_LISTED:
            report.keys.append(info.key)
        elif self.keys_listed == MAX_KEYS_LISTED:
            report.notes.append(f"only the keys of the first {MAX_KEYS_LISTED} moved objects are listed")
        self.keys_listed += 1

    async def _drop_seal(self, info: ObjectInfo, last: bool, report: DeviceReport) -> None:
        if self.job.clock() - info.modified < SEAL_RETENTION:
            return
        if last:  # else nothing would record that its number and those before it are spent
            await leave_receipt(self.job.cold, info.key, info.sha256)
        if await self.job.cold.delete(info.key, etag=info.etag):
            report.notes.append(f"{info.key} was an empty seal left by an interrupted run; it was removed")


def _leave(info: ObjectInfo, report: DeviceReport, reason: str) -> None:
    """Report a due object that stays in the cold tier."""
    report.skip(info.key, reason)
    report.left_due(_moment_of(info))


def _time_of(info: ObjectInfo) -> datetime:
    """The time that decides whether an object is due."""
    return end_of(info.key) or info.modified


def _moment_of(info: ObjectInfo) -> int:
    return moment_of(_time_of(info))


def is_seal(info: ObjectInfo) -> bool:
    """Return whether an object is a seal, which holds no items. `info`: from `head`, so with metadata."""
    return info.size <= MAX_SEAL_BYTES and info.sha256 == SEAL_SHA256 and parse_object_key(info.key) is not None


def end_of(key: str) -> datetime | None:
    """The end timestamp in a chunk's key; None for any other key, and for a text that is not a time.

    Version 0.1.0 also moved times without a zone, interpreted as UTC.
    """
    chunk = parse_object_key(key)
    if chunk is None:
        return None
    moment = moment_or_none(chunk.end)
    moment = moment_or_none(f"{chunk.end}Z") if moment is None else moment
    return None if moment is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment // 1000)
