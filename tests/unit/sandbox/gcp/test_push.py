from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from l3kit.sandbox.faults.messages import MessageFaults
from l3kit.sandbox.gcp.push import PushSubscriptions, envelope, letter_name, wait_after
from l3kit.sandbox.messages.message import Message
from l3kit.sandbox.messages.routes import Route, Routes

NOW = datetime(2026, 1, 1, 12, 0, 0, 123_000, tzinfo=UTC)
MESSAGE = Message("t/a%2Fb/telemetry", b"\0\xff", "c", NOW)


class Endpoints:
    """A function and a bucket that answer with the statuses given, then 200."""

    def __init__(self, pushes: list[int], stores: list[int]) -> None:
        self.bodies: list[bytes] = []
        self.stored: list[tuple[str, str, bytes]] = []
        self._pushes, self._stores = pushes, stores

    async def push(self, function: str, headers: Mapping[str, str], body: bytes) -> int:
        self.bodies.append(body)
        return self._pushes.pop(0) if self._pushes else 200

    async def store(self, bucket: str, name: str, content: bytes) -> int:
        self.stored.append((bucket, name, content))
        return self._stores.pop(0) if self._stores else 200


def deliver(letters: str, endpoints: Endpoints) -> tuple[list[float], list[str]]:
    """Deliver one message to the end. Returns: the waits and the notes."""
    waits: list[float] = []
    notes: list[str] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def scene() -> None:
        routes = Routes()
        routes.put(Route("r", "t", "t/+/telemetry", "f", letters))
        faults = MessageFaults(lambda caller: None, lambda function: None)
        push = PushSubscriptions(routes, endpoints, faults, lambda name, text: notes.append(text), sleep=sleep)
        push.accept(MESSAGE)
        async with asyncio.timeout(10):
            while push.pending:
                await asyncio.sleep(0)

    asyncio.run(scene())
    return waits, notes


def test_a_push_is_repeated_with_growing_waits_until_it_succeeds() -> None:
    endpoints = Endpoints([500, 0, 429, 204], [])
    assert deliver("letters", endpoints) == ([0.2, 0.4, 0.8], [])
    assert [json.loads(body)["deliveryAttempt"] for body in endpoints.bodies] == [1, 2, 3, 4]
    assert endpoints.stored == []


def test_after_five_attempts_the_message_is_stored_among_the_letters_however_often_that_fails() -> None:
    endpoints = Endpoints([500] * 5, [503, 0])
    _, notes = deliver("letters", endpoints)
    assert len(endpoints.bodies) == 5
    assert [(bucket, content) for bucket, _, content in endpoints.stored] == [("letters", b"\0\xff\n")] * 3
    assert len({name for _, name, _ in endpoints.stored}) == 3
    assert ["answered 503" in note for note in notes] == [True, False]


def test_without_letters_a_push_is_repeated_without_end() -> None:
    endpoints = Endpoints([500] * 20, [])
    waits, _ = deliver("", endpoints)
    assert len(endpoints.bodies) == 21
    assert max(waits) == 5.0
    assert "deliveryAttempt" not in json.loads(endpoints.bodies[0])


def test_the_envelope_is_pubsubs() -> None:
    told = json.loads(envelope(Route("r", "t", "t/#", "f", "letters"), MESSAGE, "7", 2))
    assert told == {
        "message": {
            "attributes": {"deviceId": "a/b", "topic": "t/a%2Fb/telemetry"},
            "data": base64.b64encode(b"\0\xff").decode(),
            "messageId": "7",
            "message_id": "7",
            "publishTime": "2026-01-01T12:00:00.123Z",
            "publish_time": "2026-01-01T12:00:00.123Z",
        },
        "subscription": "projects/l3kit-sandbox/subscriptions/r",
        "deliveryAttempt": 2,
    }


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 0.2), (4, 1.6), (1000, 5.0)])
def test_waits_double_up_to_a_limit(attempt: int, seconds: float) -> None:
    assert wait_after(attempt) == seconds


def test_a_letter_is_named_by_route_and_time() -> None:
    assert letter_name("r", NOW).startswith("pubsub/r/2026-01-01T12:00:00+00:00_")
