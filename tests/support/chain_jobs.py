"""The complete job of each function of the message chain on AWS, run in this process with the function's own role.

As in `whole_jobs`: a job returns its problems as texts, an empty list on success.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any

from l3kit.clouds.aws.control.iot_rule import RIGHT, UNDELIVERED_PREFIX
from l3kit.clouds.aws.control.undelivered import RETRIES
from l3kit.sandbox.messages.client import wait_until_delivered
from l3kit.tiering.format.topics import TELEMETRY, device_topic
from l3kit.tiering.stream.letters import ACTION_FAILED
from l3kit.tiering.stream.ports import Delivery
from l3kit.tiering.transfer import wire
from l3kit.tiering.transfer.wire import Request
from tests.support.whole_jobs import Problems, Workplace, function_as_role

DEVICE = "pump-1"
"""Of the deployed twin: the functions that are called know no other."""
ALARM = "plant.pump.value > DOUBLE(90)"
"""The condition of the deployed twin's event, whose actions are a call by name and a feedback."""
ALARMING = 91
_numbers = itertools.count(1)


def message(number: int, value: int = 1) -> bytes:
    moment = f"2026-01-01T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z"
    return json.dumps({"iotDeviceId": DEVICE, "id": moment, "value": value}).encode()


async def dispatcher(work: Workplace) -> Problems:
    """Hand a message on and keep one that is none, twice; keep what Lambda could not deliver."""
    number = next(_numbers)
    good, bad = Delivery(message(number)), Delivery(f"no message {number}".encode())
    function = function_as_role(work, "dispatcher", DEVICE)
    problems = _missing(await function.dispatch([good, bad], _remaining), stored=1, dead=1)
    problems += _missing(await function.dispatch([bad], _remaining), dead=1)
    name, bucket = work.names.function("dispatcher"), work.names.dead_letters_s3_bucket()
    destination = {"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}}
    work.client("lambda").put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=RETRIES, DestinationConfig=destination
    )
    return problems


async def default_processor(work: Workplace) -> Problems:
    """Hand a message on and keep one that is none, twice."""
    number = next(_numbers)
    bad = f'["no message {number}"]'
    told = await _steps(work, "default-processor", message(number).decode(), bad, bad)
    return [*_missing(told[0], stored=1), *_missing(told[1], dead=1), *_missing(told[2], dead=1)]


async def connector(work: Workplace) -> Problems:
    """Send a message to another cloud and keep one that is none, twice."""
    number = next(_numbers)
    bad = f'["no message {number}"]'
    told = await _steps(work, "connector", message(number).decode(), bad, bad)
    return [*_missing(told[0], stored=1), *_missing(told[1], dead=1), *_missing(told[2], dead=1)]


async def persister(work: Workplace) -> Problems:
    """Store a message, find it stored, replace it and keep the old version, twice the same one; have all checked."""
    number = next(_numbers)
    one, other = message(number).decode(), message(number, 2).decode()
    told = await _steps(work, "persister", one, one, other, one, other)
    stored = [*_missing(told[0], stored=1), *_missing(told[1], same=1), *_missing(told[4], superseded=1)]
    return [*stored, *await _failed_actions(work)]


async def sending_persister(work: Workplace) -> Problems:
    """Send a message to the hot tier's cloud and have it checked; keep one that is none, twice."""
    number = next(_numbers)
    bad = f'["no message {number}"]'
    told = await _steps(work, "persister", message(number).decode(), bad, bad)
    stored = [*_missing(told[0], stored=1), *_missing(told[1], dead=1), *_missing(told[2], dead=1)]
    return [*stored, *await _failed_actions(work)]


async def event_checker(work: Workplace) -> Problems:
    """Call a function and send a device its feedback; keep a message that is none, twice."""
    number = next(_numbers)
    bad = f'["no message {number}"]'
    told = await _steps(work, "event-checker", message(number, ALARMING).decode(), bad, bad)
    checked = [*_missing(told[0], fired=2, failed=0), *_missing(told[1], dead=1), *_missing(told[2], dead=1)]
    return [*checked, *await _failed_actions(work)]


async def writer(work: Workplace) -> Problems:
    """The same for messages of another cloud."""
    number = next(_numbers)
    one, other = message(number).decode(), message(number, 2).decode()
    told = [await _posted(work, "writer", text) for text in (one, one, other, one, other)]
    return [*_missing(told[0], stored=1), *_missing(told[1], same=1), *_missing(told[4], superseded=1)]


async def ingestion(work: Workplace) -> Problems:
    """Hand a message of another cloud on."""
    return _missing(await _posted(work, "ingestion", message(next(_numbers)).decode()), stored=1)


async def feedback_receiver(work: Workplace) -> Problems:
    """Send a device the feedback of another cloud."""
    its = function_as_role(work, "feedback-receiver", DEVICE)
    headers = {wire.TOKEN_HEADER: work.settings("feedback-receiver", DEVICE).token.reveal()}
    body = f'{{"source_cloud": "gcp", "iot_device_id": "{DEVICE}", "payload": "cool down"}}'
    answer = await its.write(Request(headers, body.encode()))
    return [] if answer.body == {"sent": True} else [str(answer)]


def keep_undelivered(work: Workplace) -> Problems:
    """Publish a message while the topic rule may not invoke the dispatcher; find it among the dead letters."""
    functions, name, bucket = work.client("lambda"), work.names.function("dispatcher"), work.names.store("letters")
    rule = work.client("iot").get_topic_rule(ruleName=work.names.topic_rule())["ruleArn"]
    functions.remove_permission(FunctionName=name, StatementId=RIGHT)
    try:
        topic = device_topic(work.names.twin_name, DEVICE, TELEMETRY)
        work.client("iot-data").publish(topic=topic, payload=message(next(_numbers)))
        delivered = wait_until_delivered(work.state.gateway, 60)
    finally:
        functions.add_permission(
            FunctionName=name,
            StatementId=RIGHT,
            Action="lambda:InvokeFunction",
            Principal="iot.amazonaws.com",
            SourceArn=rule,
            SourceAccount=rule.split(":")[4],
        )
    s3 = work.client("s3")
    kept = [found["Key"] for found in s3.list_objects_v2(Bucket=bucket, Prefix=UNDELIVERED_PREFIX).get("Contents", [])]
    for key in kept:
        s3.delete_object(Bucket=bucket, Key=key)
    return [] if delivered and len(kept) == 1 else [f"kept: {kept}, settled: {delivered}"]


async def _steps(work: Workplace, function: str, *messages: str) -> list[dict[str, int]]:
    its = function_as_role(work, function, DEVICE)
    return [json.loads(await its.step(text.encode(), _remaining)) for text in messages]


async def _posted(work: Workplace, function: str, payload: str) -> Mapping[str, Any]:
    its = function_as_role(work, function, DEVICE)
    token = work.settings(function, DEVICE).token.reveal()
    body = f'{{"source_cloud": "gcp", "payload": {payload}}}'
    return (await its.write(Request({wire.TOKEN_HEADER: token}, body.encode()))).body


async def _failed_actions(work: Workplace) -> Problems:
    """Take out the letters of events that were not checked or not carried out. Returns: their causes."""
    async with work.objects("letters") as letters:
        keys = [info.key async for info in letters.list(f"{ACTION_FAILED}/")]
        causes = [str(json.loads(await letters.read(key))["cause"]) for key in keys]
        for key in keys:
            await letters.delete(key)
    return causes


def _missing(told: Mapping[str, Any], **wanted: int) -> Problems:
    return [f"{told}, not {wanted}"] if any(told.get(name) != count for name, count in wanted.items()) else []


def _remaining() -> float:
    return 300.0
