"""The event checker: which actions run, and what becomes of those that fail."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from l3kit.errors import CallError, ConfigurationError
from l3kit.tiering.format.messages import MessageRules
from l3kit.tiering.stream.event_checker import EventChecker
from l3kit.tiering.stream.events import Call, parse_events
from l3kit.tiering.stream.letters import DeadLetter, Letters
from tests.support.chain import DEVICES, NOW, reading
from tests.support.memory_stores import MemoryObjectStore

EVENTS: list[Any] = [
    {"condition": "plant.pump.v > DOUBLE(5)", "action": {"type": "function", "functionName": "alarm"}},
    {
        "condition": "plant.pump.v >= INTEGER(7)",
        "action": {"type": "lambda", "functionUrl": "https://x.example/?code=k"},
    },
    {"condition": "plant.pump.state == STRING(off)", "action": {"type": "feedback", "payload": {"turn": "on"}}},
]


class Actions:
    """Records what actions were given; `failing` maps a function or device to an error."""

    def __init__(self) -> None:
        self.done: list[tuple[str, Any]] = []
        self.failing: dict[str, BaseException | None] = {}
        self.bucket = MemoryObjectStore("letters")

    async def call(self, call: Call, payload: bytes) -> None:
        await self._do(call.name or call.url, payload)

    async def send(self, device_id: str, payload: bytes) -> None:
        await self._do(device_id, payload)

    async def close(self) -> None:
        return None

    async def _do(self, target: str, payload: bytes) -> None:
        self.done.append((target, json.loads(payload)))
        if target in self.failing:
            if (error := self.failing[target]) is None:
                await asyncio.Event().wait()
            else:
                raise error

    def check(self, *messages: bytes) -> dict[str, int]:
        letters = Letters(self.bucket, "event-checker", lambda: NOW)
        events, problems = parse_events(EVENTS, DEVICES)
        assert not problems
        rules = MessageRules(frozenset(DEVICES), time_digits=0)
        checker = EventChecker(rules, letters, events, self.call, lambda: self, lambda: NOW, seconds=0.05)
        return asyncio.run(checker.handle(b"[%b]" % b",".join(messages))).to_json()

    @property
    def letters(self) -> list[DeadLetter]:
        return [DeadLetter.from_json(key, body) for key, (_, body) in self.bucket.objects.items()]


def test_every_action_whose_condition_holds_runs_once_for_each_item() -> None:
    actions = Actions()
    told = actions.check(reading(1, v=6), reading(2, v=8), reading(3, v=1), reading(4, "sensor-2", state="off"))
    assert told == {"checked": 4, "fired": 4, "failed": 0, "dead": 0}
    assert sorted(target for target, _ in actions.done) == ["alarm", "alarm", "https://x.example/?code=k", "sensor-2"]
    assert not actions.letters


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (CallError("alarm", "failed", "See its log"), "alarm: failed. See its log"),
        (ConfigurationError("alarm", "is not there"), "alarm: is not there"),
        (None, "was not done within 0.05 s"),
    ],
)
def test_an_action_that_fails_is_told_with_its_condition_and_stops_no_other(
    error: BaseException | None, told: str
) -> None:
    actions = Actions()
    actions.failing["alarm"] = error
    assert actions.check(reading(1, v=8), reading(2, v=1)) == {"checked": 2, "fired": 1, "failed": 1, "dead": 0}
    (letter,) = actions.letters
    assert (letter.problem, letter.device) == ("action-failed", "sensor-1")
    assert letter.cause.startswith("plant.pump.v > DOUBLE(5): ")
    assert told in letter.cause
    assert json.loads(letter.message)["v"] == 8


def test_several_failed_actions_of_one_item_are_one_letter_that_names_all() -> None:
    actions = Actions()
    actions.failing = {"alarm": CallError("a", "one"), "https://x.example/?code=k": CallError("b", "two")}
    assert actions.check(reading(1, v=8))["failed"] == 2
    (letter,) = actions.letters
    assert "one" in letter.cause
    assert "two" in letter.cause


def test_a_message_that_is_no_item_is_a_dead_letter_and_counts() -> None:
    actions = Actions()
    assert actions.check(b"{}", reading(1, v=6)) == {"checked": 2, "fired": 1, "failed": 0, "dead": 1}
    assert [letter.problem for letter in actions.letters] == ["no-device"]
