"""Receivers of messages and feedback and readers of every cloud answer as docs/reference/openapi.yaml says."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from l3kit.errors import StoreError
from l3kit.tiering.link_auth import AUTH_VARIABLE
from l3kit.tiering.ports import Creation, Refused
from tests.support.chain import ChainWorld
from tests.support.entrances import (
    FEEDBACK,
    RECEIVERS,
    TO_ALL,
    TO_RECEIVERS,
    Entrances,
    WayBack,
    check_letters,
    serving,
    world_of,
)
from tests.support.envelopes import damaged
from tests.support.foreign_sender import ForeignSender
from tests.support.memory_stores import MemoryHotStore
from tests.support.message_requests import LENIENT
from tests.support.moving import refusing
from tests.support.protocol_requests import SCHEMA, Endpoint, document, repeatable, send
from tests.support.wire_server import TOKEN

# --- any request ------------------------------------------------------------------------------------------------


def test_drawn_messages_are_taken_or_refused_as_documented(
    entrances: Entrances, worlds: Mapping[str, ChainWorld]
) -> None:
    """`test_drawn_requests` asks all, with boundary values: drawing those takes seconds in each process that collects
    it."""
    operation = SCHEMA["/ingestion"]["POST"]

    @settings(repeatable, max_examples=30)
    @given(case=operation.as_strategy() | operation.as_strategy(GenerationMode.NEGATIVE))
    def drawn(case: schemathesis.Case) -> None:
        send(case, entrances["/ingestion"])
        check_letters(worlds["ingestion"])

    drawn()


WHOLE = {
    "source_cloud": "aws",
    "payload": [
        {"deviceId": "pump", "time": "2026-03-01T10:00:00.25+02:00", "v": [1.5, {"a": None}], "text": '传感器 "1"'},
        {"device_id": "fan", "timestamp": 1772366400000, "iotDevice": {}},
    ],
}
PIECES = st.binary(max_size=4) | st.sampled_from(
    [b'"', b"{}", b"\\ud800", b"1e999", b"NaN", b"[" * 1500, b'{"a":' * 300, b',"id":', b"9" * 5000]
)
EDITS = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 4), PIECES), min_size=1, max_size=4)


@pytest.mark.parametrize("path", TO_ALL)
@settings(repeatable, max_examples=40)
@given(edits=EDITS, packed=st.booleans())
def test_damaged_bodies_get_a_documented_answer(
    path: str, edits: list[tuple[int, int, bytes]], packed: bool, entrances: Entrances
) -> None:
    headers = {"content_encoding": "gzip"} if packed else {}
    assert entrances[path].post(damaged(WHOLE, edits, packed), **headers)[0] < 500


@pytest.mark.parametrize("form", ["application/json", "application/octet-stream"])
@pytest.mark.parametrize("path", TO_RECEIVERS)
def test_a_compressed_body_is_taken_like_a_plain_one(path: str, form: str, entrances: Entrances) -> None:
    payload = {"deviceId": f"packed-{form}", "time": "2026-03-01T10:00:00Z", "v": 1.5}
    body = json.dumps({"payload": payload}).encode()
    assert entrances[path].post(body)[1]["stored"] == 1
    packed = gzip.compress(body)
    for encoding in ("gzip", "GZIP", "x-gzip"):
        status, counts = entrances[path].post(packed, content_encoding=encoding, content_type=form)
        assert (status, counts["same"]) == (200, 1)


# --- a sender that has only the document ------------------------------------------------------------------------


@dataclass
class Receiver:
    """A receiver of a twin with the two stations of the examples, on stores of its own."""

    world: ChainWorld
    endpoint: Endpoint
    sender: ForeignSender


@pytest.fixture(params=RECEIVERS)
def receiver(cloud: str, request: pytest.FixtureRequest) -> Iterator[Receiver]:
    world = world_of(request.param, cloud)
    world.devices = ("EWR", "JFK")
    with serving(request.param, cloud, world) as endpoint:
        yield Receiver(
            world, endpoint, ForeignSender(f"/{request.param}", endpoint.connection.url, endpoint.connection.token)
        )


def test_every_documented_answer_is_given_and_the_examples_to_the_letter(cloud: str, receiver: Receiver) -> None:
    seen = set()
    for example in receiver.sender.examples:
        answer = receiver.endpoint.checked(receiver.sender.send(example.request))
        assert (answer.status_code, answer.json()) == (example.status, example.answer), example.name
        seen.add(answer.status_code)
    seen.add(receiver.endpoint.post(b" " * 17_000_000)[0])
    receiver.world.hot = refusing(receiver.world.hot, "create_items", StoreError("s3://secret", "it broke"))
    with serving(receiver.sender.path.removeprefix("/"), cloud, receiver.world) as broken:
        seen.add(broken.post(receiver.sender.bodies["one"])[0])
    documented = set(map(int, receiver.sender.operation["responses"]))
    assert seen == documented - {429}, "429 is the cloud's"


class Unreachable(WayBack):
    """A way back that breaks in a way that nobody expects."""

    async def send(self, device_id: str, payload: bytes) -> None:
        raise ValueError("s3://secret")


def test_every_documented_answer_of_the_feedback_receiver_is_given(cloud: str) -> None:
    world, seen = world_of(FEEDBACK, cloud), set()
    world.devices = ("EWR", "JFK")
    with serving(FEEDBACK, cloud, world) as endpoint:
        sender = ForeignSender(f"/{FEEDBACK}", endpoint.connection.url, endpoint.connection.token)
        for example in sender.examples:
            answer = endpoint.checked(sender.send(example.request))
            assert (answer.status_code, answer.json()) == (example.status, example.answer), example.name
            seen.add(answer.status_code)
        assert [device for device, _ in world.replied] == ["EWR", "JFK"]
        seen.add(endpoint.post(b" " * 17_000_000)[0])
        world.failing.add("EWR")
        status, told = endpoint.post(sender.bodies["valve"])
        assert (status, told) == (424, {"error": "EWR: is not connected. Connect it"})
        seen.add(status)
    with serving(FEEDBACK, cloud, world, way_back=Unreachable(world)) as broken:
        seen.add(broken.post(sender.bodies["valve"])[0])
    assert seen == set(map(int, sender.operation["responses"])) - {429}, "429 is the cloud's"


@pytest.mark.parametrize("receiver", RECEIVERS)
def test_a_signature_by_the_document_is_taken_and_may_be_all_that_is(cloud: str, receiver: str) -> None:
    statuses = {}
    for auth in ("token", "signature"):
        world = world_of(receiver, cloud, **LENIENT)
        with serving(receiver, cloud, world, **{AUTH_VARIABLE: auth}) as endpoint:
            foreign = ForeignSender(f"/{receiver}", endpoint.connection.url, TOKEN, document())
            for request in ({}, {"clock": 0}, {"clock": 290}, {"clock": 310}):
                answer = endpoint.checked(foreign.send(request))
                statuses[auth, request.get("clock")] = answer.status_code
    assert {wanted for wanted, status in statuses.items() if status == 403} == {
        ("signature", None),
        *(("token", 310), ("signature", 310)),
    }
    assert set(statuses.values()) == {200, 403}


# --- what becomes of a message ----------------------------------------------------------------------------------


class Unable(MemoryHotStore):
    """A hot store that can hold no item unchanged."""

    async def create_items(self, items: Sequence[bytes]) -> list[Creation]:
        return [Refused("it cannot hold it") for _ in items]


@pytest.mark.parametrize("receiver", RECEIVERS)
def test_what_the_store_cannot_hold_is_counted_as_dead(cloud: str, receiver: str) -> None:
    world = world_of(receiver, cloud, **LENIENT)
    world.hot = Unable()
    with serving(receiver, cloud, world) as endpoint:
        assert endpoint.post(WHOLE) == (200, {"stored": 0, "same": 0, "superseded": 0, "dead": 2})
    assert [letter.problem for letter in world.letters()] == ["refused-by-store"] * 2


@dataclass
class Filtering:
    """A processor of the twin's own that keeps the first message alone."""

    async def call(self, function: str, event: bytes) -> bytes:
        assert (function, len(json.loads(event)["messages"])) == ("default-processor", 2)
        return b'{"stored":1,"same":0,"superseded":0,"dead":0,"filtered":1}'

    async def close(self) -> None:
        return None


def test_what_a_processor_filters_is_counted(cloud: str) -> None:
    with serving("ingestion", cloud, world_of("ingestion", cloud, **LENIENT), Filtering()) as endpoint:
        status, counts = endpoint.post(WHOLE)
    assert (status, counts["stored"], counts["filtered"]) == (200, 1, 1)
