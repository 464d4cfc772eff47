"""What fits into a request: its size is estimated, never too low."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import random

import pytest

from l3kit.errors import TransferError
from l3kit.tiering.format.chunks import Chunk, ChunkKey
from l3kit.tiering.movers.remote_target import RemoteTarget
from l3kit.tiering.receiver_limit import SMALLEST_LIMIT, ReceiverLimit
from l3kit.tiering.settings.tuning import MAX_CHUNK_BYTES
from l3kit.tiering.transfer.payload import certainly_fits, deflate, encode, event_size
from l3kit.tiering.transfer.sender import Writer
from l3kit.tiering.transfer.wire import ArchivePart, chunk_pieces
from tests.support.wire_server import TOKEN, Server, receipt
from tests.unit.tiering.transfer.test_sender import sent


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
