"""The dispatcher: what it tells of a message that it cannot hand on; neither half of its work stops the other."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from l3kit.errors import CallError, L3Error, StoreError
from l3kit.tiering.format.messages import MessageRules, Telemetry
from l3kit.tiering.stream.batches import Counts
from l3kit.tiering.stream.dispatcher import Dispatcher
from l3kit.tiering.stream.letters import DeadLetter, Letters
from l3kit.tiering.stream.ports import Delivery
from tests.support.chain import DEVICES, NOW, reading
from tests.support.memory_stores import MemoryObjectStore
from tests.support.moving import refusing

RECEIVED = datetime(2026, 2, 28, 23, tzinfo=UTC)


class Following:
    """What follows; `error` is raised once the items are taken."""

    def __init__(self, error: L3Error | None = None) -> None:
        self.items: list[Telemetry] = []
        self._error = error

    async def take(self, items: Sequence[Telemetry]) -> Counts:
        self.items += items
        if self._error:
            raise self._error
        return Counts(stored=len(items))


class Layer1:
    def __init__(self, following: Following, bucket: Any = None) -> None:
        self.following = following
        self.bucket = bucket or MemoryObjectStore("letters")
        rules = MessageRules(frozenset(DEVICES), time_digits=0)
        letters = Letters(self.bucket, "dispatcher", lambda: NOW)
        self._dispatcher = Dispatcher(rules, letters, following, lambda: NOW)

    def dispatch(self, *deliveries: Delivery) -> Counts:
        return asyncio.run(self._dispatcher.dispatch(deliveries))

    @property
    def letters(self) -> list[DeadLetter]:
        return [DeadLetter.from_json(key, body) for key, (_, body) in self.bucket.objects.items()]


def test_a_letter_tells_the_sender_and_when_the_source_took_the_message() -> None:
    layer = Layer1(Following())
    assert layer.dispatch(Delivery(b'{"v":1}', "sensor-1", RECEIVED)) == Counts(dead=1)
    (letter,) = layer.letters
    assert (letter.problem, letter.device, letter.received) == ("no-device", "sensor-1", RECEIVED)
    assert "iotDeviceId" in letter.cause
    assert next(iter(layer.bucket.objects)).startswith("no-device/2026-02-28/")


def test_two_senders_of_the_same_broken_bytes_have_a_letter_each_and_a_redelivery_adds_none() -> None:
    layer = Layer1(Following())
    for body in (b"nonsense", b"[1,,2]", b'[{"v":1},{"v":1}]'):
        for _ in range(2):
            layer.dispatch(*(Delivery(body, device, RECEIVED) for device in (*DEVICES[:2], None)))
    told = Counter((letter.device, letter.problem) for letter in layer.letters)
    senders = (*DEVICES[:2], None)
    assert told == Counter({(one, problem): n for one in senders for problem, n in (("not-json", 2), ("no-device", 1))})


def test_a_body_that_cannot_be_taken_apart_is_one_letter_and_the_other_bodies_go_on() -> None:
    layer = Layer1(Following())
    body = b"[%b,,%b]" % (reading(1), reading(2))
    assert layer.dispatch(Delivery(body), Delivery(reading(3))) == Counts(stored=1, dead=1)
    assert [letter.message for letter in layer.letters] == [body]
    assert [item.id for item in layer.following.items] == ["2026-03-01T10:00:03Z"]


def test_where_the_next_function_fails_the_bad_messages_are_kept_all_the_same() -> None:
    layer = Layer1(Following(CallError("default-processor", "failed", "See its log")))
    with pytest.raises(CallError, match="default-processor: failed"):
        layer.dispatch(Delivery(reading(1)), Delivery(b"nonsense"))
    assert [letter.problem for letter in layer.letters] == ["not-json"]


def test_where_a_letter_cannot_be_stored_the_good_messages_go_on_and_the_failure_is_told() -> None:
    layer = Layer1(Following(), refusing(MemoryObjectStore("letters"), "create", StoreError("bucket", "503")))
    with pytest.raises(StoreError, match="bucket: 503"):
        layer.dispatch(Delivery(reading(1)), Delivery(b"nonsense"))
    assert len(layer.following.items) == 1


def test_nothing_delivered_is_nothing_done() -> None:
    assert Layer1(Following()).dispatch() == Counts()
