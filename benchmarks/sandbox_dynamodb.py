"""Compares DynamoDB calls to moto alone and through the sandbox's gateway, which keeps the data in dynalite.

    python benchmarks/sandbox_dynamodb.py [--items 20000]

Starts a new sandbox, fills one partition with items of about 300 bytes, and prints a table.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from l3kit import sandbox

TABLE = "benchmark"
REPEATS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--items", type=int, default=20_000, help="items in the one partition (default: 20000)")
    count = parser.parse_args().items
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        state = sandbox.up(Path(folder) / "home", owner=os.getpid())
        print(f"sandbox up in {time.perf_counter() - begun:.1f} s; {count} items in one partition\n")
        try:
            moto = next(process.port for process in state.processes if process.name == "moto")
            # The table of the first column is created in moto directly, bypassing the gateway.
            alone = measure(client_for(f"http://127.0.0.1:{moto}"), count)
            gateway = measure(client_for(state.gateway), count)
        finally:
            sandbox.down(state.home)
    print(f"{'':<34}{'moto alone':>14}{'gateway':>14}{'ratio':>9}")
    for name, slow in alone.items():
        fast = gateway[name]
        ratio = fast / slow if name.endswith("/s") else slow / fast
        print(f"{name:<34}{slow:>14,.1f}{fast:>14,.1f}{ratio:>8.1f}x")


def client_for(endpoint: str) -> Any:
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=300),
    )


def measure(client: Any, count: int) -> dict[str, float]:
    """Measure milliseconds per call, or items per second if the name says so."""
    table = f"{TABLE}-{time.time_ns()}"
    client.create_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("iotDeviceId", "id")],
        KeySchema=[{"AttributeName": "iotDeviceId", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
    )
    keys = [f"2026-01-01T00:00:00.{n:06d}Z" for n in range(count)]
    begun = time.perf_counter()
    for batch in batches(keys):
        client.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": item(key)}} for key in batch]})
    written = count / (time.perf_counter() - begun)
    whole = {"KeyConditionExpression": "iotDeviceId = :d", "ExpressionAttributeValues": {":d": {"S": "d"}}}
    part = {
        "KeyConditionExpression": "iotDeviceId = :d AND id BETWEEN :a AND :b",
        "ExpressionAttributeValues": {":d": {"S": "d"}, ":a": {"S": keys[0]}, ":b": {"S": keys[min(99, count - 1)]}},
    }
    results = {
        "batch write, items/s": written,
        "query, first 1 MB page, ms": median_ms(lambda: client.query(TableName=table, **whole)),
        "query, range of 100 items, ms": median_ms(lambda: client.query(TableName=table, **part)),
        "get item, ms": median_ms(lambda: client.get_item(TableName=table, Key=key_of(keys[0])), 20),
        "conditional put, ms": median_ms(
            lambda: client.put_item(
                TableName=table, Item=item(keys[0]), ConditionExpression="v = :v",
                ExpressionAttributeValues={":v": {"N": "21.5"}},
            ),
            20,
        ),
    }  # fmt: skip
    begun = time.perf_counter()
    for batch in batches(keys):
        client.batch_write_item(RequestItems={table: [{"DeleteRequest": {"Key": key_of(key)}} for key in batch]})
    results["batch delete, items/s"] = count / (time.perf_counter() - begun)
    client.delete_table(TableName=table)
    return results


def batches(keys: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(keys), 25):
        yield keys[start : start + 25]


def key_of(key: str) -> dict[str, Any]:
    return {"iotDeviceId": {"S": "d"}, "id": {"S": key}}


def item(key: str) -> dict[str, Any]:
    return {**key_of(key), "v": {"N": "21.5"}, "note": {"S": "x" * 220}}


def median_ms(call: Callable[[], object], repeats: int = REPEATS) -> float:
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        call()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    main()
