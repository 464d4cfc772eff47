"""A fast mover without any safety, made of l3kit's own parts: what the journal and the guards cost is measured by it.

Pages become chunks, chunks become objects, and their items are deleted; devices run side by side as in l3kit. No
journal, no lease, no condition on the key, no second look, no digest of pages, no report.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from datetime import datetime, timedelta

from l3kit.clouds.aws import hot_store
from l3kit.clouds.aws.client import Call
from l3kit.clouds.aws.stores import open_hot, open_objects
from l3kit.tiering.chunks import object_key
from l3kit.tiering.ports import HotStore, Page
from l3kit.tiering.report import cutoff_key
from l3kit.tiering.settings import MAX_CHUNK_BYTES, Tuning


async def move_device(hot: HotStore, bucket: str, device_id: str, before: str) -> None:
    cold = open_objects(bucket, "cold")
    keys: list[str] = []
    items: list[bytes] = []
    size, number = 1, 0
    after: str | None = None

    async def flush(seen: object) -> None:
        nonlocal keys, items, size, number
        number += 1
        body = b"[" + b",".join(items) + b"]"
        key = object_key(device_id, keys[0], keys[-1], number)
        digest = hashlib.sha256(body).hexdigest()
        await cold._client.call(Call("put", key, "PUT", cold._path(key), body=body, payload_sha256=digest))
        await hot.delete_page(Page(keys, [], None, seen), keys, just_read=True)
        keys, items, size = [], [], 1

    while True:
        page = await hot.read_page(device_id, before=before, after=after)
        for key, item in zip(page.sort_keys, page.items, strict=True):
            if size + len(item) + 1 > MAX_CHUNK_BYTES and items:
                await flush(page.seen)
            keys.append(key)
            items.append(item)
            size += len(item) + 1
        if page.next_after is None:
            break
        after = page.next_after
    if items:
        await flush(page.seen)
    await cold.close()


async def move_all(now: datetime) -> None:
    tuning = Tuning()
    info = json.loads(os.environ["DIGITAL_TWIN_INFO"])
    before = cutoff_key(now - timedelta(days=info["config"]["hot_storage_size_in_days"]))
    hot = open_hot(os.environ["DYNAMODB_TABLE_NAME"], delete_concurrency=tuning.delete_concurrency)
    devices = iter([device["id"] for device in info["config_iot_devices"]])

    async def work() -> None:
        for device_id in devices:
            await move_device(hot, os.environ["COLD_S3_BUCKET_NAME"], device_id, before)

    await asyncio.gather(*(work() for _ in range(tuning.device_concurrency)))
    await hot.close()


def move(now: str) -> None:
    hot_store._fingerprint = lambda body: b""  # nobody compares it here
    asyncio.run(move_all(datetime.fromisoformat(now)))
