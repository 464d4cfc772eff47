"""The naive mover with threads: devices side by side, and the delete batches of a page side by side.

As `benchmarks.naive` does, it makes each query page an object, and has no journal and no conditions. boto3's clients
are safe to share among threads, its resources are not; what a batch left unprocessed is sent again.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config

TABLE = os.environ["DYNAMODB_TABLE_NAME"]
BUCKET = os.environ["COLD_S3_BUCKET_NAME"]
INFO = json.loads(os.environ["DIGITAL_TWIN_INFO"])
DEVICE_THREADS, DELETE_THREADS = 10, 32

config = Config(max_pool_connections=DEVICE_THREADS + DELETE_THREADS)
dynamodb = boto3.client("dynamodb", config=config)
s3 = boto3.client("s3", config=config)
deserialize = TypeDeserializer().deserialize


def delete_batch(requests: list[dict[str, Any]]) -> None:
    failures = 0
    while requests:
        left = dynamodb.batch_write_item(RequestItems={TABLE: requests})["UnprocessedItems"]
        requests = left.get(TABLE, [])
        if requests:
            time.sleep(min(5.0, 0.05 * 2**failures))
            failures += 1


def move_page(pool: ThreadPoolExecutor, device_id: str, page: Sequence[dict[str, Any]], number: int) -> None:
    items = [{name: deserialize(value) for name, value in item.items()} for item in page]
    s3.put_object(
        Bucket=BUCKET,
        Key=f"{device_id}/{items[0]['id']}-{items[-1]['id']}/chunk-{number:05d}.json",
        Body=json.dumps(items, default=str),
        ContentType="application/json",
        StorageClass="STANDARD_IA",
    )
    requests = [{"DeleteRequest": {"Key": {name: item[name] for name in ("iotDeviceId", "id")}}} for item in page]
    list(pool.map(delete_batch, [requests[at : at + 25] for at in range(0, len(requests), 25)]))


def move_device(pool: ThreadPoolExecutor, device_id: str, cutoff: str) -> None:
    query: dict[str, Any] = {
        "TableName": TABLE,
        "KeyConditionExpression": "iotDeviceId = :d AND id < :b",
        "ExpressionAttributeValues": {":d": {"S": device_id}, ":b": {"S": cutoff}},
    }
    number = 0
    while True:
        page = dynamodb.query(**query)
        if page["Items"]:
            move_page(pool, device_id, page["Items"], number)
            number += 1
        if "LastEvaluatedKey" not in page:
            return
        query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def lambda_handler(event: dict[str, str], context: object) -> None:
    now = datetime.fromisoformat(event["time"])
    cutoff = (now - timedelta(days=INFO["config"]["hot_storage_size_in_days"])).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    devices = [device["id"] for device in INFO["config_iot_devices"]]
    with ThreadPoolExecutor(DELETE_THREADS) as deletes, ThreadPoolExecutor(DEVICE_THREADS) as pool:
        list(pool.map(lambda device_id: move_device(deletes, device_id, cutoff), devices))
