"""Functions behind HTTP: statuses, JSON errors, deadlines, and calls from many threads at once."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from l3kit.clouds.aws.data.variables import VARIABLES
from l3kit.errors import ConfigurationError, StoreError
from l3kit.tiering.runtime.event_loop import EventLoop
from l3kit.tiering.runtime.http_functions import MAX_EVENT_BYTES, HttpAnswer, HttpFunction
from l3kit.tiering.runtime.log_lines import LogLines
from l3kit.tiering.runtime.openers import Openers
from l3kit.tiering.settings.loading import load_settings
from l3kit.tiering.stream.ports import Delivery
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.payload import MAX_BODY_BYTES
from l3kit.tiering.transfer.wire import Request
from tests.support.chain import ChainWorld, reading
from tests.support.lambda_calls import environment
from tests.support.memory_stores import MemoryHotStore, MemoryJournalStore, MemoryObjectStore
from tests.support.moving import refusing
from tests.support.wire_server import TOKEN


class Stores:
    """What one function's cloud holds; `failing` makes every opening fail."""

    def __init__(self) -> None:
        self.hot, self.journal = MemoryHotStore(), MemoryJournalStore()
        self.cold, self.archive = MemoryObjectStore("cold", "cold"), MemoryObjectStore("archive", "archive")
        self.failing = False

    def openers(self) -> Openers:
        def opened(store: Any) -> Any:
            if self.failing:
                raise StoreError("the store", "cannot be reached", "Look at its log")
            return store

        return Openers(
            lambda _: opened(self.hot),
            lambda _: opened(self.journal),
            lambda _, tier: opened({"cold": self.cold, "archive": self.archive}[tier]),
        )

    def function(self, name: str, *, seconds: float = 900, clock: Any = None, measured: Any = None) -> HttpFunction:
        settings = load_settings(name, environment(), cloud=VARIABLES)
        more = {"measured": measured, **({"clock": clock} if clock else {})}
        return HttpFunction(settings, self.openers(), LogLines(name, Secret(TOKEN)), seconds=seconds, **more)


def told(answer: HttpAnswer) -> tuple[int, Any]:
    assert answer.all_headers["Content-Type"] == "application/json"
    assert answer.all_headers["Cache-Control"] == "no-store"
    return answer.status, json.loads(answer.body)


def call(function: HttpFunction, body: bytes = b"{}", method: str = "POST", token: str = TOKEN, **more: Any) -> Any:
    return told(function.answer(Request({"X-Inter-Cloud-Token": token}, body, method), "request-1", **more))


@pytest.mark.parametrize("name", ["cold-writer", "archive-writer"])
def test_a_writer_answers_strangers_wrong_methods_and_nonsense_with_a_json_error(name: str) -> None:
    writer = Stores().function(name)
    for status, asked in (
        (403, {"token": "wrong"}),
        (403, {"token": ""}),
        (405, {"method": "GET"}),
        (400, {"body": b""}),
        (400, {"body": b"[1]"}),
    ):
        answered = call(writer, **asked)  # type: ignore[arg-type]
        assert (answered[0], "error" in answered[1]) == (status, True), answered


def test_a_writer_keeps_what_it_is_sent() -> None:
    stores = Stores()
    status, answer = call(stores.function("archive-writer"), json.dumps({"object_key": "k", "data": "x"}).encode())
    assert (status, list(stores.archive.objects)) == (200, ["k"]), answer


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "body: is not JSON"),
        (b"[]", "body: must be a JSON object"),
        (b"\xff", "body: is not JSON"),
        (b'{"time": "soon"}', "event.time: 'soon' is not an ISO-8601 time"),
        (b" " * (MAX_EVENT_BYTES + 1), "body: has more than 1,048,576 bytes"),
    ],
)
def test_a_mover_that_is_told_nonsense_answers_400_and_moves_nothing(body: bytes, reason: str) -> None:
    stores = Stores()
    asyncio.run(stores.hot.put_items("sensor-1", [b'{"iotDeviceId":"sensor-1","id":"2024-01-01T00:00:00Z"}']))
    status, answer = call(stores.function("hot-to-cold-mover"), body)
    assert (status, reason in answer["error"]) == (400, True), answer
    assert len(stores.hot.devices["sensor-1"]) == 1


@pytest.mark.parametrize("name", ["hot-to-cold-mover", "cold-to-archive-mover", "hot-reader", "hot-reader-last-entry"])
def test_what_fails_is_a_500_with_a_json_error(name: str) -> None:
    stores = Stores()
    stores.failing = True
    status, answer = call(stores.function(name), b'{"iot_device_id": "sensor-1"}')
    assert status == 500
    assert "the store: cannot be reached" in answer["error"]


@pytest.mark.parametrize("body", [b"", b"  ", b"{}"])
def test_without_a_body_a_mover_takes_the_schedulers_time(body: bytes) -> None:
    stores = Stores()
    status, report = call(stores.function("hot-to-cold-mover"), body, scheduled="2024-03-01T00:00:00Z")
    assert (status, report["cutoff"], report["verdict"]) == (200, "2024-01-31T00:00:00Z", "complete")


def test_the_bodys_time_goes_before_the_schedulers() -> None:
    function = Stores().function("hot-to-cold-mover")
    _, report = call(function, b'{"time": "2024-04-01T00:00:00Z"}', scheduled="2024-03-01T00:00:00Z")
    assert report["cutoff"] == "2024-03-02T00:00:00Z"


def test_a_requests_own_limit_or_the_functions_ends_a_run_whichever_is_less() -> None:
    stores = Stores()
    asyncio.run(stores.hot.put_items("sensor-1", [b'{"iotDeviceId":"sensor-1","id":"2024-01-01T00:00:00Z"}']))
    assert call(stores.function("hot-to-cold-mover", seconds=900), limit=5)[1]["verdict"] == "deadline"
    assert call(stores.function("hot-to-cold-mover", seconds=5), limit=900)[1]["verdict"] == "deadline"
    assert call(stores.function("hot-to-cold-mover", seconds=5))[1]["verdict"] == "deadline"
    assert call(stores.function("hot-to-cold-mover", seconds=900), limit=900)[1]["verdict"] == "complete"


def test_a_timers_run_moves_and_its_failure_is_raised() -> None:
    stores = Stores()
    asyncio.run(stores.hot.put_items("sensor-1", [b'{"iotDeviceId":"sensor-1","id":"2024-01-01T00:00:00Z"}']))
    function = stores.function("hot-to-cold-mover")
    function.tick("request-1")
    assert stores.hot.devices["sensor-1"] == {}
    stores.failing = True
    with pytest.raises(StoreError, match="cannot be reached"):
        function.tick("request-2")


def test_a_reader_answers_and_names_a_wrong_field() -> None:
    stores = Stores()
    asyncio.run(stores.hot.put_items("sensor-1", [b'{"iotDeviceId":"sensor-1","id":"2024-01-01T00:00:00Z","v":0.10}']))
    reader = stores.function("hot-reader")
    answer = reader.answer(Request({}, b'{"iot_device_id": "sensor-1"}'), "request-1")
    assert (answer.status, b'"v":0.10' in answer.body.replace(b" ", b"")) == (200, True), answer.body
    status, error = call(reader, b'{"iot_device_id": 5}')
    assert (status, "iot_device_id" in error["error"]) == (400, True)


# --- the message chain ------------------------------------------------------------------------------------------


class Messages:
    """A dispatcher and a persister behind HTTP, on stores in memory."""

    def __init__(self) -> None:
        self.world = ChainWorld()

    def function(self, name: str, seconds: float = 60, measured: Any = None) -> HttpFunction:
        world, nothing = self.world, AssertionError("is not opened here")

        class Peers:
            async def call(self, function: str, event: bytes) -> bytes:
                return await world.call(function, event)

            async def close(self) -> None:
                return None

        def none(_: str) -> Any:
            raise nothing

        letters = world.letter_stores["aws"]
        openers = Openers(lambda _: world.hot, none, lambda *_: letters, lambda _: Peers())
        return HttpFunction(world.settings(name), openers, LogLines(name), seconds=seconds, measured=measured)


COUNTS = {"stored": 0, "same": 0, "superseded": 0, "dead": 0}


def test_a_step_answers_with_the_counts_and_keeps_every_digit() -> None:
    messages = Messages()
    body = b'{"messages":[{"iotDeviceId":"sensor-1","id":"2026-03-01T10:00:00Z","v":1.10},{}],"source_cloud":"aws"}'
    assert call(messages.function("persister"), body) == (200, {**COUNTS, "stored": 1, "dead": 1})
    ((_, item),) = messages.world.hot.devices["sensor-1"].items()
    assert item.endswith(b'"v":1.10}')


def test_a_source_is_answered_once_every_message_is_somewhere() -> None:
    messages = Messages()
    answer = messages.function("dispatcher").deliver([Delivery(reading(1)), Delivery(b"x")], "request-1")
    assert told(answer) == (200, {**COUNTS, "stored": 1, "dead": 1})
    assert call(messages.function("dispatcher"), reading(1)) == (200, {**COUNTS, "same": 1}), "a replay"


def test_a_failure_and_a_deadline_are_a_500_so_that_messages_come_again() -> None:
    messages = Messages()
    late = messages.function("dispatcher", seconds=1)
    for status, answer in (
        told(late.deliver([Delivery(reading(1))], "request-1")),
        call(messages.function("persister", seconds=1), reading(1)),
    ):
        assert (status, "was not done within 0 s" in answer["error"]) == (500, True), answer
    messages.world.hot = refusing(messages.world.hot, "create_items", StoreError("table", "503"))
    assert told(messages.function("dispatcher").deliver([Delivery(reading(1))], "request-1"))[0] == 500
    assert call(messages.function("persister"), b" " * (MAX_BODY_BYTES + 1))[0] == 400


# --- the loop ---------------------------------------------------------------------------------------------------


def test_many_threads_share_one_loop_at_once() -> None:
    loop = EventLoop()
    met: list[Any] = []
    everybody = asyncio.Event()

    async def meet() -> int:
        met.append(asyncio.get_running_loop())
        if len(met) == 8:
            everybody.set()
        await asyncio.wait_for(everybody.wait(), 60)
        return threading.get_ident()

    with ThreadPoolExecutor(8) as pool:
        threads = list(pool.map(lambda _: loop.run(meet()), range(8)))
    assert len(set(threads)) == 1
    assert len(set(met)) == 1
    assert threads[0] != threading.get_ident()


def test_an_exception_reaches_the_caller_and_the_loop_goes_on() -> None:
    loop = EventLoop()

    async def fail() -> None:
        raise ConfigurationError("x", "is wrong")

    async def fine() -> int:
        return 5

    with pytest.raises(ConfigurationError, match="x: is wrong"):
        loop.run(fail())
    assert loop.run(fine()) == 5


def test_no_thread_begins_before_the_first_call() -> None:
    """A host may fork between loading the function and its first request."""

    def loops() -> int:
        return [thread.name for thread in threading.enumerate()].count("l3kit-loop")

    before = loops()
    loop = EventLoop()
    assert loops() == before
    loop.run(asyncio.sleep(0))
    assert loops() == before + 1


def test_the_figures_of_a_run_are_told_but_not_those_of_a_canary_or_of_one_that_broke_off() -> None:
    stores, measured = Stores(), list[Any]()
    mover = stores.function("hot-to-cold-mover", measured=measured.append)
    assert call(mover)[0] == 200
    assert measured == [{"Severity": 0, "LagDays": 0.0}]
    call(mover, b'{"canary": true}')
    stores.failing = True
    assert call(mover)[0] == 500
    assert len(measured) == 1


def test_dead_letters_are_told_once_with_the_call_that_stored_them() -> None:
    messages, measured = Messages(), list[Any]()
    dispatcher = messages.function("dispatcher", measured=measured.append)
    dispatcher.deliver([Delivery(b"x"), Delivery(b"y")], "request-1")
    dispatcher.deliver([Delivery(reading(1))], "request-2")
    call(messages.function("persister", measured=measured.append), b'{"messages":[{}],"source_cloud":"aws"}')
    assert measured == [{"DeadLetters": 2}, {"DeadLetters": 1}]
