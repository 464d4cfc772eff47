"""The sending side of the wire, against a real HTTP server on loopback: what is sent, repeated, refused and told."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import random
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest
import requests

from l3kit.errors import ConfigurationError, KeyConflictError, MissingConnectionError, TransferError
from l3kit.tiering.format.chunks import Chunk, ChunkKey
from l3kit.tiering.movers.targets import SEAL_SHA256, LocalTarget, RemoteTarget
from l3kit.tiering.receiver_limit import SMALLEST_LIMIT, ReceiverLimit
from l3kit.tiering.settings import MAX_CHUNK_BYTES
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.cold_writer import ColdWriter
from l3kit.tiering.transfer.payload import certainly_fits, deflate, encode, event_size
from l3kit.tiering.transfer.sender import TIMEOUT_SECONDS, WAITS, Writer
from l3kit.tiering.transfer.wire import ArchivePart, Response, chunk_pieces
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


@pytest.mark.parametrize(
    "url",
    ["http://example.com/", "ftp://127.0.0.1/", "https://", "not a url", "https://user:pw@example.com/", "http://[::1"],
)
def test_only_https_or_loopback_gets_the_token(url: str) -> None:
    with pytest.raises(ConfigurationError, match=LINK) as caught:
        Writer(url, Secret(TOKEN), LINK)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://example.com/", "http://127.0.0.1:1/", "http://localhost:1/", "http://[::1]:1/"]
)
def test_https_and_loopback_are_accepted(url: str) -> None:
    Writer(url, Secret(TOKEN), LINK).close()


# --- what fits ------------------------------------------------------------------------------------------------


def noisy_items(size: int, alphabet: str, seed: int = 1) -> bytes:
    """A chunk of about that many bytes that cannot be compressed well."""
    text = "".join(random.Random(seed).choices(alphabet, k=size))
    while len(text.encode()) > size - 60:
        text = text[: int(len(text) * (size - 60) / len(text.encode()))]
    return b'[{"id":"2024-01-01T00:00:00Z","v":"' + text.encode() + b'"}]'


PRINTABLE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in '"\\')
BMP = "".join(chr(code) for code in range(0x4E00, 0x9FA5))
QUOTES = '{"a":1}'


@pytest.mark.parametrize(
    "alphabet",
    [
        PRINTABLE,
        *(pytest.param(a, marks=pytest.mark.slow) for a in (BMP, PRINTABLE + "äöüßéèαβγ", "0123456789abcdef")),
    ],
)
def test_a_chunk_of_5_mib_of_noise_fits_a_lambda_event(alphabet: str) -> None:
    body = noisy_items(MAX_CHUNK_BYTES, alphabet)
    key = ChunkKey("传" * 200, "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", 0)
    chunk = Chunk(key, body, hashlib.sha256(body).hexdigest(), 1)
    payload = encode(chunk_pieces(chunk, "aws"), SMALLEST_LIMIT)
    assert len(body) > MAX_CHUNK_BYTES - 200
    assert payload.fits(SMALLEST_LIMIT)
    assert payload.weight <= SMALLEST_LIMIT.max_bytes


@pytest.mark.parametrize(
    "size", [100, 5_200_000, 6_400_000, *(pytest.param(n, marks=pytest.mark.slow) for n in (4_700_000, 17_000_000))]
)
def test_fits_agrees_with_what_is_really_sent(server: Server, writer: Writer, size: int) -> None:
    target = RemoteTarget(writer, "aws", limit=SMALLEST_LIMIT)
    body = noisy_items(size, PRINTABLE)
    chunk = Chunk(ChunkKey("d", "a", "b", 0), body, hashlib.sha256(body).hexdigest(), 1)
    if target.fits(body):
        assert encode(chunk_pieces(chunk, "aws"), SMALLEST_LIMIT).fits(SMALLEST_LIMIT)
        server.script(receipt(chunk))
        asyncio.run(target.store(chunk))
        assert sent(server)["items"] == json.loads(body)
    else:
        assert size > 6_000_000
        with pytest.raises(TransferError, match="MAX_CHUNK_BYTES"):
            asyncio.run(target.store(chunk))


def test_what_surely_fits_does() -> None:
    size = next(size for size in range(5_000_000, 0, -1000) if certainly_fits(size, SMALLEST_LIMIT))
    assert size > 4_500_000
    payload = encode([bytes(random.Random(2).randbytes(size + 4000))], SMALLEST_LIMIT)
    assert payload.weight <= SMALLEST_LIMIT.max_bytes


def test_a_body_joined_from_pieces_deflated_apart_is_plain_gzip() -> None:
    pieces = [b'{"items":', b"[" + b'{"a":1},' * 5000 + b"{}]", b"}"]
    payload = encode(pieces, ReceiverLimit(32_000_000, "body"), {1: deflate(pieces[1])})
    assert payload.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(payload.body) == b"".join(pieces)
    assert len(payload.body) < len(pieces[1]) / 20


def test_small_bodies_stay_plain() -> None:
    payload = encode([b'{"a":1}'], SMALLEST_LIMIT)
    assert (payload.body, payload.headers) == (b'{"a":1}', {"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b'{"a":"' + QUOTES.replace('"', '\\"').encode() * 1000 + b'"}', None),
        ('{"a":"传感器-1 \U0001f600"}'.encode() * 100, None),
        (b"\x00\x01\x02", None),
        (b"\xff" * 1000, None),
        (gzip.compress(b"abc" * 1000, mtime=0), "gzip"),
    ],
)
def test_the_event_is_never_larger_than_estimated(body: bytes, encoding: str | None) -> None:
    from aiohttp.test_utils import make_mocked_request

    from l3kit.sandbox.aws.function_urls import build_event

    headers = {"Content-Type": "application/octet-stream" if encoding else "application/json"}
    headers |= {"Content-Encoding": encoding} if encoding else {}
    more = {"X-Inter-Cloud-Token": TOKEN, "Idempotency-Key": "%E4%BC%A0" * 100}
    event = build_event(make_mocked_request("POST", "/_fnurl/f/", headers=headers | more), "f", body)
    assert len(event) <= event_size(body, headers)


def test_archive_data_become_base64_where_they_are_no_text() -> None:
    part = ArchivePart("k", b"\xff\x00", "0" * 64)
    envelope = json.loads(part.payload("aws", SMALLEST_LIMIT).body)
    assert (envelope["data"], envelope["data_encoding"]) == ("/wA=", "base64")


# --- the two targets behave alike ------------------------------------------------------------------------------


@pytest.fixture(params=["local", "remote"])
def target(request: pytest.FixtureRequest, served: Callable[[Any], Server], writer: Writer) -> Any:
    store = MemoryObjectStore("cold")
    served(ColdWriter(store, Secret(TOKEN)))
    chosen: Any = LocalTarget(store) if request.param == "local" else RemoteTarget(writer, "aws")
    chosen.objects = store
    return chosen


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_storing_twice_is_storing_once(target: Any, compression: str) -> None:
    chunk = chunk_of([item(n) for n in range(5)], compression=compression)
    assert target.fits(chunk.body)
    asyncio.run(target.store(chunk))
    asyncio.run(target.store(chunk))
    assert target.objects.bodies() == {str(chunk.key): chunk.body}
    info = target.objects.objects[str(chunk.key)][0]
    assert (info.sha256, info.metadata["items"]) == (chunk.sha256, "5")


def test_other_content_under_the_key_is_a_conflict_and_stays(target: Any) -> None:
    first, second = chunk_of([item(0), item(5)]), chunk_of([item(0), item(3), item(5)])
    asyncio.run(target.store(first))
    with pytest.raises(KeyConflictError) as caught:
        asyncio.run(target.store(second))
    assert caught.value.existing_sha256 == first.sha256
    assert target.objects.bodies() == {str(first.key): first.body}


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_a_sealed_key_takes_nothing_more(target: Any, compression: str) -> None:
    chunk = chunk_of([item(0)], compression=compression)
    assert asyncio.run(target.seal(chunk.key)) is None
    assert asyncio.run(target.seal(chunk.key)) is None
    with pytest.raises(KeyConflictError) as caught:
        asyncio.run(target.store(chunk))
    assert caught.value.existing_sha256 == SEAL_SHA256
    assert target.objects.bodies() == {str(chunk.key): b"[]"}


def test_sealing_a_taken_key_tells_its_digest(target: Any) -> None:
    chunk = chunk_of([item(0)])
    asyncio.run(target.store(chunk))
    assert asyncio.run(target.seal(chunk.key)) == chunk.sha256
    assert target.objects.bodies() == {str(chunk.key): chunk.body}
