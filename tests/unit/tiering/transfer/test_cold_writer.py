"""Chunks as the cold writer takes, refuses and stores them."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.tiering.format.chunks import CANARY_DEVICE, parse_object_key
from l3kit.tiering.transfer.cold_writer import ColdWriter
from l3kit.tiering.transfer.wire import Request
from tests.support.lambda_calls import SECRET, Cloud
from tests.support.memory_stores import MemoryObjectStore
from tests.support.wire_server import TOKEN, item
from tests.support.writer_calls import KEY, envelope, post_cold


@pytest.mark.parametrize("field", ["iot_device_id", "chunk_index", "start_timestamp", "end_timestamp", "items"])
def test_a_missing_field_is_named(field: str) -> None:
    cloud = Cloud()
    status, answer = post_cold(cloud, envelope(**{field: ...}))
    assert (status, answer["field"], cloud.cold.objects) == (400, field, {})
    assert "missing" in answer["error"]


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


def test_the_canary_s_chunk_is_taken_although_its_device_is_reserved() -> None:
    cloud = Cloud()
    status, _ = post_cold(cloud, envelope(iot_device_id=CANARY_DEVICE, items=[item(0, device=CANARY_DEVICE)]))
    assert status == 200
    (key,) = [key for key in cloud.cold.objects if not key.startswith("_l3kit/")]
    assert key.startswith(f"{CANARY_DEVICE}/")
    assert post_cold(cloud, envelope(iot_device_id="~other", items=[item(0, device="~other")]))[0] == 400
