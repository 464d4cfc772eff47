"""The naive message chain, a first draft with boto3; the baseline for l3kit's.

Each function parses its event with Decimal and hands it on as JSON; the persister puts one item a message through
boto3's resource layer. It is neither slowed down nor fixed: JSON knows no Decimal, so numbers go on as floats and lose
digits; a malformed message ends the function, and a second version of an item replaces the first.
"""

from __future__ import annotations

import json
import os
from decimal import Decimal

import boto3

table = boto3.resource("dynamodb").Table(os.environ["DYNAMODB_TABLE_NAME"])
devices = {device["id"] for device in json.loads(os.environ["DIGITAL_TWIN_INFO"])["config_iot_devices"]}


def dispatcher(text: str) -> None:
    event = json.loads(text, parse_float=Decimal)
    if event["iotDeviceId"] in devices:
        processor(json.dumps(event, default=float))


def processor(text: str) -> None:
    event = json.loads(text, parse_float=Decimal)
    persister(json.dumps(event, default=float))


def persister(text: str) -> None:
    event = json.loads(text, parse_float=Decimal)
    table.put_item(Item=event)
