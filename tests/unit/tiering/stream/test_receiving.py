"""Ingestion and hot writer: what each request is answered, and that a refused one stores nothing."""

from __future__ import annotations

import asyncio
import gzip
import json
from datetime import timedelta
from typing import Any

import pytest

from l3kit.errors import CallError, StoreError
from l3kit.tiering.runtime.chain import Chain
from l3kit.tiering.transfer.payload import MAX_BODY_BYTES
from l3kit.tiering.transfer.wire import Request
from tests.support.chain import NOW, ChainWorld, reading
from tests.support.moving import refusing
from tests.support.wire_server import TOKEN

FUNCTIONS = ["ingestion", "writer"]
COUNTS = {"stored": 0, "same": 0, "superseded": 0, "dead": 0}


def world() -> ChainWorld:
    """A twin whose layer 2 receives from one cloud and sends to another."""
    return ChainWorld("aws", "azure", "gcp")


def post(there: ChainWorld, function: str, body: Any, token: str | None = TOKEN, **headers: str) -> tuple[int, Any]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if token is not None:
        sent["x-inter-cloud-token"] = token
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    method = sent.pop("method", "POST")
    chain: Chain = there.started(function)
    response = asyncio.run(chain.receiver().handle(Request(sent, content, method)))
    return response.status, dict(response.body)


def envelope(*messages: bytes, **more: Any) -> dict[str, Any]:
    return {"source_cloud": "aws", "payload": [json.loads(message) for message in messages], **more}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_list_and_a_single_message_are_taken(function: str) -> None:
    there = world()
    assert post(there, function, envelope(reading(1), reading(2))) == (200, {**COUNTS, "stored": 2})
    assert post(there, function, envelope(payload=json.loads(reading(1)))) == (200, {**COUNTS, "same": 1})
    assert post(there, function, {"payload": json.loads(reading(3))})[0] == 200
    assert len(there.stored()) == 3


@pytest.mark.parametrize("function", FUNCTIONS)
def test_numbers_arrive_with_all_their_digits_plain_and_compressed(function: str) -> None:
    there = world()
    body = b'{"source_cloud":"aws","payload":[{"iotDeviceId":"sensor-1","id":"2026-03-01T10:00:00Z","v":1.10}]}'
    assert post(there, function, gzip.compress(body), content_encoding="gzip") == (200, {**COUNTS, "stored": 1})
    assert post(there, function, body) == (200, {**COUNTS, "same": 1})
    assert [item[-10:] for item in there.stored().values()] == [b'","v":1.10}'[1:]]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_credentials_are_looked_at_before_anything_else(function: str) -> None:
    there = world()
    for token in (None, "", "wrong", TOKEN + "x"):
        status, told = post(there, function, b"{not json", token)
        assert (status, list(told)) == (403, ["error"])
    assert post(there, function, b"", method="GET")[0] == 405
    assert not there.stored()


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("status", "body", "headers", "field"),
    [
        (400, b"{not json", {}, "body"),
        (400, b"[]", {}, "body"),
        (400, {}, {}, "payload"),
        (400, {"payload": []}, {}, "payload"),
        (400, {"payload": 1}, {}, "payload"),
        (400, {"payload": None}, {}, "payload"),
        (400, {"source_cloud": 5, "payload": [json.loads(reading(1))]}, {}, "source_cloud"),
        (413, b" " * (MAX_BODY_BYTES + 1), {}, "body"),
        (415, b"{}", {"content_encoding": "br"}, "Content-Encoding"),
    ],
)
def test_a_malformed_request_is_refused_by_its_field(
    function: str, status: int, body: Any, headers: dict[str, str], field: str
) -> None:
    answered, told = post(world(), function, body, **headers)
    assert (answered, told["field"]) == (status, field)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("bad", "problem", "member"),
    [
        ({"id": "2026-03-01T10:00:00Z"}, "no-device", "iotDeviceId"),
        ({"deviceId": "sensor-1"}, "no-time", "id"),
        ({"deviceId": "sensor-1", "time": "yesterday"}, "bad-time", "time"),
        ({"deviceId": "stranger", "time": "2026-03-01T10:00:00Z"}, "unknown-device", "deviceId"),
        ({"deviceId": "sensor-1", "time": "1970-01-01T00:00:09Z"}, "impossible-time", "time"),
        ("text", "not-json", ""),
    ],
)
def test_a_bad_message_is_named_and_nothing_of_its_request_is_stored(
    function: str, bad: Any, problem: str, member: str
) -> None:
    there = world()
    status, told = post(there, function, {"payload": [json.loads(reading(1)), bad]})
    assert (status, told["field"], told["index"], told["problem"]) == (400, "payload", 1, problem)
    assert (told["member"], "message 1" in told["error"]) == (member, True)
    status, told = post(there, function, {"payload": bad})
    assert (status, "index" in told, told["problem"]) == (400, False, problem)
    assert not there.stored()
    assert not there.letters(), "somebody listens"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_number_that_is_no_json_is_named_by_its_place(function: str) -> None:
    status, told = post(world(), function, b'{"payload":[{"v":1},{"v":NaN}]}')
    assert (status, told["field"], told["index"]) == (400, "payload", 1)


@pytest.mark.parametrize(
    ("function", "failing"),
    [("ingestion", CallError("persister", "s3://secret")), ("writer", StoreError("10.0.0.7", "x"))],
)
def test_trouble_behind_the_receiver_is_a_500_without_internals(
    function: str, failing: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    there = world()
    there.hot = refusing(there.hot, "create_items", failing)
    status, told = post(there, function, envelope(reading(1)))
    assert status == 500
    assert told == {"error": "the messages are not all in the hot tier; the reason is in the receiver's log"}
    assert str(failing) in caplog.text or "persister" in caplog.text


def test_a_reading_ahead_of_the_clock_is_refused_with_the_clocks_time() -> None:
    there = world()
    there.clock = NOW - timedelta(days=3)
    assert "2026-02-26" in post(there, "writer", envelope(reading(1)))[1]["error"]
