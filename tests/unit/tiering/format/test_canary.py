"""The canary's message: what is accepted as one, and the trace that each function adds to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest

from l3kit.tiering.format.canary import (
    MAX_TRACE_BYTES,
    Sighting,
    Stop,
    canary_message,
    sightings_of,
    token_of,
)
from l3kit.tiering.format.chunks import CANARY_DEVICE, is_own_key, object_key
from l3kit.tiering.format.messages import MessageProblem, MessageRefusedError, MessageRules, normalise

NOW = datetime(2026, 6, 1, 0, 0, 0, 1500, tzinfo=UTC)
TIME = "2026-05-31T08:30:00.250Z"
RULES = MessageRules(frozenset({"pump-1"}))
TOKEN = "0123456789abcdef" * 2
CANARY = canary_message(TOKEN, TIME)


def changed(**members: object) -> bytes:
    return orjson.dumps({**orjson.loads(CANARY), **members})


def test_each_function_adds_itself_with_its_cloud_and_its_time() -> None:
    later = NOW.astimezone(timezone(timedelta(hours=2))) + timedelta(seconds=1)
    first = normalise(CANARY, replace(RULES, stop=Stop("dispatcher", "aws")), NOW)
    second = normalise(first.json, replace(RULES, stop=Stop("persister", "gcp")), later)
    assert (second.device_id, second.id) == (CANARY_DEVICE, TIME)
    assert sightings_of(second.json) == (Sighting("dispatcher", "aws", NOW), Sighting("persister", "gcp", later))
    assert token_of(second.json) == TOKEN
    assert b"+02:00" not in second.json


def test_without_a_stop_a_canary_is_returned_unchanged() -> None:
    item = normalise(CANARY, RULES, NOW)
    assert item.json == CANARY == normalise(item.json, RULES, NOW).json


def test_a_reading_is_not_traced() -> None:
    reading = f'{{"iotDeviceId":"pump-1","id":"{TIME}","canary":"{TOKEN}","trace":[]}}'.encode()
    assert normalise(reading, replace(RULES, stop=Stop("dispatcher", "aws")), NOW).json == reading
    assert token_of(reading) is None


@pytest.mark.parametrize(
    "message",
    [
        changed(v=1),
        changed(canary="x"),
        changed(canary=7),
        changed(trace={}),
        changed(trace=[1]),
        changed(trace=[{"function": "a", "cloud": "b"}]),
        changed(trace=[{"function": "a", "cloud": "b", "at": "soon"}]),
        changed(trace=[{"function": "a", "cloud": "b", "at": "2026-06-01T00:00:00"}]),
        changed(trace=[{"function": 1, "cloud": "b", "at": TIME}]),
        changed(trace=[{"function": "a" * MAX_TRACE_BYTES, "cloud": "b", "at": TIME}]),
        changed(iotDeviceId="~other"),
        CANARY.replace(b"[]", b"[1e400]"),
        CANARY.replace(b"[]", b"1e400"),
    ],
)
def test_nothing_but_a_canary_may_use_its_name(message: bytes) -> None:
    with pytest.raises(MessageRefusedError) as caught:
        normalise(message, RULES, NOW)
    assert caught.value.problem is MessageProblem.RESERVED_DEVICE


def test_a_canary_of_an_impossible_time_is_refused_as_any_message() -> None:
    with pytest.raises(MessageRefusedError) as caught:
        normalise(canary_message(TOKEN, "1970-01-01T00:00:00.000Z"), RULES, NOW)
    assert caught.value.problem is MessageProblem.IMPOSSIBLE_TIME


@pytest.mark.parametrize("message", [b"", b"not json", b"[]", b"{}", b'{"iotDeviceId":"~canary"}', changed(trace=7)])
def test_what_is_no_canary_has_no_trace(message: bytes) -> None:
    assert sightings_of(message) == ()
    assert token_of(message) in (None, TOKEN)


def test_a_canary_s_chunk_is_none_of_the_data() -> None:
    assert is_own_key(object_key(CANARY_DEVICE, TIME, TIME, 1))
    assert is_own_key("_l3kit/reports/x")
    assert not is_own_key(object_key("~canary2", TIME, TIME, 1))
    assert not is_own_key(object_key("pump-1", TIME, TIME, 1))
