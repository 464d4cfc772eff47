"""The devices' own writers beside a mover: `python -m benchmarks.beside URL DEVICES ITEMS_A_SECOND FIRST_MOMENT`.

Each device's writer puts new items at a steady rate, a batch of up to 25 at a time, and sends what was throttled again,
with waits that double. It goes on until standard input closes; then it prints how much of its rate it got.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import aiohttp

from benchmarks.dataset import device_ids

BATCH, TABLE = 25, "benchmark-hot-iot-data"
FIRST_WAIT, LONGEST_WAIT = 0.05, 5.0


@dataclass(slots=True)
class Beside:
    """Items of all writers.

    Attributes:
        wanted: that were due while the writers ran.
        put: that were accepted.
        first: of these, at the first try.
        requests, throttled: sent, and those of which something was left.
        seconds: how long the writers ran.
        slowest: the longest time from when a batch was due until all of it was accepted.
    """

    wanted: int = 0
    put: int = 0
    first: int = 0
    requests: int = 0
    throttled: int = 0
    seconds: float = 0.0
    slowest: float = 0.0


async def put_batch(session: aiohttp.ClientSession, url: str, requests: list[object], told: Beside) -> None:
    """Put items until all are accepted."""
    failures = 0
    while requests:
        body = json.dumps({"RequestItems": {TABLE: requests}})
        headers = {"x-amz-target": "DynamoDB_20120810.BatchWriteItem"}
        async with session.post(url, data=body, headers=headers) as answer:
            content = await answer.json(content_type=None)
        left = content["UnprocessedItems"].get(TABLE, []) if answer.status == 200 else requests
        done = len(requests) - len(left)
        told.requests += 1
        told.throttled += bool(left)
        told.put += done
        told.first += done if failures == 0 else 0
        requests = left
        if requests:
            await asyncio.sleep(min(LONGEST_WAIT, FIRST_WAIT * 2**failures))
            failures += 1


async def write(
    session: aiohttp.ClientSession,
    url: str,
    device: str,
    rate: float,
    first: datetime,
    end: asyncio.Event,
    told: Beside,
) -> None:
    """Put a device's items at their rate until the end; what is late is put as soon as it can be."""
    begun, number = time.monotonic(), 0
    while not end.is_set():
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        requests: list[object] = []
        for _ in range(BATCH):
            moment = (first + timedelta(milliseconds=number)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
            item = {"iotDeviceId": {"S": device}, "id": {"S": moment}, "value": {"N": str(number)}}
            requests.append({"PutRequest": {"Item": item}})
            number += 1
        await put_batch(session, url, requests, told)
        told.slowest = max(told.slowest, time.monotonic() - due)
    told.wanted += int((time.monotonic() - begun) * rate)


async def write_all(url: str, devices: int, rate: float, first: datetime) -> Beside:
    told, end, begun = Beside(), asyncio.Event(), time.monotonic()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), end.set)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        print("ready", flush=True)
        await asyncio.gather(*(write(session, url, device, rate, first, end, told) for device in device_ids(devices)))
    told.seconds = time.monotonic() - begun
    return told


def main(url: str, devices: str, rate: str, first: str) -> None:
    told = asyncio.run(write_all(url, int(devices), float(rate), datetime.fromisoformat(first)))
    print(json.dumps(asdict(told)))


if __name__ == "__main__":
    main(*sys.argv[1:])
