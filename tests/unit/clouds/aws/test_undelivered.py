"""Records that AWS puts among the dead letters itself."""

from __future__ import annotations

import base64
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.response import StreamingBody

from l3kit.clouds.aws.data.events import delivery_of, unwrapped, wrapped
from l3kit.clouds.aws.undelivered import undelivered
from tests.unit.operate.test_movers import TWIN, Lambda

BODY = b'{"v":1.10}'
EVENT = {
    "payload": base64.b64encode(BODY).decode(),
    "topic": "twin/sensor%2F1/telemetry",
    "client": "c",
    "received": 1772359200000,
}
RECORD = {
    "version": "1.0",
    "timestamp": "2026-03-01T10:07:00.000Z",
    "requestContext": {
        "requestId": "r",
        "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:twin-dispatcher:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    },
    "requestPayload": EVENT,
    "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
    "responsePayload": {"errorMessage": "persister: failed", "errorType": "CallError"},
}
RULE_ERROR = {
    "ruleName": "twin",
    "topic": EVENT["topic"],
    "cloudwatchTraceId": "t",
    "clientId": "c",
    "base64OriginalPayload": EVENT["payload"],
    "failures": [{"failedAction": "LambdaAction", "failedResource": "twin-dispatcher", "errorMessage": "throttled"}],
}
TAKEN = datetime(2026, 3, 1, 10, tzinfo=UTC)
LAMBDA_KEY = "aws/lambda/async/twin-dispatcher/2026/03/01/2026-03-01T10.07.00-5f0c"


@pytest.mark.parametrize(
    ("key", "record", "cause", "received"),
    [
        (
            LAMBDA_KEY,
            RECORD,
            "RetriesExhausted after 3 attempts, the last answered: persister",
            TAKEN,
        ),
        (
            LAMBDA_KEY,
            {**RECORD, "responsePayload": None},
            "RetriesExhausted after 3 attempts",
            TAKEN,
        ),
        ("aws/iot/2026/03/01/5f0c.json", RULE_ERROR, "throttled", None),
    ],
)
def test_a_record_holds_the_message_to_the_byte_with_its_device_and_cause(
    key: str, record: Any, cause: str, received: datetime | None
) -> None:
    found = undelivered(key, json.dumps(record).encode())
    assert found is not None
    assert cause in found.cause
    (event,) = found.events
    delivery = delivery_of(event)
    assert delivery is not None
    assert (delivery.body, found.device) == (BODY, "sensor/1")
    assert found.received == received


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("notes.txt", json.dumps(RECORD).encode()),
        (LAMBDA_KEY, b"no JSON"),
        (LAMBDA_KEY, b"[]"),
        (LAMBDA_KEY, json.dumps({**RECORD, "requestPayload": {"messages": []}}).encode()),
        ("aws/iot/x.json", b'{"topic":"t","base64OriginalPayload":"!","failures":[{"errorMessage":"e"}]}'),
    ],
)
def test_any_other_object_is_none_of_them(key: str, body: bytes) -> None:
    assert undelivered(key, body) is None


def test_bytes_reach_a_function_as_they_are() -> None:
    functions = Lambda()
    answer = b'{"stored":1}'
    expected = {"FunctionName": "nyc-weather-persister", "Payload": wrapped(BODY), "LogType": "Tail"}
    functions.stub.add_response("invoke", {"Payload": StreamingBody(io.BytesIO(answer), len(answer))}, expected)
    with functions.stub:
        assert functions.session.clouds["aws"].invoke(TWIN, "persister", BODY) == {"stored": 1}
    assert unwrapped(json.loads(wrapped(BODY))) == BODY
