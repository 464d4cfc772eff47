"""Requests at the edge of what a store can take: refused as the sender's, never answered as the store's trouble."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from l3kit.tiering.format.chunks import MAX_KEY_BYTES, object_key
from l3kit.tiering.format.digest import ContentDigest
from l3kit.tiering.format.object_metadata import MAX_METADATA_BYTES, MAX_METADATA_NAMES, sendable_metadata
from l3kit.tiering.journal import LEASE_SECONDS
from l3kit.tiering.ports import ObjectInfo
from l3kit.tiering.tokens import Secret
from l3kit.tiering.transfer.cold_writer import ColdWriter
from l3kit.tiering.transfer.multipart import Upload, take_part
from l3kit.tiering.transfer.receipts import RECEIPT_PREFIX, leave_receipt
from l3kit.tiering.transfer.receiver import WRITE_SECONDS
from l3kit.tiering.transfer.wire import Request, plain_body
from tests.support.envelopes import chunk, parcel, parts_of
from tests.support.lambda_calls import Cloud, told, url_event
from tests.support.memory_stores import MemoryObjectStore


def post(cloud: Cloud, function: str, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    return told(cloud.call(function, url_event(body, **headers)))


@pytest.mark.parametrize("function", ["cold-writer", "archive-writer"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "post "])
def test_only_post_writes(function: str, method: str) -> None:
    cloud, event = Cloud(), url_event({**chunk("d"), **parcel("k")})
    event["requestContext"]["http"]["method"] = method
    answer = cloud.call(function, event)
    assert (answer["statusCode"], answer["headers"]["allow"]) == (405, "POST")
    assert cloud.cold.objects == cloud.archive.objects == {}
    event["headers"]["x-inter-cloud-token"] = "wrong"
    assert cloud.call(function, event)["statusCode"] == 403, "who has no token learns nothing else"


class Stalling(MemoryObjectStore):
    """Fails its first creates only after a while, as a store that does not answer; each attempt is noted."""

    def __init__(self) -> None:
        super().__init__("cold")
        self.attempts: list[float] = []

    async def create(self, key: str, body: bytes, **more: Any) -> ObjectInfo:
        while len(self.attempts) < 5:
            self.attempts.append(time.monotonic())
            await asyncio.sleep(0.05)
        return await super().create(key, body, **more)


def test_a_request_is_given_up_in_time_and_nothing_of_it_happens_later() -> None:
    store = Stalling()
    body = orjson.dumps(chunk("d"))
    request = Request({"X-Inter-Cloud-Token": "secret"}, body, "POST")

    async def steps() -> None:
        response = await ColdWriter(store, Secret("secret"), seconds=0.08).handle(request)
        assert response.status == 500
        attempts = len(store.attempts)
        await asyncio.sleep(0.3)
        assert len(store.attempts) == attempts
        assert store.objects == {}
        store.attempts += [0.0] * 5
        assert (await ColdWriter(store, Secret("secret")).handle(request)).status == 200

    asyncio.run(steps())


def test_a_writer_gives_up_before_its_functions_limit_and_the_senders_lease() -> None:
    from l3kit.clouds.shared.cloud_function import OTHER_TIMEOUT

    assert OTHER_TIMEOUT > WRITE_SECONDS
    assert WRITE_SECONDS < LEASE_SECONDS


@pytest.mark.parametrize("key", ["a\nb", "a\rb", "\x00", "\x7f", ".", "..", "../a", "a/./b", "a/.."])
def test_a_key_that_some_cloud_cannot_hold_is_refused(key: str) -> None:
    cloud = Cloud()
    for fields in ({}, {"is_multipart": True, "part_number": 1, "total_parts": 2}):
        status, answer = post(cloud, "archive-writer", parcel(key, **fields))
        assert (status, answer["field"], cloud.archive.objects) == (400, "object_key", {})


@pytest.mark.parametrize("key", ["a..b", ".a", "a./b", "a/...", "传感器 +?#%", "_l3kit"])
def test_a_key_that_only_looks_odd_is_taken(key: str) -> None:
    assert post(Cloud(), "archive-writer", parcel(key))[0] == 200


def test_a_chunks_key_leaves_room_for_its_receipt() -> None:
    cloud = Cloud()
    bounds = chunk("")
    frame = len(object_key("", bounds["start_timestamp"], bounds["end_timestamp"], 1).encode())
    longest = MAX_KEY_BYTES - len(RECEIPT_PREFIX) - frame
    status, receipt = post(cloud, "cold-writer", chunk("d" * longest))
    assert status == 200
    asyncio.run(leave_receipt(cloud.cold, receipt["key"], receipt["sha256"]))
    assert max(len(key.encode()) for key in cloud.cold.objects) == MAX_KEY_BYTES
    for fields in ({}, {"again": True}, {"seal": True, "items": []}):
        status, answer = post(cloud, "cold-writer", chunk("d" * (longest + 1), **fields))
        assert (status, answer["field"]) == (400, "iot_device_id")


def test_more_metadata_than_a_request_has_room_for_headers_is_refused_and_never_sent() -> None:
    many = {f"n{number}": "v" for number in range(MAX_METADATA_NAMES + 1)}
    status, answer = post(Cloud(), "archive-writer", parcel("k", metadata=many))
    assert (status, answer["field"]) == (400, "metadata")
    sent = sendable_metadata({**many, "sha256": "0" * 64, "Bad": "x"})
    assert len(sent) == MAX_METADATA_NAMES
    assert post(Cloud(), "archive-writer", parcel("k", metadata=sent))[0] == 200
    long = {"a": "x" * (MAX_METADATA_BYTES - 1), "b": "x"}
    assert sendable_metadata(long) == {"a": long["a"]}


@pytest.mark.parametrize("name", ["aws-chunked", "AWS-Chunked"])
def test_an_encoding_that_s3_would_take_off_is_refused(name: str) -> None:
    assert post(Cloud(), "archive-writer", parcel("k", content_encoding=name))[1]["field"] == "content_encoding"


@pytest.mark.parametrize("body", [b"no gzip at all", gzip.compress(b"cut off")[:-4]], ids=["other", "cut"])
def test_parts_that_do_not_unpack_are_the_senders_fault_and_are_discarded(body: bytes) -> None:
    cloud = Cloud()
    changes = {"content_encoding": "gzip", "sha256": "ab" * 32}
    answers = [post(cloud, "archive-writer", part) for part in parts_of("k", body, 2, **changes)]
    assert (answers[-1][0], answers[-1][1]["field"]) == (400, "content_encoding")
    assert cloud.archive.objects == {}


def test_a_last_part_that_was_overtaken_gets_the_receipt_and_leaves_nothing() -> None:
    body = b"0123456789"
    digest = hashlib.sha256(body).hexdigest()

    class Overtaken(MemoryObjectStore):
        """While one request keeps the last part, another one with the same part does all the rest."""

        async def create(self, key: str, body: bytes, **more: Any) -> ObjectInfo:
            if key == upload.part_key(2) and upload.key not in self.objects:
                self.objects.pop(upload.part_key(1))
                await super().create(upload.key, b"0123456789", sha256=digest)
            return await super().create(key, body, **more)

    store, upload = Overtaken("archive"), Upload("k", 2, digest, None, {})

    async def steps() -> None:
        assert (await take_part(store, upload, 1, body[:5])).pending == (2,)
        done = (await take_part(store, upload, 2, body[5:])).done
        assert done is not None
        assert done.sha256 == digest

    asyncio.run(steps())
    assert list(store.objects) == ["k"]


def unpacked_by_wire(packed: bytes) -> None:
    assert plain_body(Request({"Content-Encoding": "gzip"}, packed)) == b"{}"


def unpacked_by_digest(packed: bytes) -> None:
    digest = ContentDigest("gzip")
    digest.update(packed)
    assert digest.hexdigest() == hashlib.sha256(b"{}").hexdigest()


@pytest.mark.parametrize("unpack", [unpacked_by_wire, unpacked_by_digest], ids=["wire", "digest"])
def test_the_time_for_gzip_grows_with_its_members_not_with_their_square(unpack: Callable[[bytes], None]) -> None:
    def seconds(members: int) -> float:
        packed = gzip.compress(b"") * members + gzip.compress(b"{}")
        started = time.process_time()
        unpack(packed)
        return time.process_time() - started

    fewer, more = (min(seconds(members) for _ in range(3)) for members in (30_000, 120_000))
    assert more < 8 * fewer, "4 times as many; the square would be 16"
