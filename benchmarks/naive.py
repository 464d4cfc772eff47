"""The naive mover, a first draft with boto3 as sketched in the seed plan; the baseline for l3kit.

It uses boto3's resource layer, makes each query page an object, and deletes items through `batch_writer`, all
sequentially. It is neither slowed down nor fixed: numbers become strings (`default=str`), and it has no journal.
"""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from typing import Any

import boto3
from boto3.dynamodb.conditions import Key

TABLE = os.environ["DYNAMODB_TABLE_NAME"]
BUCKET = os.environ["COLD_S3_BUCKET_NAME"]
INFO = json.loads(os.environ["DIGITAL_TWIN_INFO"])

table = boto3.resource("dynamodb").Table(TABLE)
s3_client = boto3.client("s3")


def flush_chunk_to_s3(device_id: str, items: list[dict[str, Any]], number: int) -> None:
    start, end = items[0]["id"], items[-1]["id"]
    s3_client.put_object(
        Bucket=BUCKET,
        Key=f"{device_id}/{start}-{end}/chunk-{number:05d}.json",
        Body=json.dumps(items, default=str),
        ContentType="application/json",
        StorageClass="STANDARD_IA",
    )


def move_device(device_id: str, cutoff: str) -> None:
    query = {"KeyConditionExpression": Key("iotDeviceId").eq(device_id) & Key("id").lt(cutoff)}
    number = 0
    while True:
        page = table.query(**query)
        items = page["Items"]
        if items:
            flush_chunk_to_s3(device_id, items, number)
            number += 1
            with table.batch_writer() as batch:
                for item in items:
                    batch.delete_item(Key={"iotDeviceId": item["iotDeviceId"], "id": item["id"]})
        if "LastEvaluatedKey" not in page:
            return
        query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def lambda_handler(event: dict[str, str], context: object) -> None:
    now = datetime.fromisoformat(event["time"])
    cutoff = (now - timedelta(days=INFO["config"]["hot_storage_size_in_days"])).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    for device in INFO["config_iot_devices"]:
        move_device(device["id"], cutoff)
