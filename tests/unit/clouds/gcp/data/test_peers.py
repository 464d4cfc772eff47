"""Identity tokens: how the metadata server is asked, how long a token is kept, and what is told of a failure."""

from __future__ import annotations

import asyncio
import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from l3kit.clouds.gcp.data.peers import FORBIDDEN, GcpPeers, IdentityTokens, open_peers
from l3kit.errors import CallError, ConfigurationError
from l3kit.tiering.stream.http_calls import NotNowError
from l3kit.tiering.transfer.wire import Response
from tests.support.peer_calls import at_once
from tests.support.wire_server import serving

NOW = 1_700_000_000.0
URL = "https://persister-abc-uc.a.run.app"


def token_of(number: int, expiry: float | None) -> str:
    claims = {"aud": URL, "n": number} | ({} if expiry is None else {"exp": expiry})
    return f"e30.{urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.signature-{number}"


@dataclass
class Metadata:
    """A metadata server whose tokens expire at `expiry`; `statuses` are answered first."""

    expiry: float | None = NOW + 3600
    statuses: list[int] = field(default_factory=list)
    flavor: str = "Google"
    host: str = ""
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@contextmanager
def metadata_server(state: Metadata) -> Iterator[Metadata]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.seen.append((self.path, dict(self.headers)))
            status = state.statuses.pop(0) if state.statuses else 200
            content = token_of(len(state.seen), state.expiry).encode() if status == 200 else b"no"
            self.send_response(status)
            self.send_header("Metadata-Flavor", state.flavor)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            return None

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    state.host = f"127.0.0.1:{http.server_address[1]}"
    try:
        yield state
    finally:
        http.shutdown()
        http.server_close()


def test_the_request_is_the_one_that_googles_library_sends() -> None:
    with metadata_server(Metadata()) as state:
        IdentityTokens(state.host, lambda: NOW).headers(URL, False)
        path, headers = state.seen[0]
        parts = urlsplit(path)
        assert parts.path == "/computeMetadata/v1/instance/service-accounts/default/identity"
        assert parse_qs(parts.query) == {"audience": [URL]}
        assert headers["Metadata-Flavor"] == "Google"


def test_a_token_is_kept_for_its_audience_until_shortly_before_it_expires() -> None:
    with metadata_server(Metadata()) as state:
        times = [NOW]
        tokens = IdentityTokens(state.host, lambda: times[0])
        first = tokens.headers(URL, False)
        assert first == {"Authorization": f"Bearer {token_of(1, NOW + 3600)}"}
        times[0] = NOW + 3299
        assert tokens.headers(URL, False) == first
        assert tokens.headers("https://another.run.app", False) != first
        assert tokens.headers(URL, True) != first, "a refused one is not used again"
        asked = len(state.seen)
        times[0] = NOW + 3301
        tokens.headers(URL, False)
        assert len(state.seen) == asked + 1


@pytest.mark.parametrize("expiry", [None, "soon", True])
def test_a_token_of_unknown_life_is_not_kept(expiry: Any) -> None:
    with metadata_server(Metadata(expiry=expiry)) as state:
        tokens = IdentityTokens(state.host, lambda: NOW)
        assert tokens.headers(URL, False) != tokens.headers(URL, False)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_metadata_server_that_is_busy_may_be_asked_again(status: int) -> None:
    with metadata_server(Metadata(statuses=[status])) as state:
        tokens = IdentityTokens(state.host, lambda: NOW)
        with pytest.raises(NotNowError, match=f"HTTP {status}"):
            tokens.headers(URL, False)
        assert tokens.headers(URL, False)
    with pytest.raises(NotNowError, match="the metadata server gives no identity token"):
        tokens.headers("https://other.run.app", False)


def test_what_is_no_metadata_server_gets_no_trust() -> None:
    with metadata_server(Metadata(flavor="Other")) as state, pytest.raises(CallError, match="service account"):
        IdentityTokens(state.host, lambda: NOW).headers(URL, False)
    with metadata_server(Metadata(statuses=[404])) as state, pytest.raises(CallError, match="HTTP 404"):
        IdentityTokens(state.host, lambda: NOW).headers(URL, False)


def test_a_call_carries_the_token_of_its_url_and_tells_it_to_nobody() -> None:
    with metadata_server(Metadata()) as state, serving() as server:
        server.script(Response(403, {"error": f"denied: {token_of(1, NOW + 3600)}"}))
        peers = GcpPeers({"persister": server.url}, IdentityTokens(state.host, lambda: NOW), retry=at_once())
        with pytest.raises(CallError) as told:
            asyncio.run(peers.call("persister", b"{}"))
        asyncio.run(peers.close())
        assert parse_qs(urlsplit(state.seen[0][0]).query) == {"audience": [server.url]}
        assert server.seen[0].headers["Authorization"] == f"Bearer {token_of(1, NOW + 3600)}"
        assert str(told.value) == f"persister: HTTP 403: denied: ***. {FORBIDDEN}"


def test_the_metadata_server_is_where_the_variable_says() -> None:
    with metadata_server(Metadata()) as state, serving() as server:
        server.script(Response(200, {}))
        peers = open_peers({"persister": server.url}, {"GCE_METADATA_HOST": state.host}, retry=at_once())
        assert asyncio.run(peers.call("persister", b"{}")) == b"{}"
        asyncio.run(peers.close())
        assert len(state.seen) == 1


def test_a_malformed_url_is_refused_by_the_functions_name() -> None:
    with pytest.raises(ConfigurationError, match="the url of persister"):
        open_peers({"persister": "http://example.org/run"}, {})
