"""Objects as the archive writer takes, refuses and stores them, whole and in parts."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import logging
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import zstandard

from l3kit.tiering.format.digest import ContentDigest
from l3kit.tiering.transfer import multipart
from l3kit.tiering.transfer.archive_writer import ArchiveWriter
from l3kit.tiering.transfer.multipart import sweep_parts
from l3kit.tiering.transfer.wire import Request
from tests.support.lambda_calls import SECRET, Cloud
from tests.support.memory_stores import MemoryObjectStore
from tests.support.wire_server import TOKEN
from tests.support.writer_calls import BODY, KEY, SHA256, parcel, parts_of, post_archive


def test_the_smallest_envelope_of_another_make_is_enough() -> None:
    cloud = Cloud()
    assert post_archive(cloud, {"object_key": "any/key.txt", "data": "text"})[0] == 200
    assert cloud.archive.objects["any/key.txt"][1] == b"text"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("object_key", ""),
        ("object_key", 1),
        ("object_key", "_l3kit/reports/x.json"),
        ("object_key", "传" * 400),
        ("data", 1),
        ("data", {"a": 1}),
        ("data_encoding", "hex"),
        ("sha256", "0" * 64),
        ("is_multipart", 1),
        ("content_encoding", "a b"),
        ("metadata", []),
        ("metadata", {"a": 1}),
        ("metadata", {"A": "x"}),
        ("metadata", {"a": "x\r\ny: z"}),
        ("metadata", {"a": ""}),
        ("metadata", {"a": "传" * 250}),
        ("metadata", {"a": "x" * 2000}),
    ],
)
def test_a_wrong_archive_field_is_named(field: str, value: Any) -> None:
    cloud = Cloud()
    status, answer = post_archive(cloud, parcel(**{field: value}))
    assert (status, answer["field"], cloud.archive.objects) == (400, field, {})


def test_base64_that_is_none_is_refused() -> None:
    assert post_archive(Cloud(), parcel(data="a!b", data_encoding="base64"))[1]["field"] == "data"


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_the_digest_of_a_compressed_object_is_that_of_its_content(encoding: str) -> None:
    cloud = Cloud()
    packed = gzip.compress(BODY) if encoding == "gzip" else zstandard.compress(BODY)
    fields = {"data": base64.b64encode(packed).decode(), "data_encoding": "base64", "content_encoding": encoding}
    status, answer = post_archive(cloud, parcel(**fields, sha256=SHA256, metadata={"items": "40"}))
    assert (status, answer["sha256"], cloud.archive.objects[KEY][1]) == (200, SHA256, packed)
    info = cloud.archive.objects[KEY][0]
    assert (info.content_encoding, info.metadata["items"]) == (encoding, "40")
    broken = {**fields, "data": base64.b64encode(packed[:-3]).decode()}
    assert post_archive(Cloud(), parcel(**broken))[1]["field"] == "content_encoding"


def test_a_digest_is_computed_in_bounded_memory() -> None:
    import tracemalloc

    content = hashlib.sha256(bytes(100_000_000)).hexdigest()
    for encoding, packed in (
        ("gzip", gzip.compress(bytes(100_000_000), 1)),
        ("zstd", zstandard.compress(bytes(100_000_000))),
    ):
        tracemalloc.start()
        digest = ContentDigest(encoding)
        digest.update(packed)
        assert digest.hexdigest() == content
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 20_000_000


@pytest.mark.parametrize("seed", range(8))
def test_parts_may_arrive_twice_and_in_any_order(seed: int) -> None:
    cloud = Cloud()
    shuffled = parts_of(count=5) * 2
    random.Random(seed).shuffle(shuffled)
    answers = [post_archive(cloud, part) for part in shuffled]
    assert {status for status, _ in answers} == {200}
    assert answers[-1][1].get("sha256") == SHA256
    assert list(cloud.archive.objects) == [KEY]


def writer_request(part: dict[str, Any]) -> Request:
    return Request({"X-Inter-Cloud-Token": TOKEN}, json.dumps(part).encode())


@pytest.mark.parametrize("seed", range(20))
def test_all_parts_at_once_are_harmless(seed: int) -> None:
    store = MemoryObjectStore("archive")
    writer = ArchiveWriter(store.delayed(seed), SECRET)  # type: ignore[arg-type]

    async def all_at_once() -> list[int]:
        answers = await asyncio.gather(*(writer.handle(writer_request(part)) for part in parts_of() * 2))
        return [answer.status for answer in answers]

    statuses = asyncio.run(all_at_once())
    assert set(statuses) == {200}
    assert store.objects[KEY][1] == BODY
    # A part that was still on its way when the object was finished may stay behind; sending it again removes it.
    asyncio.run(writer.handle(writer_request(parts_of()[0])))
    assert list(store.objects) == [KEY]


def test_orphaned_parts_are_swept_by_age() -> None:
    store = MemoryObjectStore("archive")
    writer = ArchiveWriter(store, SECRET, clock=lambda: store.now + multipart.ORPHAN_AGE + timedelta(seconds=1))
    asyncio.run(writer.handle(writer_request(parts_of(b"given up")[0])))
    assert asyncio.run(sweep_parts(store, now=store.now)) == 0
    for part in parts_of():
        asyncio.run(writer.handle(writer_request(part)))
    assert list(store.objects) == [KEY]


def test_a_part_that_vanishes_while_it_is_put_together_is_asked_for_again(caplog: pytest.LogCaptureFixture) -> None:
    class Leaky(MemoryObjectStore):
        async def read(self, key: str, **more: Any) -> bytes:
            self.objects.pop(key, None)
            return await super().read(key, **more)

    caplog.set_level(logging.CRITICAL)
    store = Leaky("archive")
    answers = [asyncio.run(ArchiveWriter(store, SECRET).handle(writer_request(part))) for part in parts_of()]
    assert answers[-1].status == 500
    assert KEY not in store.objects


def test_an_object_of_many_parts_is_put_together_in_bounded_memory() -> None:
    most: list[int] = []

    class Counting(MemoryObjectStore):
        async def create_large(self, key: str, parts: AsyncIterator[bytes], **more: Any) -> Any:
            async def one_by_one() -> AsyncIterator[bytes]:
                async for part in parts:
                    most.append(len(part))
                    yield part

            return await super().create_large(key, one_by_one(), **more)

    store = Counting("archive")
    for part in parts_of(count=7):
        asyncio.run(ArchiveWriter(store, SECRET).handle(writer_request(part)))
    assert (len(most), max(most)) == (7, -(-len(BODY) // 7))
