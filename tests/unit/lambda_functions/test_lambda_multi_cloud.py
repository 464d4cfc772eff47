"""The cold writer and the archive writer, called as Lambda calls them: what they take, refuse and answer."""

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
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.clouds.aws.data.entry import build
from l3kit.errors import StoreError
from l3kit.tiering.format.chunks import parse_object_key
from l3kit.tiering.format.digest import ContentDigest
from l3kit.tiering.transfer import multipart
from l3kit.tiering.transfer.archive_writer import ArchiveWriter
from l3kit.tiering.transfer.cold_writer import ColdWriter
from l3kit.tiering.transfer.multipart import PARTS_PREFIX, sweep_parts
from l3kit.tiering.transfer.payload import MAX_BODY_BYTES
from l3kit.tiering.transfer.wire import Request, Response
from tests.support.lambda_calls import SECRET, Cloud, Context, environment, told, url_event
from tests.support.memory_stores import MemoryObjectStore
from tests.support.wire_server import TOKEN, Server, item

KEY = "sensor-1/2024-01-01T00:00:00Z-2024-01-01T00:02:00Z/chunk-00000.json"


def envelope(**changes: Any) -> dict[str, Any]:
    """What the seed's mover sends; `...` removes a field."""
    fields = {
        "iot_device_id": "sensor-1",
        "chunk_index": 0,
        "start_timestamp": "2024-01-01T00:00:00Z",
        "end_timestamp": "2024-01-01T00:02:00Z",
        "items": [item(0), item(1), item(2)],
        "source_cloud": "azure",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not ...}


def post_cold(cloud: Cloud, body: Any, **how: Any) -> tuple[int, dict[str, Any]]:
    return told(cloud.call("cold-writer", url_event(body, **how)))


class Broken(MemoryObjectStore):
    """Every call fails, with internals in the message."""

    async def create(self, key: str, body: bytes, **more: Any) -> Any:
        raise StoreError("s3://secret-bucket", "InternalError from 10.0.0.7", "Ask AWS")


# --- cold writer ------------------------------------------------------------------------------------------------


def test_cold_writer_valid_token_writes_to_s3() -> None:
    cloud = Cloud()
    status, answer = post_cold(cloud, envelope())
    stored = cloud.cold.bodies()[KEY]
    assert (status, answer) == (200, {"written": 3, "key": KEY, "sha256": hashlib.sha256(stored).hexdigest()})
    assert json.loads(stored) == [item(0), item(1), item(2)]


def test_cold_writer_s3_key_format() -> None:
    cloud = Cloud()
    post_cold(cloud, envelope(chunk_index=42))
    assert list(cloud.cold.objects) == [KEY.replace("00000", "00042")]


@pytest.mark.parametrize("token", [TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "传感器", "null", "\udc80"])
def test_cold_writer_invalid_token_returns_403(token: str) -> None:
    cloud = Cloud()
    status, answer = post_cold(cloud, envelope(), token=token)
    assert (status, cloud.cold.objects) == (403, {})
    assert TOKEN not in json.dumps(answer)


def test_cold_writer_missing_token_returns_403() -> None:
    assert post_cold(Cloud(), envelope(), token=None)[0] == 403


@pytest.mark.parametrize("token", ["", " ", "\t"])
def test_cold_writer_empty_token_returns_403(token: str) -> None:
    assert post_cold(Cloud(), envelope(), token=token)[0] == 403


@pytest.mark.parametrize("configured", [None, "", "  "])
@pytest.mark.parametrize("given", [None, "", "  ", TOKEN])
def test_writer_missing_token_rejects_all(configured: str | None, given: str | None) -> None:
    cloud = Cloud()
    for function in ("cold-writer", "archive-writer"):
        answer = cloud.call(function, url_event(envelope(), token=given), INTER_CLOUD_TOKEN=configured)
        assert answer["statusCode"] == 403
    assert cloud.cold.objects == cloud.archive.objects == {}


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


@pytest.mark.parametrize("field", ["iot_device_id", "chunk_index", "start_timestamp", "end_timestamp", "items"])
def test_a_missing_field_is_named(field: str) -> None:
    cloud = Cloud()
    status, answer = post_cold(cloud, envelope(**{field: ...}))
    assert (status, answer["field"], cloud.cold.objects) == (400, field, {})
    assert "missing" in answer["error"]


def test_cold_writer_missing_iot_device_id_returns_400() -> None:
    assert post_cold(Cloud(), envelope(iot_device_id=...))[0] == 400


def test_cold_writer_missing_items_returns_400() -> None:
    assert post_cold(Cloud(), envelope(items=...))[0] == 400


def test_cold_writer_empty_items_returns_400() -> None:
    cloud = Cloud()
    status, answer = post_cold(cloud, envelope(items=[]))
    assert (status, answer["field"], cloud.cold.objects) == (400, "items", {})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("iot_device_id", ""),
        ("iot_device_id", 7),
        ("iot_device_id", None),
        ("iot_device_id", "_l3kit"),
        ("iot_device_id", "x" * 1100),
        ("chunk_index", -1),
        ("chunk_index", 1.5),
        ("chunk_index", "0"),
        ("chunk_index", True),
        ("chunk_index", None),
        ("start_timestamp", 0),
        ("end_timestamp", ""),
        ("end_timestamp", "2023-12-31T00:00:00Z"),
        ("items", {}),
        ("items", "[]"),
        ("items", [1]),
        ("items", [[]]),
        ("items", None),
        ("items", [item(0), item(1, device="other"), item(2)]),
        ("compression", "br"),
        ("compression", 1),
        ("sha256", "0" * 64),
        ("sha256", "xyz"),
        ("seal", "yes"),
        ("source_cloud", 5),
    ],
)
def test_a_wrong_field_is_named(field: str, value: Any) -> None:
    cloud = Cloud()
    status, answer = post_cold(cloud, envelope(**{field: value}))
    assert (status, answer["field"], cloud.cold.objects) == (400, field, {})


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        '{"items":[{}],}',
        '{"items":[],"items":[{}]}',
        '{"items":[{"a":01}]}',
        json.dumps(envelope()) + "{}",
        b"\xff\xfe",
        b'{"items":[{"a":"\xff"}]}',
    ],
)
def test_a_malformed_body_is_refused(body: Any) -> None:
    cloud = Cloud()
    status, answer = post_cold(cloud, body)
    assert (status, answer["field"], cloud.cold.objects) == (400, "body", {})


def test_items_are_stored_byte_for_byte() -> None:
    item_frame = '"iotDeviceId" : "sensor-1","id":"2024-01-01T00:00:0%dZ"'
    items = (
        '[ {"n":1.50, "big":123456789012345678901234567890, "e":1E-7, "u":"\\u4f20传", "nul":null,'
        f"{item_frame % 0}}}\n,{{{item_frame % 1}}}]"
    )
    for place in ('{{"items":{0},{1}', '{{"x":{{"items":[1]}},"items" : {0} ,{1}'):
        cloud = Cloud()
        rest = json.dumps(envelope(items=...), ensure_ascii=False)[1:]
        status, answer = post_cold(cloud, place.format(items, rest))
        assert status == 200, answer
        assert cloud.cold.bodies()[answer["key"]] == items.encode()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(
    items=st.lists(st.dictionaries(st.text(min_size=3), JSON_VALUES, max_size=4), min_size=1, max_size=4),
    more=st.dictionaries(st.text(min_size=25), JSON_VALUES, max_size=3),
    indent=st.sampled_from([None, 1]),
    ascii_only=st.booleans(),
)
def test_whatever_stands_around_the_items_they_are_found(
    items: list[Any], more: dict[str, Any], indent: int | None, ascii_only: bool
) -> None:
    items = [{**each, **item(minute)} for minute, each in zip((0, 2, 1, 2), items, strict=False)]
    envelope_key = f"{items[0]['id']}-{max(each['id'] for each in items)}"
    raw = json.dumps(items, indent=indent, ensure_ascii=ascii_only)
    before, after = json.dumps(more, ensure_ascii=False), json.dumps(envelope(items=...))
    body = f'{{"before": {before}, "items":{raw}, "after":{before}, {after[1:]}'
    store = MemoryObjectStore("cold")
    request = Request({"X-Inter-Cloud-Token": TOKEN}, body.encode())
    response = asyncio.run(ColdWriter(store, SECRET).handle(request))
    assert response.status == 200, response.body
    assert store.objects[f"sensor-1/{envelope_key}/chunk-00000.json"][1] == raw.encode()


def test_cold_writer_duplicate_key_overwrites() -> None:
    """The seed expected an overwrite; the same content again is a success, and nothing is written twice."""
    cloud = Cloud()
    first, second = post_cold(cloud, envelope()), post_cold(cloud, envelope())
    assert first == second
    assert (first[0], len(cloud.cold.objects)) == (200, 1)


def test_chunk_id_prevents_duplicate() -> None:
    """Data arrive again under a used key with fewer items: the larger chunk must survive."""
    cloud = Cloud()
    _, first = post_cold(cloud, envelope())
    status, answer = post_cold(cloud, envelope(items=[item(0), item(2)]))
    assert (status, answer["key"], answer["sha256"]) == (409, KEY, first["sha256"])
    assert json.loads(cloud.cold.bodies()[KEY]) == [item(0), item(1), item(2)]


def test_cold_writer_s3_error_returns_500(caplog: pytest.LogCaptureFixture) -> None:
    status, answer = post_cold(Cloud(cold=Broken("cold")), envelope())
    assert status == 500
    assert "secret-bucket" not in json.dumps(answer)
    assert "10.0.0.7" in caplog.text, "the reason belongs into the log"


def test_an_unexpected_error_is_a_500_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    class Odd(MemoryObjectStore):
        async def create(self, key: str, body: bytes, **more: Any) -> Any:
            raise ZeroDivisionError("internals")

    status, answer = post_cold(Cloud(cold=Odd("cold")), envelope())
    assert (status, "internals" in json.dumps(answer), "internals" in caplog.text) == (500, False, True)


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_chunk_is_compressed_at_rest_when_asked(compression: str) -> None:
    cloud = Cloud()
    status, answer = post_cold(cloud, envelope(compression=compression))
    key = parse_object_key(answer["key"])
    assert (status, key and key.compression) == (200, compression)
    assert cloud.cold.objects[answer["key"]][0].content_encoding == compression
    assert json.loads(cloud.cold.bodies()[answer["key"]]) == envelope()["items"]


def test_a_seal_occupies_the_key() -> None:
    cloud = Cloud()
    status, answer = post_cold(cloud, envelope(items=[], seal=True))
    assert (status, answer["sealed"], answer["key"]) == (200, True, KEY)
    assert post_cold(cloud, envelope(items=[], seal=True))[0] == 200
    status, answer = post_cold(cloud, envelope())
    assert (status, answer["sha256"]) == (409, hashlib.sha256(b"[]").hexdigest())
    assert cloud.cold.bodies() == {KEY: b"[]"}


def test_sealing_a_taken_key_leaves_it() -> None:
    cloud = Cloud()
    _, first = post_cold(cloud, envelope())
    assert post_cold(cloud, envelope(items=[], seal=True)) == (
        409,
        {"error": "the key holds other content, which was left as it is", "key": KEY, "sha256": first["sha256"]},
    )


def test_a_seal_with_items_is_refused() -> None:
    assert post_cold(Cloud(), envelope(seal=True))[1]["field"] == "items"


@pytest.mark.parametrize("key", [KEY, KEY.replace(":", "%3A")])
def test_the_idempotency_key_may_be_percent_encoded(key: str) -> None:
    assert post_cold(Cloud(), envelope(), Idempotency_Key=key)[0] == 200


def test_an_idempotency_key_for_something_else_is_refused() -> None:
    status, answer = post_cold(Cloud(), envelope(), Idempotency_Key=KEY + "x")
    assert (status, answer["field"]) == (400, "Idempotency-Key")


# --- in S3's own terms ------------------------------------------------------------------------------------------


@pytest.fixture
def s3(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Stands in for S3; the functions reach it by their own client."""
    server.script(Response(200, {}, {"ETag": '"e"'}))
    for name, value in {
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": server.url.rstrip("/"),
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }.items():
        monkeypatch.setenv(name, value)
    return server


def test_cold_writer_s3_storage_class(s3: Server) -> None:
    digest = hashlib.sha256(json.dumps(envelope()["items"]).encode()).hexdigest()
    status, _ = told(build("cold-writer", environment())(url_event(envelope(sha256=digest)), Context()))
    headers = {name.lower(): value for name, value in s3.seen[0].headers.items()}
    assert (status, headers["x-amz-storage-class"], headers["if-none-match"]) == (200, "STANDARD_IA", "*")
    assert json.loads(s3.seen[0].body) == envelope()["items"]


def test_archive_writer_s3_storage_class(s3: Server) -> None:
    status, _ = told(build("archive-writer", environment())(url_event(parcel()), Context()))
    headers = {name.lower(): value for name, value in s3.seen[0].headers.items()}
    assert (status, headers["x-amz-storage-class"], headers["if-none-match"]) == (200, "DEEP_ARCHIVE", "*")
    assert s3.seen[0].body == BODY


# --- encodings --------------------------------------------------------------------------------------------------


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


# --- archive writer ---------------------------------------------------------------------------------------------

BODY = json.dumps([item(n, text="传感器") for n in range(40)], ensure_ascii=False).encode()
SHA256 = hashlib.sha256(BODY).hexdigest()


def parcel(**changes: Any) -> dict[str, Any]:
    fields = {
        "object_key": KEY,
        "data": BODY.decode(),
        "source_cloud": "gcp",
        "is_multipart": False,
        "part_number": 1,
        "total_parts": 1,
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not ...}


def parts_of(body: bytes = BODY, count: int = 4, **changes: Any) -> list[dict[str, Any]]:
    size = -(-len(body) // count)
    return [
        parcel(
            data=base64.b64encode(body[n * size : (n + 1) * size]).decode(),
            data_encoding="base64",
            is_multipart=True,
            part_number=n + 1,
            total_parts=count,
            **{"sha256": hashlib.sha256(body).hexdigest(), **changes},
        )
        for n in range(count)
    ]


def post_archive(cloud: Cloud, body: Any, **how: Any) -> tuple[int, dict[str, Any]]:
    return told(cloud.call("archive-writer", url_event(body, **how)))


def test_archive_writer_valid_token_writes() -> None:
    cloud = Cloud()
    status, answer = post_archive(cloud, parcel())
    assert (status, answer) == (200, {"written": len(BODY), "key": KEY, "sha256": SHA256})
    assert cloud.archive.objects[KEY][1] == BODY


def test_the_smallest_envelope_of_another_make_is_enough() -> None:
    cloud = Cloud()
    assert post_archive(cloud, {"object_key": "any/key.txt", "data": "text"})[0] == 200
    assert cloud.archive.objects["any/key.txt"][1] == b"text"


def test_archive_writer_invalid_token_403() -> None:
    cloud = Cloud()
    assert post_archive(cloud, parcel(), token="wrong")[0] == 403
    assert cloud.archive.objects == {}


def test_archive_writer_missing_object_key_400() -> None:
    status, answer = post_archive(Cloud(), parcel(object_key=...))
    assert (status, answer["field"]) == (400, "object_key")


def test_archive_writer_missing_data_400() -> None:
    status, answer = post_archive(Cloud(), parcel(data=...))
    assert (status, answer["field"]) == (400, "data")


def test_archive_writer_s3_error_500() -> None:
    status, answer = post_archive(Cloud(archive=Broken("archive")), parcel())
    assert (status, "secret-bucket" in json.dumps(answer)) == (500, False)


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


@pytest.mark.parametrize(("part_number", "total_parts"), [(0, 3), (4, 3), (1, 0), (1, 10_001), ("1", 3), (1, None)])
def test_part_numbers_run_from_1_to_the_total(part_number: Any, total_parts: Any) -> None:
    cloud = Cloud()
    status, answer = post_archive(
        cloud, parcel(is_multipart=True, part_number=part_number, total_parts=total_parts, sha256=SHA256)
    )
    assert (status, cloud.archive.objects) == (400, {})
    assert answer["field"] in ("part_number", "total_parts")


def test_base64_that_is_none_is_refused() -> None:
    assert post_archive(Cloud(), parcel(data="a!b", data_encoding="base64"))[1]["field"] == "data"


def test_archive_writer_duplicate_key_overwrites() -> None:
    """The seed expected an overwrite; the same content again is a success, other content a conflict."""
    cloud = Cloud()
    assert post_archive(cloud, parcel())[0] == post_archive(cloud, parcel())[0] == 200
    status, answer = post_archive(cloud, parcel(data="[]"))
    assert (status, answer["sha256"]) == (409, SHA256)
    assert cloud.archive.objects[KEY][1] == BODY


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


def test_archive_writer_multipart_handling() -> None:
    cloud = Cloud()
    parts = parts_of()
    for index, part in enumerate(parts[:-1]):
        status, answer = post_archive(cloud, part)
        assert (status, answer["pending"]) == (200, list(range(index + 2, 5)))
        assert KEY not in cloud.archive.objects
    status, answer = post_archive(cloud, parts[-1])
    assert (status, answer) == (200, {"written": len(BODY), "key": KEY, "sha256": SHA256})
    assert {key: body for key, (_, body) in cloud.archive.objects.items()} == {KEY: BODY}


def test_archive_writer_multipart_incomplete() -> None:
    cloud = Cloud()
    for part in (parts_of()[0], parts_of()[3]):
        status, answer = post_archive(cloud, part)
    assert (status, answer["pending"]) == (200, [2, 3])
    assert all(key.startswith(PARTS_PREFIX) for key in cloud.archive.objects)


@pytest.mark.parametrize("seed", range(8))
def test_parts_may_arrive_twice_and_in_any_order(seed: int) -> None:
    cloud = Cloud()
    shuffled = parts_of(count=5) * 2
    random.Random(seed).shuffle(shuffled)
    answers = [post_archive(cloud, part) for part in shuffled]
    assert {status for status, _ in answers} == {200}
    assert answers[-1][1].get("sha256") == SHA256
    assert list(cloud.archive.objects) == [KEY]


def test_parts_that_do_not_have_the_digest_together_are_discarded() -> None:
    cloud = Cloud()
    answers = [post_archive(cloud, part) for part in parts_of(sha256="ab" * 32)]
    assert (answers[-1][0], answers[-1][1]["field"]) == (400, "sha256")
    assert cloud.archive.objects == {}


def test_parts_for_a_key_with_other_content_are_a_conflict() -> None:
    cloud = Cloud()
    post_archive(cloud, parcel(data="[]"))
    status, answer = post_archive(cloud, parts_of()[0])
    assert (status, answer["sha256"]) == (409, hashlib.sha256(b"[]").hexdigest())
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
