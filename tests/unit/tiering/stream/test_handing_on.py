"""Handing on to the next function, and to the receiver on the next cloud: what each answer and each failure means."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from l3kit.errors import CallError
from l3kit.tiering.format.messages import Telemetry
from l3kit.tiering.receiver_limit import SMALLEST_LIMIT
from l3kit.tiering.stream.batches import MAX_MESSAGES, Counts
from l3kit.tiering.stream.handing_on import MAX_SINGLED_OUT, NextCloud, NextFunction
from l3kit.tiering.stream.letters import DeadLetter, Letters
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.sender import Writer
from l3kit.tiering.transfer.wire import Request, Response
from tests.support.memory_stores import MemoryObjectStore
from tests.support.wire_server import TOKEN, Seen, Server, Waits

LINK = "aws_l1_to_gcp_l2"


def items(count: int, size: int = 0) -> list[Telemetry]:
    return [Telemetry("d", str(n), b'{"iotDeviceId":"d","id":"%d","v":"%b"}' % (n, b"x" * size)) for n in range(count)]


def stored(count: int) -> dict[str, int]:
    return {"stored": count, "same": 0, "superseded": 0, "dead": 0}


class ScriptedPeers:
    """Answers with what `answer` gives for the messages of a call."""

    def __init__(self, answer: Callable[[list[Any]], Any]) -> None:
        self.calls: list[int] = []
        self._answer = answer

    async def call(self, function: str, event: bytes) -> bytes:
        messages = json.loads(event)["messages"]
        self.calls.append(len(messages))
        return json.dumps(self._answer(messages)).encode()

    async def close(self) -> None:
        return None


def test_a_long_list_is_handed_on_in_several_calls_in_order() -> None:
    seen: list[str] = []

    def answer(messages: list[Any]) -> Any:
        seen.extend(message["id"] for message in messages)
        return stored(len(messages))

    peers = ScriptedPeers(answer)
    counts = asyncio.run(NextFunction(peers, "persister", "aws").take(items(MAX_MESSAGES + 2)))
    assert (counts, peers.calls) == (Counts(stored=MAX_MESSAGES + 2), [MAX_MESSAGES, 2])
    assert seen == [str(n) for n in range(MAX_MESSAGES + 2)]


def test_a_call_that_fails_does_not_stop_the_following_ones_and_is_told() -> None:
    def answer(messages: list[Any]) -> Any:
        if len(messages) == MAX_MESSAGES:
            raise CallError("persister", "failed", "See its log")
        return stored(len(messages))

    peers = ScriptedPeers(answer)
    with pytest.raises(CallError, match="persister: failed"):
        asyncio.run(NextFunction(peers, "persister", "aws").take(items(MAX_MESSAGES + 2)))
    assert peers.calls == [MAX_MESSAGES, 2]


def test_an_answer_without_counts_is_no_answer() -> None:
    with pytest.raises(CallError, match="does not account for the 1 messages"):
        asyncio.run(NextFunction(ScriptedPeers(lambda _: {"ok": True}), "persister", "aws").take(items(1)))


# --- the receiver on the next cloud -------------------------------------------------------------------------------


class Remote:
    """A receiver behind a server on loopback, and the sender to it."""

    def __init__(self, server: Server, waits: Waits) -> None:
        self.server = server
        self._waits = waits
        self.bucket = MemoryObjectStore("letters")
        server.answer = self._received
        self.refuse: Callable[[list[Any]], Response | None] = lambda payload: None

    def take(self, given: Sequence[Telemetry]) -> Counts:
        letters = Letters(self.bucket, "connector", lambda: datetime(2026, 3, 1, tzinfo=UTC))
        return asyncio.run(NextCloud(self._writer, SMALLEST_LIMIT, letters, "aws").take(given))

    @property
    def letters(self) -> list[DeadLetter]:
        return [DeadLetter.from_json(key, body) for key, (_, body) in self.bucket.objects.items()]

    @property
    def sent(self) -> list[list[str]]:
        return [[message["id"] for message in seen.envelope()["payload"]] for seen in self.server.seen]

    def _writer(self) -> Writer:
        return Writer(self.server.url, Secret(TOKEN), LINK, sleep=self._waits, jitter=lambda: 0.0)

    def _received(self, request: Request) -> Response:
        payload = Seen(dict(request.headers), request.body).envelope()["payload"]
        return self.refuse(payload) or Response(200, stored(len(payload)))


@pytest.fixture
def remote(server: Server, waits: Waits) -> Remote:
    return Remote(server, waits)


def refusal(index: int | None, status: int = 400) -> Response:
    named = {} if index is None else {"index": index}
    return Response(status, {"error": "payload: not that", "field": "payload", **named})


def test_items_are_posted_with_the_token_and_their_cloud(remote: Remote) -> None:
    assert remote.take(items(3)) == Counts(stored=3)
    (seen,) = remote.server.seen
    assert seen.headers["X-Inter-Cloud-Token"] == TOKEN
    assert seen.envelope()["source_cloud"] == "aws"


def test_a_busy_receiver_is_tried_again(remote: Remote, waits: Waits) -> None:
    left = [Response(503, {}), Response(429, {}), Response(500, {"error": "the storage failed"})]
    remote.refuse = lambda payload: left.pop(0) if left else None
    assert remote.take(items(2)) == Counts(stored=2)
    assert waits.seconds == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("status", [301, 403, 404, 405, 409, 415, 500, 503])
def test_what_another_delivery_may_change_is_an_error_and_no_dead_letter(remote: Remote, status: int) -> None:
    remote.refuse = lambda payload: Response(status, {"error": "no"})
    with pytest.raises(CallError, match=rf"{LINK}: HTTP {status}") as raised:
        remote.take(items(2))
    assert raised.value.remedy
    assert TOKEN not in str(raised.value)
    assert not remote.letters


def test_a_message_that_the_receiver_refuses_is_a_dead_letter_and_the_others_are_sent(remote: Remote) -> None:
    def refuse(payload: list[Any]) -> Response | None:
        bad = [n for n, message in enumerate(payload) if message["id"] in ("1", "3")]
        return refusal(bad[0]) if bad else None

    remote.refuse = refuse
    assert remote.take(items(5)) == Counts(stored=3, dead=2)
    assert remote.sent[-1] == ["0", "2", "4"]
    assert {letter.problem for letter in remote.letters} == {"refused-by-receiver"}
    assert all("not that" in letter.cause and letter.function == "connector" for letter in remote.letters)
    assert sorted(json.loads(letter.message)["id"] for letter in remote.letters) == ["1", "3"]


@pytest.mark.parametrize("index", [None, -1, 5, "1"])
def test_a_refusal_that_names_no_message_is_of_all_of_them(remote: Remote, index: Any) -> None:
    remote.refuse = lambda payload: refusal(index)
    assert remote.take(items(5)) == Counts(dead=5)
    assert (len(remote.sent), len(remote.letters)) == (1, 5)


def test_a_receiver_that_refuses_everything_is_not_asked_about_each_message(remote: Remote) -> None:
    remote.refuse = lambda payload: refusal(0)
    count = MAX_SINGLED_OUT + 10
    assert remote.take(items(count)) == Counts(dead=count)
    assert len(remote.sent) == MAX_SINGLED_OUT + 1
    assert len(remote.letters) == count


def test_a_400_of_something_in_front_of_the_receiver_is_an_error(remote: Remote) -> None:
    remote.refuse = lambda payload: Response(400, {"message": "Bad Request"})
    with pytest.raises(CallError, match="HTTP 400"):
        remote.take(items(1))
    assert not remote.letters


def test_what_is_too_large_for_the_way_is_sent_in_halves_and_alone_becomes_a_dead_letter(remote: Remote) -> None:
    remote.refuse = lambda payload: Response(413, {}) if any(one["id"] == "2" for one in payload) else None
    assert remote.take(items(4)) == Counts(stored=3, dead=1)
    assert [json.loads(letter.message)["id"] for letter in remote.letters] == ["2"]


def test_a_200_without_counts_is_an_error(remote: Remote) -> None:
    remote.refuse = lambda payload: Response(200, {"status": "ok"})
    with pytest.raises(CallError, match="does not account for the 2 messages"):
        remote.take(items(2))
