"""Calls of functions over HTTP: what is sent, what is sent again, and what is told of a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from l3kit.errors import CallError, ConfigurationError
from l3kit.tiering.stream.http_calls import Address, NotNowError
from l3kit.tiering.stream.http_peers import HttpPeers
from l3kit.tiering.transfer.wire import Response
from tests.support.peer_calls import at_once
from tests.support.wire_server import Server, serving

KEY = "function-key-of-some-length=="


@pytest.fixture(scope="module")
def one_server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def server(one_server: Server) -> Server:
    one_server.seen.clear()
    return one_server


def call(
    server: Server,
    credential: Callable[[bool], Mapping[str, str]] = lambda anew: {"x-functions-key": KEY},
    timeout: float = 20,
) -> bytes:
    async def steps() -> bytes:
        peers = HttpPeers({"persister": Address(server.url, credential)}, timeout=timeout, retry=at_once())
        try:
            return await peers.call("persister", b'{"messages":[{"v":1.50}]}')
        finally:
            await peers.close()

    return asyncio.run(steps())


def test_the_event_is_posted_to_the_byte_and_the_answer_returned(server: Server) -> None:
    server.script(Response(200, {"stored": 1}))
    assert call(server) == b'{"stored": 1}'
    (seen,) = server.seen
    assert seen.body == b'{"messages":[{"v":1.50}]}'
    assert (seen.headers["x-functions-key"], seen.headers["Content-Type"]) == (KEY, "application/json")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_the_platform_refuses_for_now_is_called_again(server: Server, status: int) -> None:
    server.script(Response(status, {}), Response(200, {"stored": 1}))
    assert call(server) == b'{"stored": 1}'
    assert len({seen.body for seen in server.seen}) == 1
    assert len(server.seen) == 2


def test_a_lost_answer_is_asked_for_again(server: Server) -> None:
    server.script(Response(0, {}), Response(200, {"stored": 1}))
    assert call(server, timeout=0.2) == b'{"stored": 1}'
    assert len(server.seen) == 2


def test_a_function_that_says_why_it_failed_is_not_called_again(server: Server) -> None:
    server.script(Response(500, {"error": "the table: is gone"}), Response(200, {}))
    with pytest.raises(CallError) as told:
        call(server)
    assert str(told.value) == "persister: HTTP 500: the table: is gone. See the function's log"
    assert len(server.seen) == 1


def test_after_the_last_try_the_cause_is_told(server: Server) -> None:
    server.script(Response(503, {}))
    with pytest.raises(CallError, match=r"HTTP 503; gave up after 3 tries\. The message is delivered again"):
        call(server)
    assert len(server.seen) == 3


@pytest.mark.parametrize(
    ("status", "remedy"), [(400, "different versions"), (403, "deploy_l3"), (404, "deploy_l3"), (413, "smaller")]
)
def test_a_refusal_has_its_remedy(server: Server, status: int, remedy: str) -> None:
    server.script(Response(status, {"error": "no"}))
    with pytest.raises(CallError, match=f"HTTP {status}: no.*{remedy}"):
        call(server)
    assert len(server.seen) == 1


def test_a_credential_that_is_refused_is_had_anew_once(server: Server) -> None:
    asked: list[bool] = []

    def credential(anew: bool) -> Mapping[str, str]:
        asked.append(anew)
        return {"Authorization": "Bearer new" if anew else "Bearer old"}

    server.script(Response(401, {}), Response(200, {"stored": 1}))
    assert call(server, credential) == b'{"stored": 1}'
    assert [seen.headers["Authorization"] for seen in server.seen] == ["Bearer old", "Bearer new"]
    server.script(Response(401, {}))
    with pytest.raises(CallError, match="HTTP 401"):
        call(server, credential)
    assert asked == [False, True] * 2


def test_a_credential_that_cannot_be_had_for_now_is_asked_for_again(server: Server) -> None:
    tries: list[bool] = []

    def credential(anew: bool) -> Mapping[str, str]:
        tries.append(anew)
        if len(tries) < 3:
            raise NotNowError("the metadata server is down")
        return {}

    server.script(Response(200, {"stored": 1}))
    assert call(server, credential) == b'{"stored": 1}'
    assert len(server.seen) == 1


def test_an_answer_without_end_is_refused(server: Server) -> None:
    server.script(Response(200, {"padding": "x" * 1_100_000}))
    with pytest.raises(CallError, match=r"more than 1,048,576 bytes"):
        call(server)


def test_a_function_without_an_address_is_a_fault_of_the_settings() -> None:
    with pytest.raises(ConfigurationError, match="writer"):
        asyncio.run(HttpPeers({}, timeout=1).call("writer", b"{}"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(st.sampled_from([400, 401, 403, 404, 500, 503]), st.text(max_size=40), st.text(max_size=400))
def test_no_message_holds_a_secret(server: Server, status: int, before: str, after: str) -> None:
    server.script(Response(status, {"error": f"{before}{KEY}{after}{KEY}"}))
    with pytest.raises(CallError) as told:
        call(server)
    assert KEY not in str(told.value)
    assert KEY[:12] not in str(told.value)
