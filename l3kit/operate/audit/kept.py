"""The files of an audit: its counts, the list of faults, and the progress from which the same audit continues."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from l3kit.files import os_errors_reported, write_whole
from l3kit.notebook.gaps import Gap
from l3kit.operate.audit.faults import Fault
from l3kit.operate.load.kept import SAVED_SECONDS
from l3kit.operate.load.kept_files import KeptFile

PROGRESS_FORMAT = 1
MAX_FAULTS_NAMED = 1_000
"""Maximum faults in a result; the file of faults has all."""
MAX_GAPS_NAMED = 1_000


class TierCounts(BaseModel):
    """Counts of one tier.

    Attributes:
        objects: chunks in the sample.
        read, not_read: read whole; checked by metadata and size alone, since they are archived.
        items, bytes: sums over these objects; bytes as stored.
        restoring: of those not read, the ones being restored.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    objects: int = 0
    read: int = 0
    not_read: int = 0
    restoring: int = 0
    items: int = 0
    bytes: int = 0
    faults: int = 0


class Current(BaseModel):
    """The device under check, up to a certain object.

    Attributes:
        place: key and tier of the last finished object; empty if there is none.
        counted: the journal's counts at the beginning of the device; None if it has none.
        items, bytes: sums over its objects that the journal counts; None if unknown.
        expired: number of its chunks that had expired at the beginning, which these sums include.
        clean: whether it has no fault and nothing was omitted.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    device: str
    place: tuple[str, str] | None = None
    counted: dict[str, int | str] | None = None
    expired: int = 0
    items: int = 0
    bytes: int | None = 0
    clean: bool = True


class State(BaseModel):
    """The finished part of an audit.

    Attributes:
        audit: digest of twin, target and options; another audit does not continue it.
        surveyed: whether the listing of all objects is done, and how many chunks it has.
        last_device: all up to this one are finished.
        gaps: number of all gaps, of which `named_gaps` has the first.
        expired: chunks that have expired.
        excess, spent, unordered, uncompared: objects beyond those that the journal counts; chunk numbers without an
            object that it does not count; third-party chunks that are not in order; objects whose doubles were
            not looked for, for lack of memory.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    format: int = PROGRESS_FORMAT
    audit: str
    begun: str
    seed: str
    surveyed: bool = False
    chunks: int = 0
    own: int = 0
    last_device: str = ""
    current: Current | None = None
    devices: int = 0
    tiers: dict[str, TierCounts] = {}
    faults: int = 0
    faults_bytes: int = 0
    gaps: int = 0
    named_gaps: list[dict[str, Any]] = []
    expired: int = 0
    excess: int = 0
    spent: int = 0
    unordered: int = 0
    uncompared: int = 0

    def tier(self, name: str) -> TierCounts:
        return self.tiers.setdefault(name, TierCounts())


class Kept:
    """The state of an audit, recorded about every second, and its faults.

    Attributes:
        resumed: whether an interrupted audit is continued.
    """

    def __init__(
        self, folder: Path, name: str, fresh: State, *, restart: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.path = folder / f"{name}.progress.json"
        self.faults_path = folder / f"{name}.faults.jsonl"
        self._clock = clock
        found = None if restart else _read(self.path)
        if found is not None and (found.audit != fresh.audit or not _holds(self.faults_path, found.faults_bytes)):
            found = None
        self.resumed = found is not None
        self.state = found or fresh
        self._file = KeptFile(self.faults_path, size=self.state.faults_bytes)
        self._file.cut()
        self.save()

    def add_fault(self, fault: Fault) -> None:
        """Record a fault. Raises: ConfigurationError."""
        self._file.append([json.dumps(fault.to_json()) + "\n"])
        self.state.faults += 1
        self.state.tier(fault.tier).faults += 1

    def add_gap(self, gap: Gap) -> None:
        """Record a gap."""
        self.state.gaps += 1
        if len(self.state.named_gaps) < MAX_GAPS_NAMED:
            self.state.named_gaps.append(asdict(gap))

    def save_now_and_then(self) -> None:
        """Save the progress unless it was saved within the last second. Raises: ConfigurationError."""
        if self._clock() - self._saved_at >= SAVED_SECONDS:
            self.save()

    def save(self) -> None:
        """Save the progress. Raises: ConfigurationError."""
        self._file.sync()
        self.state.faults_bytes = self._file.size
        write_whole(self.path, self.state.model_dump_json(indent=2))
        self._saved_at = self._clock()

    def faults(self) -> tuple[Fault, ...]:
        """The first faults. Raises: ConfigurationError."""
        return tuple(_first(self.faults_path)) if self.state.faults else ()

    def gaps(self) -> tuple[Gap, ...]:
        """The first gaps."""
        return tuple(Gap(**one) for one in self.state.named_gaps)

    def close(self) -> None:
        """Close the file of faults."""
        self._file.close()

    def end(self) -> None:
        """Remove the progress of a finished audit."""
        self.path.unlink(missing_ok=True)


def _first(path: Path) -> Iterable[Fault]:
    with os_errors_reported(str(path), "cannot be read"), path.open(encoding="utf-8") as lines:
        for _, line in zip(range(MAX_FAULTS_NAMED), lines, strict=False):
            yield Fault(**json.loads(line))


def _read(path: Path) -> State | None:
    with os_errors_reported(str(path), "cannot be read"):
        try:
            found = State.model_validate_json(path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None
    return found if found.format == PROGRESS_FORMAT else None


def _holds(path: Path, size: int) -> bool:
    return not size or (path.is_file() and path.stat().st_size >= size)
