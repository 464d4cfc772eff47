"""The sending side of the wire, against a real HTTP server on loopback: what is sent, repeated, refused and told."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest
import requests

from l3kit.errors import ConfigurationError, KeyConflictError, MissingConnectionError, TransferError
from l3kit.tiering.format.chunks import Chunk
from l3kit.tiering.movers.remote_target import RemoteTarget
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.cold_writer import ColdWriter
from l3kit.tiering.transfer.sender import TIMEOUT_SECONDS, WAITS, Writer
from l3kit.tiering.transfer.wire import Response
from tests.support.memory_stores import MemoryObjectStore
from tests.support.wire_server import LINK, TOKEN, Server, Waits, chunk_of, item, receipt


def sent(server: Server, index: int = -1) -> dict[str, Any]:
    return server.seen[index].envelope()


def test_post_cold_writer_success(server: Server, writer: Writer, chunk: Chunk, waits: Waits) -> None:
    server.script(receipt(chunk))
    confirmed = writer.post_chunk(chunk, "aws")
    assert (confirmed.written, confirmed.key, confirmed.sha256) == (3, str(chunk.key), chunk.sha256)
    assert (len(server.seen), waits.seconds, writer.usage.requests, writer.usage.retries) == (1, [], {"post": 1}, {})


@pytest.mark.parametrize("token", ["", "  ", "\n"])
def test_post_cold_writer_missing_token_raises(server: Server, token: str) -> None:
    with pytest.raises(ValueError, match=LINK) as caught:
        Writer(server.url, Secret(token), LINK)
    assert isinstance(caught.value, MissingConnectionError)
    assert server.seen == []


def test_post_cold_writer_whitespace_token_raises(server: Server) -> None:
    with pytest.raises(ValueError, match="token is blank"):
        Writer(server.url, Secret("   "), LINK)


def test_post_cold_writer_sends_auth_header(server: Server, writer: Writer, chunk: Chunk) -> None:
    server.script(receipt(chunk))
    writer.post_chunk(chunk, "aws")
    assert server.seen[0].headers["X-Inter-Cloud-Token"] == TOKEN


def test_post_cold_writer_payload_structure(server: Server, writer: Writer, chunk: Chunk) -> None:
    server.script(receipt(chunk))
    writer.post_chunk(chunk, "aws")
    assert sent(server) == {
        "iot_device_id": "sensor-1",
        "chunk_index": 0,
        "start_timestamp": "2024-01-01T00:00:00Z",
        "end_timestamp": "2024-01-01T00:02:00Z",
        "items": [item(0), item(1), item(2)],
        "source_cloud": "aws",
        "sha256": chunk.sha256,
    }
    assert server.seen[0].headers["Idempotency-Key"] == str(chunk.key)


def test_unicode_device_id(server: Server, writer: Writer) -> None:
    chunk = chunk_of([item(0, device="传感器-1")], device="传感器-1")
    server.script(receipt(chunk))
    writer.post_chunk(chunk, "aws")
    header = server.seen[0].headers["Idempotency-Key"]
    assert header.isascii()
    assert unquote(header) == str(chunk.key)
    assert sent(server)["iot_device_id"] == "传感器-1"


def test_special_chars_in_timestamps(served: Any, writer: Writer) -> None:
    store = MemoryObjectStore("cold")
    served(ColdWriter(store, Secret(TOKEN)))
    items = [{"iotDeviceId": "d", "id": f"2024-01-01T00:0{n}:00.5+02:00"} for n in range(2)]
    confirmed = writer.post_chunk(chunk_of(items, device="d"), "aws")
    assert confirmed.key == "d/2024-01-01T00:00:00.5+02:00-2024-01-01T00:01:00.5+02:00/chunk-00000.json"
    assert list(store.objects) == [confirmed.key]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_post_remote_retry_on_5xx(server: Server, writer: Writer, chunk: Chunk, waits: Waits, status: int) -> None:
    server.script(Response(status, {}), Response(status, {}), Response(status, {}), receipt(chunk))
    assert writer.post_chunk(chunk, "aws").written == 3
    assert (len(server.seen), writer.usage.retries) == (4, {"post": 3})
    assert len({seen.body for seen in server.seen}) == 1, "a retry must send the very same bytes"


def test_post_cold_writer_retry_on_500(server: Server, writer: Writer, chunk: Chunk) -> None:
    server.script(Response(500, {}))
    with pytest.raises(TransferError) as caught:
        writer.post_chunk(chunk, "aws")
    assert (len(server.seen), caught.value.status) == (4, 500)


def test_post_cold_writer_retry_on_503(server: Server, writer: Writer, chunk: Chunk) -> None:
    server.script(Response(503, {}), receipt(chunk))
    assert writer.post_chunk(chunk, "aws").key == str(chunk.key)
    assert len(server.seen) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 415, 422])
def test_post_remote_no_retry_on_4xx(server: Server, writer: Writer, chunk: Chunk, waits: Waits, status: int) -> None:
    server.script(Response(status, {"error": "no"}))
    with pytest.raises(TransferError) as caught:
        writer.post_chunk(chunk, "aws")
    assert (len(server.seen), waits.seconds, caught.value.status) == (1, [], status)


def test_post_cold_writer_no_retry_on_400(server: Server, writer: Writer, chunk: Chunk) -> None:
    server.script(Response(400, {"error": "items: is empty", "field": "items"}))
    with pytest.raises(TransferError, match=f"{LINK}: HTTP 400 .items: is empty.*in the sender's data"):
        writer.post_chunk(chunk, "aws")
    assert len(server.seen) == 1


def test_post_cold_writer_no_retry_on_403(server: Server, writer: Writer, chunk: Chunk) -> None:
    server.script(Response(403, {"error": f"not {TOKEN}"}))
    with pytest.raises(TransferError, match=r"tokens of sender and receiver differ.*apply the twin again") as caught:
        writer.post_chunk(chunk, "aws")
    assert len(server.seen) == 1
    assert TOKEN not in f"{caught.value!s} {caught.value!r} {writer!r} {vars(writer)}"


def test_post_cold_writer_exponential_backoff(server: Server, writer: Writer, chunk: Chunk, waits: Waits) -> None:
    server.script(Response(500, {}))
    with pytest.raises(TransferError):
        writer.post_chunk(chunk, "aws")
    assert waits.seconds == [1.0, 2.0, 4.0]


def test_retry_exponential_backoff_timing(server: Server, chunk: Chunk, waits: Waits) -> None:
    server.script(Response(500, {}))
    for _ in range(5):
        with pytest.raises(TransferError):
            Writer(server.url, Secret(TOKEN), LINK, sleep=waits).post_chunk(chunk, "aws")
    for index, base in enumerate(WAITS):
        assert all(base <= seconds <= 1.25 * base for seconds in waits.seconds[index::3])


def test_retry_includes_jitter(server: Server, chunk: Chunk, waits: Waits) -> None:
    server.script(Response(500, {}))
    sender = Writer(server.url, Secret(TOKEN), LINK, sleep=waits, jitter=random.Random(1).random)
    for _ in range(2):
        with pytest.raises(TransferError):
            sender.post_chunk(chunk, "aws")
    assert len(set(waits.seconds)) == 6


def test_retry_respects_max_attempts(server: Server, writer: Writer, chunk: Chunk) -> None:
    server.script(Response(503, {}))
    with pytest.raises(TransferError):
        writer.post_chunk(chunk, "aws")
    assert len(server.seen) == 1 + 3


def test_post_cold_writer_max_retries_exceeded(server: Server, writer: Writer, chunk: Chunk) -> None:
    server.script(*[Response(503, {})] * 4, receipt(chunk))
    with pytest.raises(TransferError, match="HTTP 503"):
        writer.post_chunk(chunk, "aws")
    assert writer.post_chunk(chunk, "aws").written == 3, "the next call begins anew"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("0", 1.0), ("3600", 30.0), ("Mon, 23 Nov 2026 12:00:09 GMT", 9.0), ("soon", 1.0), ("-5", 1.0)],
)
def test_retry_after_is_honoured_up_to_a_limit(
    server: Server, chunk: Chunk, waits: Waits, value: str, seconds: float
) -> None:
    server.script(Response(429, {}, {"Retry-After": value}), receipt(chunk))
    now = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
    Writer(server.url, Secret(TOKEN), LINK, sleep=waits, jitter=lambda: 0.0, now=lambda: now).post_chunk(chunk, "aws")
    assert waits.seconds == [seconds]


class Noting(requests.Session):
    """Notes how long each answer is waited for; `limits` of the first ones stand in place of what was asked."""

    def __init__(self, *limits: float) -> None:
        super().__init__()
        self.asked: list[float] = []
        self._limits = limits

    def post(self, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        limit = dict(enumerate(self._limits)).get(len(self.asked), kwargs["timeout"])
        self.asked.append(kwargs["timeout"])
        return super().post(url, *args, **{**kwargs, "timeout": limit})


def test_post_cold_writer_timeout_retry(server: Server, chunk: Chunk, waits: Waits) -> None:
    server.script(Response(0, {}), receipt(chunk))
    session = Noting(1.0)
    sender = Writer(server.url, Secret(TOKEN), LINK, session=session, sleep=waits, jitter=lambda: 0.0)
    assert sender.post_chunk(chunk, "aws").written == 3
    assert (len(session.asked), waits.seconds) == (2, [1.0])


def test_post_remote_timeout_handling(server: Server, chunk: Chunk, waits: Waits) -> None:
    server.script(Response(0, {}))
    session = Noting()
    sender = Writer(server.url, Secret(TOKEN), LINK, session=session, sleep=waits, timeout=0.2)
    with pytest.raises(TransferError, match=r"no response within 0.2 s") as caught:
        sender.post_chunk(chunk, "aws")
    assert (session.asked, caught.value.status) == ([0.2] * 4, None)


def test_http_timeout_30_seconds(server: Server, chunk: Chunk) -> None:
    session = Noting()
    server.script(receipt(chunk))
    Writer(server.url, Secret(TOKEN), LINK, session=session).post_chunk(chunk, "aws")
    assert session.asked == [TIMEOUT_SECONDS] == [30.0]


def test_post_cold_writer_dns_failure(chunk: Chunk, waits: Waits) -> None:
    sender = Writer("https://no-such-host.invalid/", Secret(TOKEN), LINK, sleep=waits)
    sender._session.trust_env = False  # a proxy would resolve the name elsewhere
    with pytest.raises(TransferError, match=f"{LINK}: the host name of its url cannot be resolved"):
        sender.post_chunk(chunk, "aws")
    assert len(waits.seconds) == 3


def test_post_cold_writer_connection_refused(chunk: Chunk, waits: Waits) -> None:
    with socket.socket() as taken:  # bound and not listening: refuses, and nobody else can get the port
        taken.bind(("127.0.0.1", 0))
        sender = Writer(f"http://127.0.0.1:{taken.getsockname()[1]}/", Secret(TOKEN), LINK, sleep=waits)
        with pytest.raises(TransferError, match=f"{LINK}: the connection was refused"):
            sender.post_chunk(chunk, "aws")
    assert len(waits.seconds) == 3


def test_a_connection_that_breaks_before_the_answer_is_tried_again(
    server: Server, writer: Writer, chunk: Chunk, waits: Waits
) -> None:
    server.hang.set()  # so that status 0 breaks off at once
    server.script(Response(0, {}), receipt(chunk))
    assert writer.post_chunk(chunk, "aws").written == 3
    assert waits.seconds == [1.0]


def test_post_cold_writer_partial_success(served: Any, server: Server, writer: Writer) -> None:
    """The second of three chunks fails for good: the first is stored, the error names the link; a repeat settles it."""
    store = MemoryObjectStore("cold")
    chunks = [chunk_of([item(10 * n + m) for m in range(3)], number=n) for n in range(3)]
    served(ColdWriter(store, Secret(TOKEN)))
    target = RemoteTarget(writer, "aws")
    asyncio.run(target.store(chunks[0]))
    working, server.answer = server.answer, lambda request: Response(500, {})
    with pytest.raises(TransferError, match=LINK):
        asyncio.run(target.store(chunks[1]))
    server.answer = working
    for chunk in chunks:
        asyncio.run(target.store(chunk))
    assert store.bodies() == {str(chunk.key): chunk.body for chunk in chunks}


def test_concurrent_chunk_sends(served: Any, writer: Writer) -> None:
    """One session, several threads: every chunk arrives whole and once."""
    store = MemoryObjectStore("cold")
    served(ColdWriter(store, Secret(TOKEN)))
    chunks = [chunk_of([item(m, device=f"d{n}", text="x" * n) for m in range(50)], device=f"d{n}") for n in range(12)]
    threads = [threading.Thread(target=writer.post_chunk, args=(chunk, "aws")) for chunk in chunks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.bodies() == {str(chunk.key): chunk.body for chunk in chunks}
    assert writer.usage.requests == {"post": 12}


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"written": 3},
        {"written": 3, "key": "other", "sha256": "0" * 64},
        {"pending": [1]},
        {"key": "sensor-1/2024-01-01T00:00:00Z-2024-01-01T00:02:00Z/chunk-00000.json", "sha256": "0" * 64},
    ],
)
def test_a_200_that_does_not_confirm_key_and_digest_is_an_error(
    server: Server, writer: Writer, chunk: Chunk, answer: dict[str, Any]
) -> None:
    server.script(Response(200, answer))
    with pytest.raises(TransferError, match="does not confirm"):
        writer.post_chunk(chunk, "aws")


def test_a_conflict_carries_the_digest_of_what_is_there(server: Server, writer: Writer, chunk: Chunk) -> None:
    server.script(Response(409, {"error": "taken", "sha256": "ab" * 32}))
    with pytest.raises(KeyConflictError) as caught:
        writer.post_chunk(chunk, "aws")
    assert (caught.value.existing_sha256, len(server.seen)) == ("ab" * 32, 1)


def test_a_redirect_is_not_followed(server: Server, writer: Writer, chunk: Chunk) -> None:
    server.script(Response(307, {}, {"Location": f"{server.url}elsewhere"}))
    with pytest.raises(TransferError, match="Redirects are not followed"):
        writer.post_chunk(chunk, "aws")
    assert len(server.seen) == 1


def test_a_writer_is_not_opened_for_a_url_that_shows_the_token_on_the_way() -> None:
    with pytest.raises(ConfigurationError, match=LINK):
        Writer("http://example.com/", Secret(TOKEN), LINK)
