"""The measured process of `benchmarks.load`: loads a CSV file, and prints its times, rows and peak memory.

`python -m benchmarks.load_worker pandas|l3kit PATH [ROWS]`, with the functions' environment (see cells.py). With ROWS
pandas reads the whole file, writes so many of its rows, and the time of writing counts for all of them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchmarks.dataset import DEVICES
from benchmarks.run_mover import peak_kb


@dataclass(frozen=True, slots=True)
class Moment:
    """CPU and wall clock, in seconds since any moment."""

    cpu: float
    wall: float

    @classmethod
    def now(cls) -> Moment:
        return cls(time.process_time(), time.perf_counter())

    def __sub__(self, other: Moment) -> Moment:
        return Moment(self.cpu - other.cpu, self.wall - other.wall)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Rows of the file; how many of them were written, and since when."""

    rows: int
    written: int
    writing: Moment

    def seconds(self, begun: Moment, ended: Moment) -> dict[str, float]:
        """Return CPU and wall clock of all rows, at the rate of those that were written."""
        share = self.rows / self.written
        read, written = self.writing - begun, ended - self.writing
        return {"cpu": read.cpu + written.cpu * share, "wall": read.wall + written.wall * share}


Load = Callable[[Path], Loaded]


def pandas_and_boto3(most: int | None) -> Load:
    """As one would write it: floats as DynamoDB takes them, which costs digits."""
    from decimal import Decimal

    import boto3
    import pandas as pd

    table = boto3.resource("dynamodb").Table(os.environ["DYNAMODB_TABLE_NAME"])

    def load(path: Path) -> Loaded:
        frame = pd.read_csv(path).rename(columns={"device": "iotDeviceId", "time": "id"})
        records = frame.to_dict("records")
        writing = Moment.now()
        with table.batch_writer() as batch:
            for record in islice(records, most):
                batch.put_item({k: Decimal(str(v)) if isinstance(v, float) else v for k, v in record.items()})
        return Loaded(len(frame), min(len(frame), most or len(frame)), writing)

    return load


def l3kit() -> Load:
    """What `l3kit load` does, with progress and bad rows in the file's folder."""
    from l3kit.clouds.aws.data.stores import open_hot
    from l3kit.operate.coroutines import run
    from l3kit.operate.load.devices import LoadedDevices
    from l3kit.operate.load.kept import LoadJob
    from l3kit.operate.load.loading import load_files
    from l3kit.operate.load.pump import RowRate
    from l3kit.operate.load.reading import check_files
    from l3kit.operate.load.settings import checked
    from l3kit.operate.load.sources import sources
    from l3kit.twin.config import Config, Twin
    from l3kit.twin.devices import Device
    from l3kit.twin.provider_choice import Providers

    layers = ("1", "2", "3_hot", "3_cold", "3_archive")
    config = Config(digital_twin_name="benchmark", hot_storage_size_in_days=30, cold_storage_size_in_days=90)
    providers = Providers(**{f"layer_{layer}_provider": "aws" for layer in layers})
    twin = Twin(Path(), config, tuple(Device(id=device) for device in DEVICES), providers)

    async def load_one(path: Path) -> int:
        hot, settings = open_hot(os.environ["DYNAMODB_TABLE_NAME"]), checked({})
        found, _ = sources([path], None)
        check_files(found, twin, settings, sys.stdin.buffer)
        devices = LoadedDevices(twin, add=False)
        job = LoadJob(hot, twin, settings, "benchmark", devices, RowRate(0), lambda count, text: None)
        try:
            return (await load_files(job, found, sys.stdin.buffer)).total("created")
        finally:
            await hot.close()

    def load(path: Path) -> Loaded:
        begun = Moment.now()
        rows = run(load_one(path))
        return Loaded(rows, rows, begun)

    return load


def main(way: str, path: str, most: str = "") -> None:
    load = l3kit() if way == "l3kit" else pandas_and_boto3(int(most) if most else None)
    begun = Moment.now()
    loaded = load(Path(path))
    print(json.dumps({**loaded.seconds(begun, Moment.now()), "rows": loaded.rows, "peak_kb": peak_kb()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
