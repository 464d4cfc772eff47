"""The hot-to-cold mover: all devices of a twin, a bounded number concurrently, until done or the deadline."""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import orjson

from l3kit.errors import L3Error, LeaseLostError, LeaseTakenError, StoreError
from l3kit.tiering.format.chunks import CANARY_DEVICE
from l3kit.tiering.format.item_times import moment_of
from l3kit.tiering.journal import LEASE_SECONDS, Clock, DeviceJournal
from l3kit.tiering.movers.cold_target import ColdTarget
from l3kit.tiering.movers.device_move import DeviceMove
from l3kit.tiering.movers.pace import Pace
from l3kit.tiering.movers.pausing import PauseWatch, pauses_in_journal
from l3kit.tiering.movers.report import DeviceReport, RunReport, report_of, save_or_warn
from l3kit.tiering.ports import HotStore, JournalRow, JournalStore
from l3kit.tiering.settings.tuning import DEFAULT_TUNING, Tuning

FUNCTION = "hot-to-cold-mover"
REPORT_PREFIX = f"report/{FUNCTION}/"
REPORT_DAYS = 90
"""Retention of a run's report, in a bucket or in the journal (its TTL attribute is `expires_at`, in epoch seconds)."""
MAX_REPORT_BYTES = 300_000
RESUME_NAME = f"resume/{FUNCTION}"
REGISTER_TRIES = 10
CLOCK_TOLERANCE = timedelta(days=1)
"""Readings further in the future are reported: the device's clock is wrong, or their ids are not times."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HotToCold:
    """One run of the mover.

    Attributes:
        devices: ids; the failure of one does not stop the others. Of devices that are no longer listed, only an
            interrupted chunk is finished.
        now: the scheduled time of the run, which with `hot_days` gives the cutoff.
        run_id: unique per run; the owner of its leases.
        clock: wall clock, UTC, for leases and the report.
        remaining: seconds until the runtime's deadline.
    """

    hot: HotStore
    journal: JournalStore
    target: ColdTarget
    devices: Sequence[str]
    now: datetime
    hot_days: int
    run_id: str
    clock: Clock
    remaining: Callable[[], float]
    tuning: Tuning = DEFAULT_TUNING
    lease_seconds: float = LEASE_SECONDS

    @property
    def cutoff(self) -> datetime:
        return self.now - timedelta(days=self.hot_days)

    async def run(self) -> RunReport:
        """Move, then store and return the report. Raises: StoreError only if the journal is unavailable."""
        started = self.clock()
        watch = PauseWatch(partial(pauses_in_journal, self.journal), self.clock)
        reports = [] if await watch.begin() else await self._move_devices(watch)
        report = report_of(
            self,
            FUNCTION,
            started,
            reports,
            {"hot": self.hot.usage, "journal": self.journal.usage, "target": self.target.usage},
            device_count=len(set(self.devices)),
            pauses=watch.seen,
        )
        await save_or_warn(self._save(report))
        return report

    async def _move_devices(self, watch: PauseWatch) -> list[DeviceReport]:
        """Move each device that is not paused. Returns: the parts of the report. Raises: StoreError."""
        pace = Pace(self.remaining)
        resume = await self._register()
        removed = frozenset(_known_devices(resume)) - frozenset(self.devices)
        queue = deque([*self._in_turn(resume), *sorted(removed)])
        reports: list[DeviceReport] = []
        workers = [
            self._work(queue, removed, reports, pace, watch)
            for _ in range(min(self.tuning.device_concurrency, len(queue)))
        ]
        await asyncio.gather(*workers)
        reached = {report.device_id for report in reports}
        reports += [DeviceReport(device_id, remains=True) for device_id in queue if device_id not in reached]
        unsettled = {report.device_id for report in reports if report.skipped or report.remains or report.paused}
        known = sorted({*self.devices, *(unsettled & removed)})
        await self._note_resume(resume, queue[0] if queue else "", known)
        return [one for one in reports if not (one.has_nothing_to_report and one.device_id in removed)]

    async def run_canary(self) -> RunReport:
        """Move only the canary of `verify`, regardless of its age, in the same way as any device.

        No reading is read, and a pause does not stop it. The report is not stored, and the journal keeps the
        canary's record of chunk numbers. Never raises; the report has the reason if it was not moved.
        """
        started = self.clock()
        due = replace(self, now=started + CLOCK_TOLERANCE, hot_days=0)
        report = await due._move_device(CANARY_DEVICE, Pace(self.remaining), _never, only_finish=False)
        usages = {"hot": self.hot.usage, "journal": self.journal.usage, "target": self.target.usage}
        return report_of(due, FUNCTION, started, [report], usages, device_count=1)

    async def _register(self) -> JournalRow | None:
        """Record the devices before the first move, so that a later run knows those removed from the config since.

        Returns: the record with the device at which the previous run stopped, and the known devices.
        """
        for _ in range(REGISTER_TRIES):
            row = await self.journal.load(RESUME_NAME)
            known = _known_devices(row)
            if set(self.devices) <= set(known):
                return row
            next_device = str(row.attributes.get("next_device", "")) if row else ""
            wanted = _resume_row(row, next_device, sorted({*known, *self.devices}))
            if await self.journal.swap(RESUME_NAME, wanted):
                return wanted
        raise StoreError(
            "journal", f"{RESUME_NAME} was changed by concurrent runs {REGISTER_TRIES} times", "Run the mover again"
        )

    def _in_turn(self, resume: JournalRow | None) -> list[str]:
        """The devices, starting with the one that the previous run did not reach."""
        devices = list(dict.fromkeys(self.devices))
        first = resume.attributes.get("next_device") if resume else None
        start = devices.index(str(first)) if first in devices else 0
        return devices[start:] + devices[:start]

    async def _note_resume(self, resume: JournalRow | None, next_device: str, known: list[str]) -> None:
        """Record where the next run starts and which devices are known, if that has changed."""
        noted = resume.attributes.get("next_device", "") if resume else ""
        if (next_device, known) != (noted, _known_devices(resume)):
            await self.journal.swap(RESUME_NAME, _resume_row(resume, next_device, known))

    async def _work(
        self,
        queue: deque[str],
        removed: frozenset[str],
        reports: list[DeviceReport],
        pace: Pace,
        watch: PauseWatch,
    ) -> None:
        while queue and pace.time_left():
            device_id = queue.popleft()
            if await watch.paused(device_id):
                reports.append(DeviceReport(device_id, paused=True))
                continue
            paused = partial(watch.paused, device_id)
            report = await self._move_device(device_id, pace, paused, only_finish=device_id in removed)
            reports.append(report)
            if report.remains:
                queue.append(device_id)

    async def _move_device(
        self, device_id: str, pace: Pace, paused: Callable[[], Awaitable[bool]], *, only_finish: bool
    ) -> DeviceReport:
        journal = DeviceJournal(self.journal, device_id, self.run_id, self.clock, self.lease_seconds)
        move = DeviceMove(
            device_id,
            hot=self.hot,
            target=self.target,
            journal=journal,
            cutoff=None if only_finish else moment_of(self.cutoff),
            latest=moment_of(max(self.now, self.clock()) + CLOCK_TOLERANCE),
            tuning=self.tuning,
            time_left=pace.turn(),
            paused=paused,
        )
        try:
            return await move.run()
        except (LeaseTakenError, LeaseLostError) as error:
            move.report.skip(device_id, str(error))
        except L3Error as error:
            log.warning("device %s was left: %s", device_id, error)
            move.report.skip(device_id, str(error))
        except Exception as error:  # a failing device must not stop the others
            log.exception("device %s was left", device_id)
            move.report.skip(device_id, f"unexpected {type(error).__name__}; see the log")
        return move.report

    async def _save(self, report: RunReport) -> None:
        content = report.to_json()
        packed = zlib.compress(orjson.dumps(content))
        if len(packed) > MAX_REPORT_BYTES:
            content["devices"] = [d for d in content["devices"] if d["skipped"] or d["remains"]][:1000]
            content["shortened"] = True
            packed = zlib.compress(orjson.dumps(content))
        row = JournalRow(
            1,
            {
                "verdict": report.verdict,
                "started": report.started,
                "items": content["items"],
                "report": packed,
                "expires_at": int((self.clock() + timedelta(days=REPORT_DAYS)).timestamp()),
            },
        )
        await self.journal.swap(f"{REPORT_PREFIX}{report.started}-{report.run_id}", row)


async def _never() -> bool:
    return False


def _known_devices(resume: JournalRow | None) -> list[str]:
    """The devices of the previous run, and those removed earlier with an interrupted chunk still unfinished."""
    packed = resume.attributes.get("devices") if resume else None
    if not isinstance(packed, bytes):
        return []
    known: list[str] = orjson.loads(zlib.decompress(packed))
    return known


def _resume_row(before: JournalRow | None, next_device: str, devices: list[str]) -> JournalRow:
    packed = zlib.compress(orjson.dumps(devices))
    return JournalRow(before.version + 1 if before else 1, {"next_device": next_device, "devices": packed})


def knows_device(resume: JournalRow, device_id: str) -> bool:
    """Return whether the movers' list of devices names this one."""
    return device_id in _known_devices(resume) or resume.attributes.get("next_device") == device_id


async def forget_device(journal: JournalStore, device_id: str) -> None:
    """Take a device off the list of known ones. Raises: StoreError."""
    for _ in range(REGISTER_TRIES):
        row = await journal.load(RESUME_NAME)
        if row is None or not knows_device(row, device_id):
            return
        first = str(row.attributes.get("next_device", ""))
        known = [one for one in _known_devices(row) if one != device_id]
        if await journal.swap(RESUME_NAME, _resume_row(row, "" if first == device_id else first, known)):
            return
    raise StoreError("journal", f"{RESUME_NAME} was changed by concurrent runs {REGISTER_TRIES} times", "Try again")


def read_report(row: JournalRow) -> dict[str, object]:
    """Decode a report stored in the journal."""
    packed = row.attributes["report"]
    if not isinstance(packed, bytes):
        raise TypeError("report")
    content: dict[str, object] = orjson.loads(zlib.decompress(packed))
    return content
