"""One measurement of a mover, data size and latency, in new processes, verified item by item."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks.dataset import CUTOFF, DEVICES, ITEMS_PER_MB
from l3kit.tiering.settings.tuning import TUNING_VARIABLES

DATABASE_MS, OBJECT_MS = 10.0, 30.0
HOT_DAYS = 30
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Cell:
    """Parameters: `mover` (naive, unsafe or l3kit), `megabytes` of compact JSON, `latency` of a real cloud or none."""

    mover: str
    megabytes: int
    latency: bool


@dataclass(frozen=True, slots=True)
class Result:
    """Measured values. CPU is user + system time of the mover's process including start-up; memory is resident.

    `units` are DynamoDB's, read and write.
    """

    mover: str
    megabytes: int
    latency: bool
    cpu_seconds: float
    wall_seconds: float
    peak_mb: float
    above_bare_mb: float
    requests: dict[str, int]
    verdict: dict[str, int]
    units: dict[str, float] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """Whether every item is stored once, unaltered, and deleted from the table."""
        clean = not any(self.verdict[name] for name in ("altered", "lost", "left", "extra"))
        return clean and self.verdict["equal"] == self.verdict["items"]

    def to_json(self) -> dict[str, object]:
        return {**asdict(self), "exact": self.exact}


def bare_peak_mb() -> float:
    """Peak memory of an interpreter that moves nothing."""
    return float(run_mover("bare", os.environ.copy())[2]["peak_kb"]) / 1024


def measure(cell: Cell, bare_mb: float) -> Result:
    """Start a filled store, run the mover once, compare. Raises: RuntimeError with the mover's error output."""
    items = cell.megabytes * ITEMS_PER_MB
    latency = ["--database-ms", str(DATABASE_MS), "--object-ms", str(OBJECT_MS)] if cell.latency else []
    with served(items, *latency) as endpoint:
        cpu, wall, told = run_mover(cell.mover, function_environment(endpoint))
        requests = ask(endpoint, "counts")
        verdict = ask(endpoint, "verdict")
        units = ask(endpoint, "units")
    peak = float(told["peak_kb"]) / 1024
    where = (cell.mover, cell.megabytes, cell.latency)
    return Result(*where, cpu, wall, peak, peak - bare_mb, requests, verdict, units)


@contextmanager
def served(items: int, *options: str, limits: str = "off") -> Iterator[str]:
    """Serve the stub with a filled table in a process of its own. Yields: its url.

    Args:
        limits: as of the stub's option; what compares CPU has none, since waiting costs none.
    """
    command = [sys.executable, "-m", "benchmarks.stub", "--items", str(items), "--limits", limits, *options]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as stub:
        assert stub.stdout is not None
        assert stub.stdin is not None
        try:
            yield f"http://127.0.0.1:{int(stub.stdout.readline())}"
        finally:
            stub.stdin.close()


def function_environment(endpoint: str, devices: Sequence[str] = DEVICES) -> dict[str, str]:
    """Environment of the deployed function with the stub as its cloud; tuning such as COMPRESSION is passed through."""
    info = {
        "config": {
            "digital_twin_name": "benchmark",
            "hot_storage_size_in_days": HOT_DAYS,
            "cold_storage_size_in_days": 365,
            "mode": "production",
        },
        "config_iot_devices": [{"id": device_id} for device_id in devices],
        "config_providers": {f"layer_{layer}_provider": "aws" for layer in ("1", "2", "3_hot", "3_cold", "3_archive")},
    }
    names = ("PATH", "HOME", "LANG", "VIRTUAL_ENV", *TUNING_VARIABLES)
    passed = {name: os.environ[name] for name in names if name in os.environ}
    return {
        **passed,
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": endpoint,
        "DYNAMODB_TABLE_NAME": "benchmark-hot-iot-data",
        "JOURNAL_DYNAMODB_TABLE_NAME": "benchmark-journal",
        "COLD_S3_BUCKET_NAME": "benchmark-cold-iot-data",
        "DEAD_LETTER_S3_BUCKET_NAME": "benchmark-dead-letters",
        "DEFAULT_PROCESSOR_LAMBDA_NAME": "benchmark-default-processor",
        "PERSISTER_LAMBDA_NAME": "benchmark-persister",
        "DIGITAL_TWIN_INFO": json.dumps(info),
    }


def run_mover(
    mover: str, environment: dict[str, str], cutoff: datetime = CUTOFF
) -> tuple[float, float, dict[str, Any]]:
    """Run a mover. Returns: CPU seconds, wall seconds, and the values that the process printed."""
    now = cutoff + timedelta(days=HOT_DAYS)
    command = [sys.executable, "-m", "benchmarks.run_mover", mover, now.isoformat()]
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        process.kill()
        raise
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode:
        raise RuntimeError(f"the {mover} mover ended with exit code {process.returncode}; its output is above")
    told: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return usage.ru_utime + usage.ru_stime, wall, told


def ask(endpoint: str, what: str) -> Any:
    with urlopen(f"{endpoint}/_bench/{what}") as answer:
        return json.load(answer)
