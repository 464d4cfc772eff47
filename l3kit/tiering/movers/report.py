"""Report of a run: items, bytes, chunks, skips with reasons, and remaining work per device; requests."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from l3kit.errors import L3Error
from l3kit.tiering.counts import MAX_NAMED, count_of
from l3kit.tiering.format.item_times import moment_of, why_unmovable
from l3kit.tiering.format.pauses import NOTHING, Pauses
from l3kit.tiering.ports import Usage

if TYPE_CHECKING:  # imported by the expirer
    from l3kit.tiering.format.holds import Holds

log = logging.getLogger(__name__)

NANOSECONDS_PER_DAY = 86_400 * 10**9

Verdict = Literal["complete", "paused", "partial", "deadline", "failed"]


class Skipped(NamedTuple):
    """An item, object or device left in place. `key` is a sort key, an object key, or a device id."""

    key: str
    reason: str


@dataclass(slots=True)
class DeviceReport:
    """One device's part of a run, filled in during the run.

    `bytes` are of the uncompressed chunks; `notes` are unusual events that need no action (an interrupted run's chunk
    was completed, an item was rewritten during the move and stays for the next run).

    Attributes:
        unmovable: items whose `id` is not a movable time; they stay in the hot tier. `unmovable_first` names ten.
        ahead: readings with a time in the future, among those read.
        paused: the device was skipped, or left after a chunk, because it is paused.
        oldest_left: moment of the oldest due item that the run saw and left, in nanoseconds; None if it saw none.
    """

    device_id: str
    items: int = 0
    bytes: int = 0
    chunks: int = 0
    keys: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    remains: bool = False
    unmovable: int = 0
    unmovable_first: list[str] = field(default_factory=list)
    ahead: int = 0
    paused: bool = False
    oldest_left: int | None = None

    def left_due(self, moment: int | None) -> None:
        """Note the moment of a due item, or of the newest one of an object, that stays."""
        if moment is not None and (self.oldest_left is None or moment < self.oldest_left):
            self.oldest_left = moment

    def leave(self, sort_key: str) -> None:
        """Count an item that is never moved because its `id` is not a movable time."""
        self.unmovable += 1
        if len(self.unmovable_first) < MAX_NAMED:
            self.unmovable_first.append(sort_key)

    def skip(self, key: str, reason: str) -> None:
        self.skipped.append(Skipped(key, reason))

    @property
    def has_nothing_to_report(self) -> bool:
        """True if the report omits the device: nothing moved, nothing remarkable."""
        return not (self.chunks or self.skipped or self.notes or self.remains or self.unmovable or self.ahead)

    def to_json(self, names: int = MAX_NAMED) -> dict[str, Any]:
        """Plain JSON values. `names`: maximum unmovable items named; all are counted."""
        return {
            "device_id": self.device_id,
            "items": self.items,
            "bytes": self.bytes,
            "chunks": self.chunks,
            "keys": list(self.keys),
            "skipped": [{"key": s.key, "reason": s.reason} for s in self.skipped],
            "notes": [*self.notes, *self._time_notes()],
            "remains": self.remains,
            "unmovable": self.unmovable,
            "unmovable_first": self.unmovable_first[:names],
            "ahead": self.ahead,
        }

    def _time_notes(self) -> list[str]:
        notes = []
        if self.unmovable:
            first = self.unmovable_first[0]
            count = count_of(self.unmovable, "item stays", "items stay")
            why = f"{why_unmovable(first)} (docs/reference/items.md)"
            notes.append(f"{count} in the hot tier, the first {first[:80]!r}: {why}")
        if self.ahead:
            count = count_of(self.ahead, "reading is", "readings are")
            notes.append(f"{count} in the future: check the device's clock")
        return notes


@dataclass(frozen=True, slots=True)
class RunReport:
    """The result of one run.

    Attributes:
        verdict: `complete`: everything due was moved. `paused`: everything except what is paused or held. `deadline`:
            stopped cleanly before the deadline, more remains. `partial`: some devices or objects were skipped, each
            with a reason. `failed`: nothing could be moved.
        cutoff: ISO time; items before it were due.
        devices: those with something to report, in processing order.
        device_count: number of devices processed.
        seconds: wall clock.
    """

    function: str
    run_id: str
    started: str
    finished: str
    seconds: float
    cutoff: str
    verdict: Verdict
    device_count: int
    devices: tuple[DeviceReport, ...]
    requests: Mapping[str, int]
    retries: Mapping[str, int]
    units: Mapping[str, float]
    pauses: Pauses = NOTHING
    holds: Holds | None = None

    @property
    def lag_days(self) -> float | None:
        """Days for which the oldest thing that the run left has been due; None if it left things that it did not see.

        What is paused does not count.
        """
        counted = [device for device in self.devices if not device.paused]
        seen = [device.oldest_left for device in counted if device.oldest_left is not None]
        if seen:
            lag = moment_of(datetime.fromisoformat(self.cutoff)) - min(seen)
            return round(max(lag, 0) / NANOSECONDS_PER_DAY, 3)
        return None if any(device.skipped or device.remains for device in counted) else 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values: totals and devices."""
        return {
            "function": self.function,
            "run_id": self.run_id,
            "started": self.started,
            "finished": self.finished,
            "seconds": round(self.seconds, 3),
            "cutoff": self.cutoff,
            "verdict": self.verdict,
            "device_count": self.device_count,
            "items": sum(device.items for device in self.devices),
            "bytes": sum(device.bytes for device in self.devices),
            "chunks": sum(device.chunks for device in self.devices),
            "unmovable": sum(device.unmovable for device in self.devices),
            "lag_days": self.lag_days,
            "paused": self.pauses.to_json(),
            **({"held": self.holds.to_json()} if self.holds else {}),
            "devices": _device_rows(self.devices),
            "requests": dict(self.requests),
            "retries": dict(self.retries),
            "units": dict(self.units),
        }


def _device_rows(devices: Sequence[DeviceReport]) -> list[dict[str, Any]]:
    """The devices' parts, naming only the first ten of all unmovable items to bound the report's size."""
    rows, names = [], MAX_NAMED
    for device in devices:
        rows.append(device.to_json(names))
        names -= min(names, len(device.unmovable_first))
    return rows


def verdict_of(devices: Iterable[DeviceReport], stopped: bool = False) -> Verdict:
    """Derive the verdict from the devices' parts: skips come before work left for the next run, then pauses.

    Args:
        stopped: whether something is paused or held.
    """
    devices = list(devices)
    if any(device.skipped for device in devices):
        done = any(device.chunks or not (device.skipped or device.paused) for device in devices)
        return "partial" if done else "failed"
    if any(device.remains for device in devices):
        return "deadline"
    return "paused" if stopped else "complete"


class Run(Protocol):
    """Common attributes of the movers and the expirer."""

    @property
    def run_id(self) -> str: ...
    @property
    def cutoff(self) -> datetime: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...


def report_of(
    run: Run,
    function: str,
    started: datetime,
    devices: Sequence[DeviceReport],
    usages: Mapping[str, Usage],
    device_count: int,
    pauses: Pauses = NOTHING,
    holds: Holds | None = None,
) -> RunReport:
    """Build the report of a run that ends now.

    Args:
        usages: of its adapters, by role.
        pauses, holds: those that it has found.
    """
    finished = run.clock()
    requests, retries, units = merge_usage(usages)
    return RunReport(
        function=function,
        run_id=run.run_id,
        started=iso(started),
        finished=iso(finished),
        seconds=(finished - started).total_seconds(),
        cutoff=iso(run.cutoff),
        verdict=verdict_of(devices, bool(pauses or holds)),
        device_count=device_count,
        devices=tuple(report for report in devices if not report.has_nothing_to_report),
        requests=requests,
        retries=retries,
        units=units,
        pauses=pauses,
        holds=holds,
    )


async def save_or_warn(saving: Awaitable[None]) -> None:
    """Await the storing of a report; only log a failure, since the move is done and the caller gets the report."""
    try:
        await saving
    except L3Error as error:
        log.warning("the run's report could not be stored: %s", error)


def merge_usage(usages: Mapping[str, Usage]) -> tuple[dict[str, int], dict[str, int], dict[str, float]]:
    """Sum requests, retries and units of all adapters; kinds are prefixed with the adapter's role (`hot.query`)."""
    requests: dict[str, int] = {}
    retries: dict[str, int] = {}
    units = {"read": 0.0, "write": 0.0, "bytes_in": 0.0, "bytes_out": 0.0}
    for role, usage in usages.items():
        requests |= {f"{role}.{kind}": n for kind, n in usage.requests.items()}
        retries |= {f"{role}.{kind}": n for kind, n in usage.retries.items()}
        units["read"] += usage.read_units
        units["write"] += usage.write_units
        units["bytes_in"] += usage.bytes_in
        units["bytes_out"] += usage.bytes_out
    return requests, retries, units


def iso(moment: datetime) -> str:
    """`2026-11-23T06:30:00Z`: whole seconds, UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
