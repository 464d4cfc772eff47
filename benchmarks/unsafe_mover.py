"""A fast mover without safety, built from l3kit's parts: the baseline for the cost of journal and conditions.

Pages become chunks, chunks become objects, and their items are deleted; devices run concurrently as in l3kit. No
journal, no lease, no condition on the key or on a delete, no report.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from datetime import datetime, timedelta

import orjson

from l3kit.clouds.aws.data.client import Call
from l3kit.clouds.aws.data.hot_store import DynamoHotStore
from l3kit.clouds.aws.data.stores import open_hot, open_objects
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.format.chunks import object_key
from l3kit.tiering.movers.report import iso
from l3kit.tiering.settings.tuning import MAX_CHUNK_BYTES, Tuning

BATCH = 25
"""Maximum requests per BatchWriteItem (DynamoDB's limit)."""


async def move_device(hot: DynamoHotStore, deletes: Bounded, bucket: str, device_id: str, before: str) -> None:
    cold = open_objects(bucket, "cold")
    table = hot._table
    begin = b'{"DeleteRequest":{"Key":{"iotDeviceId":{"S":%b},"id":{"S":' % orjson.dumps(device_id)
    envelope = b'{"ReturnConsumedCapacity":"TOTAL","RequestItems":{%b:[%%b]}}' % orjson.dumps(table.name)

    async def delete_batch(batch: list[str]) -> None:
        requests = b",".join([begin + orjson.dumps(key) + b"}}}}" for key in batch])
        answer = await table.send("BatchWriteItem", "batch_delete", envelope % requests)
        content = orjson.loads(answer.body)
        table.count_write(content)
        assert not content.get("UnprocessedItems")

    async def delete(keys: list[str]) -> None:
        await deletes.run([delete_batch(keys[at : at + BATCH]) for at in range(0, len(keys), BATCH)])

    keys: list[str] = []
    items: list[bytes] = []
    size, number = 1, 0
    after: str | None = None

    async def flush() -> None:
        nonlocal keys, items, size, number
        number += 1
        body = b"[" + b",".join(items) + b"]"
        key = object_key(device_id, keys[0], keys[-1], number)
        digest = hashlib.sha256(body).hexdigest()
        await cold._client.call(Call("put", key, "PUT", cold._path(key), body=body, payload_sha256=digest))
        await delete(keys)
        keys, items, size = [], [], 1

    while True:
        page = await hot.read_page(device_id, before=before, after=after)
        for key, item in zip(page.sort_keys, page.items, strict=True):
            if size + len(item) + 1 > MAX_CHUNK_BYTES and items:
                await flush()
            keys.append(key)
            items.append(item)
            size += len(item) + 1
        if page.next_after is None:
            break
        after = page.next_after
    if items:
        await flush()
    await cold.close()


async def move_all(now: datetime) -> None:
    tuning = Tuning()
    info = json.loads(os.environ["DIGITAL_TWIN_INFO"])
    before = iso(now - timedelta(days=info["config"]["hot_storage_size_in_days"]))
    hot = open_hot(os.environ["DYNAMODB_TABLE_NAME"], delete_concurrency=tuning.delete_concurrency)
    deletes = Bounded(tuning.delete_concurrency)
    devices = iter([device["id"] for device in info["config_iot_devices"]])

    async def work() -> None:
        for device_id in devices:
            await move_device(hot, deletes, os.environ["COLD_S3_BUCKET_NAME"], device_id, before)

    await asyncio.gather(*(work() for _ in range(tuning.device_concurrency)))
    await hot.close()


def move(now: str) -> None:
    asyncio.run(move_all(datetime.fromisoformat(now)))
