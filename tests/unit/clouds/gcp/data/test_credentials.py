"""Access tokens: where a function gets them, when they are renewed, and what is told of a failure."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from google.auth.credentials import Credentials
from google.auth.exceptions import RefreshError, TransportError

from l3kit.clouds.gcp.data.credentials import (
    CallMetadata,
    FunctionCredentials,
    default_credentials,
    may_pass,
    shown,
)

SERVED = {"access_token": "ya29.one", "expires_in": 3600, "token_type": "Bearer"}


@dataclass
class Served:
    """What a metadata server answers, and what it was asked."""

    body: str = json.dumps(SERVED)
    status: int = 200
    flavor: str = "Google"
    host: str = ""
    seen: list[tuple[str, str | None]] = field(default_factory=list)


@contextmanager
def metadata_server(state: Served) -> Iterator[Served]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.seen.append((self.path, self.headers.get("Metadata-Flavor")))
            content = state.body.encode()
            self.send_response(state.status)
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


def test_a_function_gets_its_token_from_the_metadata_server_alone() -> None:
    with metadata_server(Served()) as state:
        found = FunctionCredentials(state.host)
        assert not found.valid
        found.refresh(None)
    assert (found.token, found.valid) == ("ya29.one", True)
    assert state.seen == [("/computeMetadata/v1/instance/service-accounts/default/token", "Google")]
    left = found.expiry - datetime.now(UTC).replace(tzinfo=None)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (Served(status=503), TransportError),
        (Served(status=429), TransportError),
        (Served(body="no"), TransportError),
        (Served(body='{"access_token": "x"}'), TransportError),
        (Served(status=404), RefreshError),
        (Served(flavor="Other"), RefreshError),
    ],
)
def test_what_the_metadata_server_refuses_for_now_may_pass_and_nothing_else(
    state: Served, kind: type[Exception]
) -> None:
    with metadata_server(state), pytest.raises(kind) as caught:
        FunctionCredentials(state.host).refresh(None)
    assert may_pass(caught.value) == (kind is TransportError)  # type: ignore[arg-type]


def test_a_metadata_server_that_is_gone_may_come_back() -> None:
    with metadata_server(Served()) as state:
        host = state.host
    with pytest.raises(TransportError, match="gave no answer") as caught:
        FunctionCredentials(host).refresh(None)
    assert may_pass(caught.value)


def test_functions_use_the_metadata_server_that_a_variable_names() -> None:
    with metadata_server(Served()) as state:
        found = default_credentials({"K_SERVICE": "f", "GCE_METADATA_HOST": state.host})
        found.refresh(None)
    assert found.token == "ya29.one"


class Counted(Credentials):  # type: ignore[misc]
    """Credentials that count their tokens, each valid for so long."""

    def __init__(self, seconds: float = 3600) -> None:
        super().__init__()
        self.made = 0
        self.seconds = seconds
        self._quota_project_id = "plant-7"

    def refresh(self, request: object) -> None:
        self.made += 1
        self.token = f"token-{self.made}"
        self.expiry = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=self.seconds)


def test_calls_side_by_side_share_a_token_and_name_the_project_that_they_count_for() -> None:
    counted = Counted()

    async def calls() -> list[list[tuple[str, str]]]:
        metadata = CallMetadata(lambda: counted)
        return list(await asyncio.gather(*(metadata.of_call() for _ in range(8))))

    found = asyncio.run(calls())
    assert counted.made == 1
    assert found == [[("authorization", "Bearer token-1"), ("x-goog-user-project", "plant-7")]] * 8


def test_a_token_that_is_about_to_expire_is_replaced() -> None:
    counted = Counted(seconds=60)

    async def calls() -> list[str]:
        metadata = CallMetadata(lambda: counted)
        return [(await metadata.of_call())[0][1] for _ in range(2)]

    assert asyncio.run(calls()) == ["Bearer token-1", "Bearer token-2"]


def test_a_refused_token_is_replaced_once_for_all_calls_that_it_was_refused_to() -> None:
    counted = Counted()

    async def calls() -> list[list[tuple[str, str]]]:
        metadata = CallMetadata(lambda: counted)
        first = await metadata.of_call()
        return list(await asyncio.gather(*(metadata.of_call(refused=first) for _ in range(8))))

    assert {found[0][1] for found in asyncio.run(calls())} == {"Bearer token-2"}


def test_threads_that_need_a_token_at_once_fetch_one() -> None:
    with metadata_server(Served()) as state, ThreadPoolExecutor(8) as pool:
        found = FunctionCredentials(state.host)
        together = threading.Barrier(8)

        def refresh() -> None:
            together.wait(10)
            found.before_request(None, "GET", "http://x", {})

        for done in [pool.submit(refresh) for _ in range(8)]:
            done.result(10)
    assert len(state.seen) == 1


def test_what_google_auth_adds_to_an_error_is_not_shown() -> None:
    error = RefreshError("invalid_grant: Token has been\nrevoked.", {"error": "invalid_grant", "id": "secret"})
    assert shown(error) == "invalid_grant: Token has been revoked."
    assert not may_pass(error)
    unreached = RefreshError("no answer")
    unreached.__cause__ = TransportError("connection refused")
    assert may_pass(unreached)
