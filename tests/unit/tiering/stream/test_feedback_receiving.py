"""The receiver of feedback: what each request is answered, and which devices are sent to."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from l3kit.errors import CallError, L3Error
from l3kit.tiering.format.messages import MessageRules
from l3kit.tiering.link_auth import Authentication
from l3kit.tiering.stream.feedback_receiving import FeedbackReceiver
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.connection import credentials
from l3kit.tiering.transfer.payload import MAX_BODY_BYTES
from l3kit.tiering.transfer.wire import Request
from tests.support.chain import DEVICES, NOW
from tests.support.wire_server import TOKEN

SENT: dict[str, Any] = {"source_cloud": "azure", "iot_device_id": "sensor-1", "payload": {"valve": "open"}}


class WayBack:
    """Records what devices are sent; `failing`: the error of each send, None for no answer."""

    def __init__(self, failing: BaseException | str | None = "") -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.failing = failing

    async def send(self, device_id: str, payload: bytes) -> None:
        self.sent.append((device_id, payload))
        if self.failing is None:
            await asyncio.Event().wait()
        if isinstance(self.failing, BaseException):
            raise self.failing

    async def close(self) -> None:
        return None


def post(
    way: WayBack, body: Any, headers: dict[str, str] | None = None, *, signed: bool = False, **rules: Any
) -> tuple[int, Any]:
    receiver = FeedbackReceiver(
        lambda: way,
        MessageRules(frozenset(DEVICES), **rules),
        "/feedback-receiver",
        Secret(TOKEN),
        auth=Authentication(signed),
        clock=lambda: NOW,
        seconds=0.05,
    )
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"x-inter-cloud-token": TOKEN} | (headers or {})
    method = named.pop("method", "POST")
    response = asyncio.run(receiver.handle(Request(named, content, method)))
    return response.status, dict(response.body)


def test_a_device_gets_the_payload_byte_for_byte_and_again_if_it_is_sent_again() -> None:
    way, body = WayBack(), b'{"iot_device_id":"sensor-1", "payload": {"v":  1.10, "n":1e400}}'
    assert [post(way, body), post(way, body)] == [(200, {"sent": True})] * 2
    assert way.sent == [("sensor-1", b'{"v":  1.10, "n":1e400}')] * 2


def test_nothing_is_sent_without_the_token() -> None:
    way = WayBack()
    for headers in ({"x-inter-cloud-token": ""}, {"x-inter-cloud-token": "wrong"}):
        assert post(way, b"{not json", headers)[0] == 403
    assert post(way, SENT, {"method": "PUT"})[0] == 405
    assert not way.sent


def test_a_signed_link_takes_a_signature_for_this_function_alone() -> None:
    way, body = WayBack(), json.dumps(SENT).encode()
    assert post(way, body, signed=True)[0] == 403
    for path, status in (("/feedback-receiver", 200), ("/writer", 403)):
        assert post(way, body, credentials(Secret(TOKEN), path, body, NOW), signed=True)[0] == status
    assert len(way.sent) == 1


@pytest.mark.parametrize(
    ("status", "body", "headers", "field"),
    [
        (400, b"{not json", {}, "body"),
        (400, b"[]", {}, "body"),
        (400, {**SENT, "iot_device_id": None}, {}, "iot_device_id"),
        (400, {**SENT, "iot_device_id": 7}, {}, "iot_device_id"),
        (400, {**SENT, "iot_device_id": ""}, {}, "iot_device_id"),
        (400, {**SENT, "iot_device_id": "stranger"}, {}, "iot_device_id"),
        (400, {**SENT, "iot_device_id": "~canary"}, {}, "iot_device_id"),
        (400, {**SENT, "payload": None}, {}, "payload"),
        (400, {"iot_device_id": "sensor-1"}, {}, "payload"),
        (400, b'{"iot_device_id":"sensor-1","payload":NaN}', {}, "payload"),
        (400, {**SENT, "source_cloud": 5}, {}, "source_cloud"),
        (413, b" " * (MAX_BODY_BYTES + 1), {}, "body"),
        (415, b"{}", {"content-encoding": "br"}, "Content-Encoding"),
    ],
)
def test_a_malformed_request_is_refused_by_its_field_and_sends_nothing(
    status: int, body: Any, headers: dict[str, str], field: str
) -> None:
    way = WayBack()
    answered, told = post(way, body, headers)
    assert (answered, told["field"]) == (status, field)
    assert not way.sent


@pytest.mark.parametrize(
    ("device", "status"), [("stranger", 200), ("~canary", 400), ("_l3kit", 400), ("é" * 256, 200), ("é" * 257, 400)]
)
def test_where_unknown_devices_are_kept_they_get_feedback_too(device: str, status: int) -> None:
    assert post(WayBack(), {**SENT, "iot_device_id": device}, keep_unknown=True)[0] == status


def test_what_the_way_back_refuses_is_told_with_the_reason_and_not_to_be_retried() -> None:
    refused = CallError("sensor-1", "HTTP 404", "The device is not connected")
    status, told = post(WayBack(refused), SENT)
    assert (status, told) == (424, {"error": "sensor-1: HTTP 404. The device is not connected"})


@pytest.mark.parametrize("failing", [L3Error("10.0.0.7", "x"), ValueError("s3://secret"), None])
def test_other_trouble_is_a_500_without_internals(failing: BaseException | None) -> None:
    status, told = post(WayBack(failing), SENT)
    assert status == 500
    assert told == {"error": "it is not known whether the device got the feedback; the reason is in the receiver's log"}
