"""The measured process of `benchmarks.load`: loads a CSV file, and prints its times, rows and peak memory.

`python -m benchmarks.load_worker pandas|l3kit PATH`, with the functions' environment (see cells.py).
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.dataset import DEVICES
from benchmarks.run_mover import peak_kb

Load = Callable[[Path], int]
"""Loads a file; returns the number of rows."""


def pandas_and_boto3() -> Load:
    """As one would write it: floats as DynamoDB takes them, which costs digits."""
    from decimal import Decimal

    import boto3
    import pandas as pd

    table = boto3.resource("dynamodb").Table(os.environ["DYNAMODB_TABLE_NAME"])

    def load(path: Path) -> int:
        frame = pd.read_csv(path).rename(columns={"device": "iotDeviceId", "time": "id"})
        with table.batch_writer() as batch:
            for record in frame.to_dict("records"):
                batch.put_item({k: Decimal(str(v)) if isinstance(v, float) else v for k, v in record.items()})
        return len(frame)

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

    return lambda path: run(load_one(path))


def main(way: str, path: str) -> None:
    load = {"pandas": pandas_and_boto3, "l3kit": l3kit}[way]()
    wall, cpu = time.perf_counter(), time.process_time()
    rows = load(Path(path))
    times = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    print(json.dumps({**times, "rows": rows, "peak_kb": peak_kb()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
