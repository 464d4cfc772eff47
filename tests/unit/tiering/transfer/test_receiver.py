"""What the writers look at before a body: the token, the encoding, the size; and how an unexpected error is told."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import pytest

from l3kit.tiering.transfer.cold_writer import ColdWriter
from l3kit.tiering.transfer.payload import MAX_BODY_BYTES
from l3kit.tiering.transfer.wire import Request
from tests.support.lambda_calls import SECRET, Cloud, told, url_event
from tests.support.memory_stores import MemoryObjectStore
from tests.support.wire_server import TOKEN
from tests.support.writer_calls import envelope, post_cold


@pytest.mark.parametrize("header", ["X-Inter-Cloud-Token", "x-inter-cloud-token", "X-INTER-CLOUD-TOKEN"])
def test_the_token_header_may_have_any_case(header: str) -> None:
    assert post_cold(Cloud(), envelope(), header=header)[0] == 200


def test_two_token_headers_are_none() -> None:
    event = url_event(envelope())
    event["headers"]["X-Inter-Cloud-Token"] = TOKEN
    assert told(Cloud().call("cold-writer", event))[0] == 403


def test_the_token_is_checked_before_the_body_is_looked_at() -> None:
    assert post_cold(Cloud(), "{not json", token="wrong")[0] == 403
    assert post_cold(Cloud(), "{not json")[0] == 400


def test_an_unexpected_error_is_a_500_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    class Odd(MemoryObjectStore):
        async def create(self, key: str, body: bytes, **more: Any) -> Any:
            raise ZeroDivisionError("internals")

    status, answer = post_cold(Cloud(cold=Odd("cold")), envelope())
    assert (status, "internals" in json.dumps(answer), "internals" in caplog.text) == (500, False, True)


def test_gzip_bodies_are_taken() -> None:
    packed = gzip.compress(json.dumps(envelope()).encode())
    assert post_cold(Cloud(), packed, content_encoding="gzip")[0] == 200
    assert post_cold(Cloud(), packed, content_encoding="GZIP")[0] == 200


def test_gzip_of_several_members_is_taken() -> None:
    text = json.dumps(envelope()).encode()
    packed = gzip.compress(text[:50]) + gzip.compress(text[50:])
    assert post_cold(Cloud(), packed, content_encoding="gzip")[0] == 200


@pytest.mark.parametrize("cut", [0, 5, -1, -9])
def test_broken_gzip_is_refused(cut: int) -> None:
    packed = gzip.compress(json.dumps(envelope()).encode())
    for body in (packed[:cut], packed + b"more", b"no gzip"):
        assert post_cold(Cloud(), body, content_encoding="gzip")[0] == 400


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "x"])
def test_an_unknown_encoding_is_415(encoding: str) -> None:
    status, answer = post_cold(Cloud(), b"{}", content_encoding=encoding)
    assert (status, answer["field"]) == (415, "Content-Encoding")


def test_a_gzip_bomb_is_413_and_is_never_unpacked() -> None:
    import tracemalloc

    bomb = gzip.compress(bytes(200_000_000), 1)
    request = Request({"X-Inter-Cloud-Token": TOKEN, "Content-Encoding": "gzip"}, bomb)
    tracemalloc.start()
    response = asyncio.run(ColdWriter(MemoryObjectStore("cold"), SECRET).handle(request))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert response.status == 413
    assert peak < 3 * MAX_BODY_BYTES


def test_a_plain_body_beyond_the_limit_is_413() -> None:
    request = Request({"X-Inter-Cloud-Token": TOKEN}, b" " * (MAX_BODY_BYTES + 1))
    assert asyncio.run(ColdWriter(MemoryObjectStore("cold"), SECRET).handle(request)).status == 413
