"""Calls of the functions that events name."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest

from l3kit.errors import CallError
from l3kit.tiering.stream.action_calls import ActionCalls
from l3kit.tiering.stream.events import Call
from l3kit.tiering.transfer.wire import Response
from tests.support.wire_server import Server


class Named:
    def __init__(self) -> None:
        self.calls: list[tuple[str, bytes]] = []

    async def call(self, function: str, event: bytes) -> bytes:
        self.calls.append((function, event))
        return b"null"

    async def close(self) -> None:
        return None


def test_a_function_is_called_by_its_name() -> None:
    named = Named()
    asyncio.run(ActionCalls(lambda: named).call(Call(name="alarm"), b"{}"))
    assert named.calls == [("alarm", b"{}")]


@pytest.mark.parametrize("status", [200, 202, 204])
def test_a_function_is_called_by_its_url(server: Server, status: int) -> None:
    server.script(Response(status, {}))
    asyncio.run(ActionCalls(Named).call(Call(url=f"{server.url}run?code=key"), b'{"v":1.10}'))
    (seen,) = server.seen
    assert (seen.body, seen.headers["Content-Type"]) == (b'{"v":1.10}', "application/json")


@pytest.mark.parametrize("status", [301, 400, 403, 500])
def test_any_other_answer_is_an_error_that_shows_no_key(server: Server, status: int) -> None:
    server.script(Response(status, json.loads('{"error": "key"}')))
    with pytest.raises(CallError, match=f"the function at 127.0.0.1: HTTP {status}") as raised:
        asyncio.run(ActionCalls(Named).call(Call(url=f"{server.url}run?code=the-key"), b"{}"))
    assert "the-key" not in str(raised.value)


def test_a_function_that_is_not_there_is_an_error() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/?code=the-key"
    with pytest.raises(CallError) as raised:
        asyncio.run(ActionCalls(Named).call(Call(url=url), b"{}"))
    assert "the-key" not in str(raised.value)
