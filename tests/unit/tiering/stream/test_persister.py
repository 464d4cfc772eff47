"""The persister: events are checked of what is stored, at least once, and never cost an item."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from l3kit.errors import CallError
from l3kit.tiering.format.messages import Telemetry
from l3kit.tiering.stream.letters import Letters
from l3kit.tiering.stream.patience import Patience
from l3kit.tiering.stream.persister import EventCalls
from tests.support.chain import NOW, ChainWorld, reading
from tests.support.dying import Fault
from tests.support.memory_stores import MemoryObjectStore

CALL = {"condition": "plant.pump.v > DOUBLE(5)", "action": {"type": "function", "functionName": "alarm"}}


def test_an_items_event_is_checked_after_it_is_stored() -> None:
    world = ChainWorld(events=[CALL])
    world.deliver(reading(1, v=4), b'{"deviceId":"sensor-1","time":"2026-03-01T10:00:02Z","v":6.50}')
    ((function, payload),) = world.called
    assert function == "alarm"
    assert json.loads(payload)["event"]["id"] == "2026-03-01T10:00:02Z"
    assert b'"v":6.50' in payload
    assert len(world.stored()) == 2


def test_an_item_that_was_stored_before_is_checked_again() -> None:
    """The run that stored it may have ended before it could."""
    world = ChainWorld(events=[CALL])
    for _ in range(2):
        world.deliver(reading(1, v=6))
    assert len(world.called) == 2


@pytest.mark.parametrize("l2", ["aws", "gcp"])
@pytest.mark.parametrize("failing", ["alarm", "event-checker"])
def test_an_action_that_fails_is_a_dead_letter_and_the_item_stays(l2: str, failing: str) -> None:
    world = ChainWorld("aws", l2, "aws", events=[CALL], failing={failing})
    assert world.deliver(reading(1, v=6), reading(2, v=1)).to_json()["stored"] == 2
    letters = world.letters()
    assert {letter.problem for letter in letters} == {"action-failed"}
    assert {letter.function for letter in letters} == {"event-checker" if failing == "alarm" else "persister"}
    assert len(letters) == (1 if failing == "alarm" else 2)
    assert {letter.message for letter in letters} <= set(world.stored().values())
    assert all(failing in letter.cause for letter in letters)


def test_a_twin_without_events_has_no_checker_called() -> None:
    world = ChainWorld(failing={"event-checker"})
    assert world.deliver(reading(1, v=6)).stored == 1
    assert not world.letters()


class Silent:
    """A checker that never answers, or answers something else."""

    def __init__(self, answer: bytes | None) -> None:
        self._answer = answer

    async def call(self, function: str, event: bytes) -> bytes:
        if self._answer is None:
            await asyncio.Event().wait()
        return self._answer or b""

    async def close(self) -> None:
        return None


@pytest.mark.parametrize(
    ("answer", "cause"),
    [(None, "did not answer in time"), (b"", "account"), (b"null", "account"), (b'{"checked":2}', "account")],
)
def test_a_checker_without_an_answer_is_told_for_each_item(answer: bytes | None, cause: str) -> None:
    bucket = MemoryObjectStore("letters")
    letters = Letters(bucket, "persister", lambda: NOW)
    calls = EventCalls(Silent(answer), letters, "aws", Patience(lambda: 0.02))
    asyncio.run(calls.check([Telemetry("d", "1", b'{"iotDeviceId":"d","id":"1"}')]))
    ((_, body),) = bucket.objects.values()
    assert cause in json.loads(body)["cause"]


def test_a_dead_letter_of_an_action_that_cannot_be_stored_is_an_error() -> None:
    """The source delivers again: the item is there already, and its events are checked again."""
    world = ChainWorld(events=[CALL], failing={"event-checker"})
    world.deliver(reading(1, v=6))
    other = ChainWorld(events=[CALL], failing={"event-checker"}, fault=Fault(world.fault.calls, "refused"))
    with pytest.raises(CallError):
        other.deliver(reading(1, v=6))
    assert len(other.stored()) == 1
    other.deliver(reading(1, v=6))
    assert [letter.problem for letter in other.letters()] == ["action-failed"]


def test_what_is_no_item_is_a_dead_letter_of_the_persister() -> None:
    world = ChainWorld()
    answer: Any = world.step("persister", [json.loads(reading(1)), {"deviceId": "sensor-1"}])
    assert answer == {"stored": 1, "same": 0, "superseded": 0, "dead": 1}
    assert [(letter.problem, letter.function) for letter in world.letters()] == [("no-time", "persister")]
