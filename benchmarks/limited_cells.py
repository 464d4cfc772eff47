"""One measurement of a mover against a store with the cloud's limits, or without, in new processes, verified."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.beside import Beside
from benchmarks.cells import DATABASE_MS, OBJECT_MS, ROOT, ask, function_environment, run_mover, served
from benchmarks.dataset import FIRST, ITEMS_PER_MB, STEP, device_ids
from benchmarks.rates.dynamodb import DynamoLimits, Taken

MOST_DEVICES = 100
"""The ids of the data set sort as numbers up to here."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is moved: this much, of so many devices. `beside`: items a second that each of them writes meanwhile."""

    megabytes: float
    devices: int
    beside: float = 0.0

    @property
    def items(self) -> int:
        return int(self.megabytes * ITEMS_PER_MB)


@dataclass(frozen=True, slots=True)
class Run:
    """Measured values of one run. CPU is user + system time of the mover's process including start-up.

    Attributes:
        limits: their name, or `off`.
        requests: by operation, throttled ones included.
        throttled: requests of which something was refused for want of throughput, by operation.
        taken: units of each partition.
        told: the verdict of l3kit's own report; empty for the others.
        beside: what the devices' own writers got.
    """

    mover: str
    load: Load
    limits: str
    wall: float
    cpu: float
    peak_mb: float
    requests: Mapping[str, int]
    throttled: Mapping[str, int]
    taken: Taken
    verdict: Mapping[str, int]
    told: str
    beside: Beside | None = None

    @property
    def once(self) -> int:
        """Items that are stored, whatever became of their values, less the copies beyond the first."""
        return self.verdict["equal"] + self.verdict["altered"] - self.verdict["extra"]

    @property
    def all_moved_once(self) -> bool:
        return self.once == self.verdict["items"] and not self.verdict["left"]

    @property
    def exact(self) -> bool:
        """Whether each item is stored once, with its values, and gone from the table."""
        return self.all_moved_once and self.verdict["equal"] == self.verdict["items"]


def measure(mover: str, load: Load, limits: str, *, latency: bool = True) -> Run:
    """Start a filled store, run the mover once, compare. Raises: RuntimeError if the mover fails."""
    options = ["--devices", str(load.devices)]
    if latency:
        options += ["--database-ms", str(DATABASE_MS), "--object-ms", str(OBJECT_MS)]
    cutoff = FIRST + STEP * (load.items // load.devices + 2)
    with served(load.items, *options, limits=limits) as endpoint:
        environment = function_environment(endpoint, device_ids(load.devices))
        with written_beside(endpoint, load, cutoff + timedelta(days=1)) as beside:
            cpu, wall, told = run_mover(mover, environment, cutoff)
        requests, verdict, found = (ask(endpoint, what) for what in ("counts", "verdict", "limits"))
    if beside.put:
        requests["BatchWriteItem"] -= beside.requests
        if beside.throttled:
            found["throttled"]["BatchWriteItem"] -= beside.throttled
    verdict["items"] -= beside.put
    verdict["left"] -= beside.put
    taken = {(direction, table, key): units for direction, table, key, units in found["taken"]}
    report = (told.get("answer") or {}).get("verdict", "")
    peak = told["peak_kb"] / 1024
    return Run(mover, load, limits, wall, cpu, peak, requests, found["throttled"], taken, verdict, report, beside)


@contextmanager
def written_beside(endpoint: str, load: Load, first: datetime) -> Iterator[Beside]:
    """Let the devices write while the body runs. Yields: what they got, once it has ended."""
    told = Beside()
    if not load.beside:
        yield told
        return
    command = [sys.executable, "-m", "benchmarks.beside", endpoint, str(load.devices), str(load.beside)]
    with subprocess.Popen(
        [*command, first.isoformat()], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writers:
        assert writers.stdin is not None
        assert writers.stdout is not None
        writers.stdout.readline()
        try:
            yield told
        finally:
            writers.stdin.close()
            for name, value in json.loads(writers.stdout.readline()).items():
                setattr(told, name, value)


@dataclass(frozen=True, slots=True)
class Pair:
    """A mover's run with limits, and the same without."""

    limits: DynamoLimits
    free: Run
    limited: Run

    @property
    def ideal_wall(self) -> float:
        """The larger of what the limits and the run without limits need."""
        return max(self.limits.seconds(self.free.taken), self.free.wall)

    @property
    def ideal_requests(self) -> int:
        return sum(self.free.requests.values())

    @property
    def wall_ratio(self) -> float:
        return self.limited.wall / self.ideal_wall

    @property
    def request_ratio(self) -> float:
        return sum(self.limited.requests.values()) / self.ideal_requests

    @property
    def cpu_ratio(self) -> float:
        return self.limited.cpu / self.free.cpu
