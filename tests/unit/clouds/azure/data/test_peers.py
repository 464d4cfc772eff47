"""A function's url with its key: where the key goes, and that nobody sees it."""

from __future__ import annotations

import asyncio

import pytest

from l3kit.clouds.azure.data.peers import open_peers
from l3kit.errors import CallError, ConfigurationError
from l3kit.tiering.transfer.wire import Response
from tests.support.peer_calls import at_once
from tests.support.wire_server import serving

KEY = "0aB-key_of+a/function=="
QUOTED = "0aB-key_of%2Ba%2Ffunction%3D%3D"


def test_the_key_of_the_url_is_sent_as_a_header_and_stays_out_of_the_url() -> None:
    with serving() as server:
        server.script(Response(200, {"stored": 1}))
        peers = open_peers({"persister": f"{server.url}?x=1&code={QUOTED}"}, retry=at_once())
        assert asyncio.run(peers.call("persister", b"{}")) == b'{"stored": 1}'
        asyncio.run(peers.close())
        assert server.seen[0].headers["x-functions-key"] == KEY
        assert KEY not in repr(vars(peers))


def test_a_connection_that_breaks_tells_no_key() -> None:
    peers = open_peers({"persister": f"http://127.0.0.1:9/api/run?code={QUOTED}"}, retry=at_once())
    with pytest.raises(CallError, match="the connection broke") as told:
        asyncio.run(peers.call("persister", b"{}"))
    assert "code" not in str(told.value)
    assert told.value.__cause__ is None


@pytest.mark.parametrize("query", ["", "?code=", "?other=1", "?code=a%0ab", "?code=%C3%A9"])
def test_a_url_without_a_usable_key_is_refused_by_the_functions_name(query: str) -> None:
    with pytest.raises(ConfigurationError, match="the url of persister: has no function key"):
        open_peers({"persister": f"https://app.azurewebsites.net/api/run{query}"})


@pytest.mark.parametrize("begin", ["http://host.example", "ftp://host.example", "https://u@host.example", "https://["])
def test_a_malformed_url_is_refused_without_being_quoted(begin: str) -> None:
    with pytest.raises(ConfigurationError, match="the url of persister") as told:
        open_peers({"persister": f"{begin}/api/run?code={QUOTED}"})
    assert QUOTED not in str(told.value)


def test_a_function_that_an_event_calls_by_name_is_told_how_to_name_it() -> None:
    with pytest.raises(ConfigurationError, match=r"my-alarm: its address is a name.*Name it by its url"):
        open_peers({"my-alarm": "my-alarm"})
