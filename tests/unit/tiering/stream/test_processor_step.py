"""The processor's step: what a twin's processor does with an item never loses it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from l3kit.errors import CallError, StoreError
from l3kit.tiering.format.canary import canary_message
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.format.messages import MessageRules, Telemetry, normalise
from l3kit.tiering.stream.batches import Counts
from l3kit.tiering.stream.letters import DeadLetter, Letters
from l3kit.tiering.stream.patience import Patience
from l3kit.tiering.stream.processor_process import Answers, ProcessorPool
from l3kit.tiering.stream.processor_step import MAX_ENDED, MAX_HANGING, MEND, ProcessorStep
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
    """The step with a processor for every device."""

    def __init__(self, folder: Path, code: str = "") -> None:
        self.persister = Persister()
        self.bucket: Any = MemoryObjectStore("letters")
        self.seconds = 60.0
        self.least_seconds = 0.01
        path = folder / "default" / "process.py"
        if code:
            path.parent.mkdir()
            path.write_text(code)
        self.pool: Any = ProcessorPool({"default": path} if code else {})

    def handle(self, *messages: bytes) -> Counts:
        letters = Letters(self.bucket, "default-processor", lambda: NOW)
        rules = MessageRules(frozenset(DEVICES), time_digits=0)
        patience = Patience(lambda: self.seconds)
        step = ProcessorStep(
            rules, letters, self.pool, self.persister, patience, lambda: NOW, least_seconds=self.least_seconds
        )
        try:
            return asyncio.run(step.handle(b"[%b]" % b",".join(messages)))
        finally:
            self.pool.close()

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


def test_a_canary_goes_to_no_processor(tmp_path: Path) -> None:
    step = Step(tmp_path, "def process(event):\n    raise ValueError")
    canary = normalise(canary_message("0" * 32, "2026-03-01T10:00:00Z"), MessageRules(frozenset(), time_digits=0), NOW)
    assert step.handle(canary.json) == Counts(stored=1)
    assert step.persister.items == [canary.json]


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


def test_a_processor_that_fails_sends_its_message_to_the_letters_and_no_other(tmp_path: Path) -> None:
    code = """
import os
RESULTS = {"raises": lambda: 1 / 0, "no-item": lambda: {"v": 1}, "text": lambda: "text", "ends": lambda: os._exit(3)}
def process(event): return RESULTS.get(event["v"], lambda: event)()
"""
    step = Step(tmp_path, code)
    values = ["raises", 1, "no-item", 2, "ends", 3, "text"]
    assert step.handle(*(reading(n, v=value) for n, value in enumerate(values))) == Counts(stored=3, dead=4)
    assert [exact_loads(item)["v"] for item in step.persister.items] == [1, 2, 3]
    told = {exact_loads(letter.message)["v"]: letter for letter in step.letters}
    assert {letter.problem for letter in told.values()} == {"processor-failed"}
    assert {letter.device for letter in told.values()} == {"sensor-1"}
    assert {value: letter.cause.removesuffix(f". {MEND}") for value, letter in told.items()} == {
        "raises": "processors/default/process.py raised ZeroDivisionError: division by zero (line 3)",
        "no-item": "processors/default/process.py returned what is not an item: iotDeviceId is missing",
        "text": "processors/default/process.py returned str instead of a dict, a list of dicts or None",
        "ends": "processors/default/process.py ended its process, exit code 3",
    }


def test_a_devices_own_processor_goes_before_the_default_one_and_the_order_stays(tmp_path: Path) -> None:
    step = Step(tmp_path, "def process(event): return {**event, 'by': 'default'}")
    own = tmp_path / "own" / "process.py"
    own.parent.mkdir()
    own.write_text("def process(event): return {**event, 'by': 'own'}")
    default = tmp_path / "default" / "process.py"
    for files, by in [
        ({"default": default, "sensor-2": own}, ["default", "own", "default"]),
        ({"sensor-2": own}, [None, "own", None]),
    ]:
        step.pool, step.persister = ProcessorPool(files), Persister()
        step.handle(reading(1), reading(2, device="sensor-2"), reading(3))
        assert [exact_loads(item).get("by") for item in step.persister.items] == by


@pytest.mark.slow
def test_a_processor_that_hangs_costs_its_message_only(tmp_path: Path) -> None:
    code = "import time\ndef process(event):\n    if event['v'] == 'hang': time.sleep(60)\n    return event"
    step = Step(tmp_path, code)
    step.seconds = 12.0
    assert step.handle(reading(1, v=1), reading(2, v="hang"), reading(3, v=3)) == Counts(stored=2, dead=1)
    (letter,) = step.letters
    assert "was not done within" in letter.cause
    assert b'"hang"' in letter.message


def test_processors_that_hang_or_end_are_not_run_for_every_message(tmp_path: Path) -> None:
    (tmp_path / "default").mkdir()
    pool = Broken({"default": tmp_path / "default" / "process.py"})
    for pool.hung, most in [(True, MAX_HANGING), (False, MAX_ENDED)]:
        step = Step(tmp_path)
        step.pool, pool.runs = pool, 0
        assert step.handle(*(reading(n) for n in range(30))) == Counts(dead=30)
        assert pool.runs == most
        assert any("was not run, since processors hung or ended their" in letter.cause for letter in step.letters)


@pytest.mark.parametrize("after", [0, 1])
def test_a_process_that_cannot_start_is_an_error_unless_a_processor_caused_it(tmp_path: Path, after: int) -> None:
    step = Step(tmp_path)
    step.pool = Broken({"default": tmp_path / "default" / "process.py"})
    step.pool.hung, step.pool.runs_at_most = False, after
    if not after:
        with pytest.raises(CallError, match="did not start"):
            step.handle(reading(1), reading(2))
        return
    assert step.handle(reading(1), reading(2)) == Counts(dead=2)
    assert any("was not run after" in letter.cause and "did not start" in letter.cause for letter in step.letters)


class Broken(ProcessorPool):
    """No message is answered, and after some runs no process starts."""

    hung = True
    runs = 0
    runs_at_most = 1000

    def run(self, batch: Sequence[tuple[int, bytes]], seconds: float) -> Answers:
        if self.runs >= self.runs_at_most:
            raise CallError("default-processor", "the process did not start", "See the log")
        self.runs += 1
        return Answers([], "was not done", self.hung, seconds)


def test_a_processor_is_not_blamed_where_no_time_was_left_for_it(tmp_path: Path) -> None:
    step = Step(tmp_path)
    step.pool = Broken({"default": tmp_path / "process.py"})
    step.seconds, step.least_seconds = 0.1, 5.0
    with pytest.raises(CallError, match="s were left for the twin's processors"):
        step.handle(reading(1))
    assert not step.letters


def test_a_letter_that_cannot_be_stored_is_an_error_but_the_others_are_handed_on(tmp_path: Path) -> None:
    step = Step(tmp_path, "def process(event): return event if event['v'] else event['missing']")
    step.bucket = refusing(step.bucket, "create", StoreError("bucket", "503"))
    with pytest.raises(StoreError):
        step.handle(reading(1, v=0), reading(2, v=1))
    assert len(step.persister.items) == 1
