"""The processor's step: what a twin's processor does with an item never loses it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from l3kit.errors import CallError, StoreError
from l3kit.tiering.format.messages import MessageRules, Telemetry
from l3kit.tiering.stream.batches import Counts
from l3kit.tiering.stream.letters import DeadLetter, Letters
from l3kit.tiering.stream.patience import Patience
from l3kit.tiering.stream.processing import Processors
from l3kit.tiering.stream.processor_step import MAX_HANGING, ProcessorStep
from tests.support.chain import DEVICES, NOW, reading
from tests.support.memory_stores import MemoryObjectStore
from tests.support.moving import refusing


class Persister:
    """Takes items, and tells that they are stored."""

    def __init__(self) -> None:
        self.items: list[bytes] = []

    async def take(self, items: Sequence[Telemetry]) -> Counts:
        self.items += [item.json for item in items]
        return Counts(stored=len(items))


class Step:
    """The step with a processor for every device, in a file or as a function."""

    def __init__(self, folder: Path, code: str = "", process: Callable[[Any], Any] | None = None) -> None:
        self.persister = Persister()
        self.bucket: Any = MemoryObjectStore("letters")
        self.seconds = 30.0
        self.least_seconds = 0.01
        files = {}
        if code or process:
            path = folder / "process.py"
            path.write_text(code)
            files["default"] = path
        self.processors = Processors(files)
        if process:
            self.processors._loaded["default"] = process

    def handle(self, *messages: bytes) -> Counts:
        letters = Letters(self.bucket, "default-processor", lambda: NOW)
        rules = MessageRules(frozenset(DEVICES), time_digits=0)
        patience = Patience(lambda: self.seconds)
        step = ProcessorStep(
            rules,
            letters,
            self.processors,
            self.persister,
            patience,
            lambda: NOW,
            least_seconds=self.least_seconds,
        )
        return asyncio.run(step.handle(b"[%b]" % b",".join(messages)))

    @property
    def letters(self) -> list[DeadLetter]:
        return [DeadLetter.from_json(key, body) for key, (_, body) in self.bucket.objects.items()]


def test_without_processors_items_are_handed_on_unchanged(tmp_path: Path) -> None:
    step = Step(tmp_path)
    assert step.handle(reading(1, v=1.5), reading(2)) == Counts(stored=2)
    assert step.persister.items == [
        b'{"iotDeviceId":"sensor-1","id":"2026-03-01T10:00:01Z","v":1.5}',
        b'{"iotDeviceId":"sensor-1","id":"2026-03-01T10:00:02Z"}',
    ]


def test_a_processor_may_change_split_and_drop(tmp_path: Path) -> None:
    code = """
def process(event):
    if event["v"] == 0:
        return None
    if event["v"] == 2:
        return [event, {**event, "id": "2026-03-01T11:00:00Z"}]
    return {**event, "w": event["v"] + 1}
"""
    step = Step(tmp_path, code)
    assert step.handle(reading(1, v=0), reading(2, v=1), reading(3, v=2)) == Counts(stored=3, filtered=1)
    assert b'"w":2' in step.persister.items[0]


@pytest.mark.parametrize("result", ["1 / event['v']", "{'v': 1}", "'text'", "[event, 1]", "event['missing']", "exit()"])
def test_a_processor_that_fails_sends_its_message_to_the_letters_and_no_other(tmp_path: Path, result: str) -> None:
    step = Step(tmp_path, f"def process(event): return event if event['v'] else {result}")
    assert step.handle(reading(1, v=0), reading(2, v=1)) == Counts(stored=1, dead=1)
    (letter,) = step.letters
    assert (letter.problem, letter.device) == ("processor-failed", "sensor-1")
    assert b'"v":0' in letter.message


def test_a_processor_that_hangs_costs_its_message_only(tmp_path: Path) -> None:
    release = threading.Event()

    def process(event: dict[str, Any]) -> Any:
        if event["v"] == "hang":
            release.wait(30)
        return event

    step = Step(tmp_path, process=process)
    step.seconds = 0.4
    try:
        counts = step.handle(reading(1, v=1), reading(2, v="hang"), reading(3, v=3))
    finally:
        release.set()
    assert counts == Counts(stored=2, dead=1)
    (letter,) = step.letters
    assert "was not done within 0.2 s" in letter.cause
    assert b'"hang"' in letter.message


def test_a_processor_that_always_hangs_is_not_waited_for_at_each_message(tmp_path: Path) -> None:
    release = threading.Event()
    calls: list[Any] = []

    def process(event: dict[str, Any]) -> Any:
        calls.append(event)
        release.wait(30)

    step = Step(tmp_path, process=process)
    step.seconds = 0.1
    try:
        counts = step.handle(*(reading(n) for n in range(10)))
    finally:
        release.set()
    assert counts == Counts(dead=10)
    assert len(calls) <= MAX_HANGING + 1


def test_a_processor_is_not_blamed_where_no_time_was_left_for_it(tmp_path: Path) -> None:
    release = threading.Event()
    step = Step(tmp_path, process=lambda event: release.wait(30))
    step.seconds, step.least_seconds = 0.1, 5.0
    try:
        with pytest.raises(CallError, match="s were left for the twin's processors"):
            step.handle(reading(1))
    finally:
        release.set()
    assert not step.letters


def test_a_letter_that_cannot_be_stored_is_an_error_but_the_others_are_handed_on(tmp_path: Path) -> None:
    step = Step(tmp_path, "def process(event): return event if event['v'] else event['missing']")
    step.bucket = refusing(step.bucket, "create", StoreError("bucket", "503"))
    with pytest.raises(StoreError):
        step.handle(reading(1, v=0), reading(2, v=1))
    assert len(step.persister.items) == 1
