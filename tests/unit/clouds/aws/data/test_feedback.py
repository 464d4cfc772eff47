"""Publish of IoT's data plane: the request is boto3's, and failures are told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import boto3
import pytest

from l3kit.clouds.aws.data.client import AwsClient
from l3kit.clouds.aws.data.credentials import Credentials
from l3kit.clouds.aws.data.feedback import MAX_PAYLOAD_BYTES, IotFeedback
from l3kit.clouds.aws.data.http import HttpError, HttpResponse
from l3kit.errors import CallError
from l3kit.tiering.ports import Usage
from tests.support.peer_calls import at_once
from tests.unit.clouds.aws.data.test_peers import Http

OK = HttpResponse(200, {}, b'{"message":"OK"}')


def send(*answers: HttpResponse | HttpError, device: str = "sensor-1", payload: bytes = b'{"on":true}') -> Http:
    http: Any = Http(list(answers), host="data-ats.iot.eu-west-1.amazonaws.com")
    client = AwsClient("iotdata", "eu-west-1", http, lambda: Credentials("AKIA", "x"), Usage(), retry=at_once())
    asyncio.run(IotFeedback("weather", client).send(device, payload))
    return http  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("device", "topic"),
    [("sensor-1", "weather/sensor-1/feedback"), ("a/b+#%é", "weather/a%2Fb%2B%23%25é/feedback")],
)
def test_the_request_is_the_one_that_boto3_sends(device: str, topic: str) -> None:
    client = boto3.client("iot-data", "eu-west-1", aws_access_key_id="AKIA", aws_secret_access_key="x")
    seen: list[Any] = []

    def stop(request: Any, **_: Any) -> Any:
        seen.append(request)
        raise InterruptedError

    client.meta.events.register("before-send.iot-data-plane.Publish", stop)
    with pytest.raises(InterruptedError):
        client.publish(topic=topic, qos=1, payload=b'{"on":true}')
    http = send(OK, device=device)
    method, target, headers, body = http.sent[0]
    assert f"https://{http.host}{target}" == seen[0].url
    assert (method, body) == (seen[0].method, seen[0].body)
    signed = seen[0].headers["Authorization"].decode()
    assert headers["authorization"].split("/")[2:4] == signed.split("/")[2:4] == ["eu-west-1", "iotdata"]


def test_a_lost_answer_and_throttling_are_sent_again() -> None:
    throttled = HttpResponse(429, {"x-amzn-errortype": "ThrottlingException"}, b'{"message":"slow down"}')
    assert len(send(HttpError("the connection was closed early"), throttled, OK).sent) == 3


def test_a_missing_permission_has_its_remedy() -> None:
    refused = HttpResponse(403, {"x-amzn-errortype": "ForbiddenException"}, json.dumps({"message": None}).encode())
    with pytest.raises(CallError, match=r"weather/sensor-1/feedback: publish returned 403.*run deploy_l3"):
        send(refused)


def test_a_payload_above_the_quota_is_not_sent() -> None:
    with pytest.raises(CallError, match=r"131,073 bytes; IoT Core takes 131,072"):
        send(OK, payload=bytes(MAX_PAYLOAD_BYTES + 1))
