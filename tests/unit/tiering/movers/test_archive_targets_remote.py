"""The archive on another cloud: what is sent there, in how many requests, and what becomes of the source."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from l3kit.providers import provider
from l3kit.tiering.format.chunks import compress
from l3kit.tiering.movers.archive_targets import PART_BYTES, RemoteArchive, incomplete_tail
from l3kit.tiering.ports import ObjectInfo
from l3kit.tiering.transfer.archive_writer import ArchiveWriter
from l3kit.tiering.transfer.sender import Writer
from l3kit.tiering.transfer.wire import Response
from tests.support.archiving import NOW, World, key_of, put
from tests.support.lambda_calls import SECRET
from tests.support.wire_server import Server


@pytest.fixture
def remote(served: Callable[[Any], Server], writer: Writer) -> World:
    """The archive is behind a writer on another cloud, reached over HTTP."""
    world = World()
    served(ArchiveWriter(world.archive, SECRET))
    world.target = RemoteArchive(writer, "aws", provider("azure").receiver_limit)
    return world


def test_archive_mover_multi_cloud_posts_http(remote: World, server: Server) -> None:
    put(remote.cold, key_of(100))
    report = remote.run()
    assert (len(server.seen), report.requests["target.post"]) == (1, 1)
    assert remote.archived() == {key_of(100): b'[{"a":1}]'}
    assert remote.cold_keys() == []


def test_post_archive_writer_success(remote: World) -> None:
    for number in range(5):
        put(remote.cold, key_of(100, "传感器", number), f"[{number}]".encode(), items="1")
    assert remote.run().verdict == "complete"
    assert len(remote.archived()) == 5
    assert {info.metadata["items"] for info, _ in remote.archive.objects.values()} == {"1"}


def test_post_archive_writer_metadata(remote: World, server: Server) -> None:
    put(remote.cold, key_of(100))
    remote.run()
    sent = server.seen[0].envelope()
    assert (sent["object_key"], sent["source_cloud"], sent["metadata"]) == (key_of(100), "aws", {"items": "1"})
    assert (sent["data"], sent["is_multipart"]) == ('[{"a":1}]', False)


def big_text(size: int) -> bytes:
    """Text of exactly that size whose characters have one to four bytes, so that part borders fall inside some."""
    block = "".join(random.Random(3).choices("aé传\U0001f600", k=9973)).encode()
    text = (block * (size // len(block) + 1))[: size - 2]
    return b'"' + text[: len(text) - incomplete_tail(text)].ljust(size - 2, b"x") + b'"'


@pytest.mark.parametrize("size", [5 * 1024 * 1024 + 1, 3 * PART_BYTES, 3 * PART_BYTES + 2])
def test_post_archive_writer_chunking(remote: World, server: Server, size: int) -> None:
    body = big_text(size)
    put(remote.cold, key_of(100), body)
    assert remote.run().verdict == "complete"
    sent = [seen.envelope() for seen in server.seen]
    assert [part["part_number"] for part in sent] == list(range(1, -(-size // PART_BYTES) + 1))
    assert {part["data_encoding"] for part in sent} == {"utf-8"}, "borders must not split characters"
    assert remote.archived() == {key_of(100): body}
    assert remote.cold_keys() == []


def test_a_chunk_of_5_mib_goes_in_one_request(remote: World, server: Server) -> None:
    body = b"[" + b",".join([b'{"id":"2024-01-01T00:00:00Z","value":12.50}'] * 119_000) + b"]"
    assert 5_000_000 < len(body) <= 5 * 1024 * 1024
    put(remote.cold, key_of(100), body)
    remote.run()
    assert (len(server.seen), remote.archived()) == (1, {key_of(100): body})


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_compressed_objects_travel_as_they_are(remote: World, compression: str) -> None:
    body = random.Random(1).randbytes(5_000_000).hex().encode()
    key = key_of(100, compression=compression)
    put(remote.cold, key, body, content_encoding=compression)
    assert remote.run().verdict == "complete"
    info, stored = remote.archive.objects[key]
    assert (info.content_encoding, info.sha256) == (compression, hashlib.sha256(body).hexdigest())
    assert stored == compress(body, compression)  # type: ignore[arg-type]


def test_binary_objects_of_others_travel_unchanged(remote: World) -> None:
    remote.cold.now = NOW - timedelta(days=400)
    for name, body in (
        ("empty", b""),
        ("small.bin", bytes(range(256))),
        ("big.bin", random.Random(1).randbytes(9_000_000)),
    ):
        put(remote.cold, name, body)
        info, stored = remote.cold.objects[name]  # others' objects carry no digest
        remote.cold.objects[name] = (ObjectInfo(name, info.size, info.etag, info.modified), stored)
    assert remote.run().verdict == "complete"
    assert {name: len(body) for name, body in remote.archived().items()} == {
        "empty": 0,
        "small.bin": 256,
        "big.bin": 9_000_000,
    }
    assert remote.archived()["big.bin"] == random.Random(1).randbytes(9_000_000)


def test_metadata_of_others_that_no_receiver_takes_stay_behind(remote: World) -> None:
    remote.cold.now = NOW - timedelta(days=400)
    metadata = {"author": "Zoë 传", "Upper": "x", "blank": "", "long": "x" * 3000, "my_name": "y"}
    sha256 = hashlib.sha256(b"x").hexdigest()
    asyncio.run(remote.cold.create("foreign", b"x", sha256=sha256, metadata=metadata))
    assert remote.run().verdict == "complete"
    assert remote.archive.objects["foreign"][0].metadata == {"author": "Zoë 传", "my_name": "y", "sha256": sha256}


def test_a_damaged_object_is_not_archived(remote: World) -> None:
    for size in (100, 6_000_000):
        put(remote.cold, key_of(100, number=size), b"[" + b"1" * size + b"]")
        info, stored = remote.cold.objects[key_of(100, number=size)]
        remote.cold.objects[info.key] = (info, stored[:50] + b"2" + stored[51:])
    report = remote.run()
    assert (remote.archived(), len(remote.cold_keys()), report.verdict) == ({}, 2, "failed")
    assert len(report.devices[0].skipped) == 2


@pytest.mark.parametrize("lost", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2))])
def test_a_lost_answer_is_settled_by_the_retry(remote: World, server: Server, lost: int) -> None:
    body = big_text(2 * PART_BYTES + 5)
    put(remote.cold, key_of(100), body)
    really, calls = server.answer, iter(range(1000))

    def answer(request: Any) -> Response:
        response = really(request)
        return Response(502, {}) if next(calls) == lost else response

    server.answer = answer
    report = remote.run()
    assert (report.verdict, report.retries) == ("complete", {"target.post": 1})
    assert (remote.archived(), remote.cold_keys()) == ({key_of(100): body}, [])


def test_an_interrupted_upload_goes_on_where_it_was(remote: World, server: Server) -> None:
    body = big_text(4 * PART_BYTES)
    put(remote.cold, key_of(100), body)
    really, calls = server.answer, iter(range(1000))
    server.answer = lambda request: really(request) if next(calls) < 2 else Response(500, {})
    assert remote.run().verdict == "failed"
    assert remote.cold_keys() == [key_of(100)]
    server.answer, before = really, len(server.seen)
    assert remote.run().verdict == "complete"
    assert len(server.seen) - before == 3, "part 1 to learn what is there, then 3 and 4"
    assert remote.archived() == {key_of(100): body}


def test_a_conflict_on_another_cloud_is_reported(remote: World) -> None:
    put(remote.cold, key_of(100), b"[1]")
    put(remote.cold, key_of(100, "e"), b"[1]")
    put(remote.archive, key_of(100), b"[2]")
    report = remote.run()
    assert (remote.cold_keys(), report.verdict) == ([key_of(100)], "partial")
    assert remote.archived() == {key_of(100): b"[2]", key_of(100, "e"): b"[1]"}


def test_a_writer_that_refuses_keeps_all_sources(remote: World, server: Server) -> None:
    put(remote.cold, key_of(100))
    server.script(Response(403, {"error": "wrong token"}))
    report = remote.run()
    assert (remote.cold_keys(), report.verdict) == ([key_of(100)], "failed")
    assert "tokens of sender and receiver differ" in report.devices[0].skipped[0].reason


def test_a_large_object_is_never_held_as_a_whole(remote: World) -> None:
    longest: list[int] = []
    read = remote.cold.read

    async def measured(key: str, **how: Any) -> bytes:
        data: bytes = await read(key, **how)
        longest.append(len(data))
        return data

    remote.cold.read = measured
    put(remote.cold, key_of(100), big_text(20_000_000))
    assert remote.run().verdict == "complete"
    assert max(longest) <= PART_BYTES + 3


@pytest.mark.parametrize(
    ("data", "count"),
    [
        ("aé".encode()[:-1], 1),
        ("传".encode()[:2], 2),
        ("\U0001f600".encode()[:3], 3),
        ("传".encode(), 0),
        (b"", 0),
        (b"\xff", 1),
    ],
)
def test_an_unfinished_character_is_noticed(data: bytes, count: int) -> None:
    assert incomplete_tail(data) == count
