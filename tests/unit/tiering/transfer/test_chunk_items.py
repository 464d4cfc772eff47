"""What a cold writer takes of any sender: the key is made of the items' own ids, and every item can be read later."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.tiering.format.chunks import ChunkKey, object_key, parse_object_key
from l3kit.tiering.transfer.chunk_items import extent_of, moment
from l3kit.tiering.transfer.cold_writer import MAX_CHUNK_KEY_BYTES, ColdWriter
from l3kit.tiering.transfer.wire import Refusal, Request, Response, chunk_pieces
from tests.support.lambda_calls import SECRET
from tests.support.memory_stores import MemoryObjectStore
from tests.support.seed_mover import GivenUpError, SeedMover, table_of
from tests.support.wire_server import TOKEN, chunk_of, item

DAY = ("2024-01-01T00:00:00Z", "2024-01-01T23:59:00Z")


def post(store: MemoryObjectStore, body: bytes | dict[str, Any]) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return asyncio.run(ColdWriter(store, SECRET).handle(Request({"X-Inter-Cloud-Token": TOKEN}, content)))


def envelope(items: Any, start: str = DAY[0], end: str = DAY[1], **more: Any) -> dict[str, Any]:
    return {
        "iot_device_id": "sensor-1",
        "chunk_index": 3,
        "start_timestamp": start,
        "end_timestamp": end,
        "items": items,
        **more,
    }


def at(*times: str) -> list[dict[str, Any]]:
    return [{"iotDeviceId": "sensor-1", "id": time} for time in times]


def raw_envelope(*items: str) -> bytes:
    frame = json.dumps(envelope([]))
    return frame.replace('"items": []', f'"items": [{",".join(items)}]').encode()


def odd(text: str) -> str:
    """An item in JSON with one more member."""
    return f'{{"iotDeviceId":"sensor-1","id":"2024-01-01T00:00:01Z",{text}}}'


# --- bounds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2024-01-01T00:05:00Z", "2024-01-01T00:07:00Z"),
        DAY,
        ("2024-01-01T00:05:00+00:00", "2024-01-01T00:07:00+00:00"),
        ("2024-01-01T01:05:00.000+01:00", "2023-12-31T20:07:00-04:00"),
        ("2024", "2025"),
    ],
    ids=["own", "day", "offset", "elsewhere", "text"],
)
def test_any_bounds_that_contain_the_items_are_taken_and_the_key_is_the_items_own(start: str, end: str) -> None:
    store = MemoryObjectStore("cold")
    answer = post(store, envelope([item(5), item(6), item(7)], start, end))
    assert (answer.status, answer.body["key"]) == (
        200,
        "sensor-1/2024-01-01T00:05:00Z-2024-01-01T00:07:00Z/chunk-00003.json",
    )
    assert list(store.objects) == [answer.body["key"]]


@pytest.mark.parametrize(
    ("start", "end"),
    [(DAY[1], DAY[0]), ("2024-01-01T10:00:00+09:00", "2024-01-01T00:59:59Z"), ("b", "a")],
    ids=["times", "offset", "text"],
)
def test_reversed_bounds_are_refused(start: str, end: str) -> None:
    store = MemoryObjectStore("cold")
    answer = post(store, envelope([item(5)], start, end))
    assert (answer.status, answer.body["field"], store.objects) == (400, "end_timestamp", {})


@pytest.mark.parametrize(
    ("start", "end", "index", "side"),
    [
        ("2024-01-01T00:06:00Z", DAY[1], 0, "start_timestamp"),
        (DAY[0], "2024-01-01T00:06:59Z", 2, "end_timestamp"),
        (DAY[0], "2024-01-01T00:06:59.999999999Z", 2, "end_timestamp"),
        ("2024-01-01T05:05:00.0001+05:00", DAY[1], 0, "start_timestamp"),
    ],
)
def test_an_item_outside_the_bounds_is_named(start: str, end: str, index: int, side: str) -> None:
    answer = post(MemoryObjectStore("cold"), envelope([item(5), item(6), item(7)], start, end))
    assert (answer.status, answer.body["field"], answer.body["index"]) == (400, "items", index)
    assert side in answer.body["error"]


def test_items_in_any_order_are_taken_under_their_first_and_last_moment() -> None:
    times = ["2024-01-01T12:00:00Z", "2024-01-01T03:00:00+02:00", "2024-01-01T02:00:00Z"]
    answer = post(MemoryObjectStore("cold"), envelope(at(*times), "2024-01-01T00:00:00Z"))
    assert answer.body["key"].split("/")[1] == "2024-01-01T03:00:00+02:00-2024-01-01T12:00:00Z"
    words = post(MemoryObjectStore("cold"), envelope(at("5", "10", "7"), "1", "9"))
    assert words.status == 200, "as text where they are no times"
    assert words.body["key"].split("/")[1] == "10-7"


def test_what_a_hot_store_gives_in_the_order_of_text_keeps_its_ends() -> None:
    """l3kit's own movers: their receipt must name their key, also where fractions differ."""
    times = ["2024-01-01T00:00:00.250Z", "2024-01-01T00:00:00.5Z", "2024-01-01T00:00:00Z"]
    for order in (times, times[1:], ["01HXX", "01HXY"], ["a"]):
        chunk = chunk_of(at(*order))
        if parse_object_key(str(chunk.key)) == chunk.key:
            answer = post(MemoryObjectStore("cold"), b"".join(chunk_pieces(chunk, "aws")))
            assert (answer.status, answer.body["key"]) == (200, str(chunk.key))


SPELLINGS = st.builds(
    lambda second, fraction, zone: (
        f"2024-01-01T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}{fraction}{zone}"
    ),
    st.integers(0, 86_399),
    st.sampled_from(["", ".5", ".25", ".250", ".123456789", ".000000001"]),
    st.sampled_from(["Z", "+00:00", "+05:30", "-11:00"]),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(times=st.lists(SPELLINGS, min_size=1, max_size=6), seed=st.integers(0, 3))
def test_a_key_contains_every_item_of_its_chunk_whatever_the_spelling(times: list[str], seed: int) -> None:
    random.Random(seed).shuffle(times)
    store = MemoryObjectStore("cold")
    bounds = "2023-12-31T00:00:00Z", "2024-01-03T00:00:00Z"
    answer = post(store, envelope(at(*times), *bounds))
    assert answer.status == 200
    key = parse_object_key(answer.body["key"])
    assert key is not None
    low, high = moment(key.start), moment(key.end)
    assert all(low <= moment(time) <= high for time in times)  # type: ignore[operator]


def test_moments_are_compared_to_the_last_digit() -> None:
    low, high = moment("2024-01-01T00:00:00.0000001Z"), moment("2024-01-01T01:00:00.0000002+01:00")
    assert low is not None
    assert high is not None
    assert low < high
    assert moment("2024-01-01T00:00:00.50Z") == moment("2024-01-01T00:00:00.5+00:00")
    assert moment("2024-01-01T00:00:00") is None, "without an offset it is no moment"


# --- items ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ('{"iotDeviceId":"sensor-1"}', "no 'id'"),
        ('{"id":"2024-01-01T00:00:01Z"}', "no 'iotDeviceId'"),
        ('{"iotDeviceId":"sensor-1","id":1704067201}', "not text"),
        ('{"iotDeviceId":"sensor-1","id":""}', "not text"),
        ('{"iotDeviceId":"sensor-1","id":null}', "not text"),
        ('{"iotDeviceId":7,"id":"2024-01-01T00:00:01Z"}', "not text"),
        ('{"iotDeviceId":"other","id":"2024-01-01T00:00:01Z"}', "another device"),
        ("7", "not an object"),
        ("[]", "not an object"),
        (odd('"v":1e999'), "cannot be read"),
        (odd('"v":-1E400'), "cannot be read"),
        (odd('"v":' + "9" * 400), "cannot be read"),
        (odd('"v":1e-9999999999999999999'), "number"),
        (odd('"v":"\\ud800"'), "cannot be read"),
        (odd('"\\udfff":1'), "cannot be read"),
        (odd('"v":NaN'), "NaN"),
        (odd('"v":[-Infinity]'), "Infinity"),
        (odd('"v":1,"v":1'), "twice"),
        (odd('"v":{"a":{"b":1,"b":2}}'), "twice"),
        (odd('"v":' + "[" * 253 + "]" * 253), "too deeply"),
        (odd('"v":' + "[" * 5000 + "]" * 5000), "too deeply"),
    ],
)
def test_an_item_that_no_query_could_read_is_named_by_its_index(bad: str, says: str) -> None:
    store = MemoryObjectStore("cold")
    good = json.dumps(item(0))
    answer = post(store, raw_envelope(good, good, bad, good))
    assert (answer.status, answer.body["field"], answer.body["index"]) == (400, "items", 2)
    assert says in answer.body["error"]
    assert store.objects == {}


@pytest.mark.parametrize(
    "text",
    [
        '"v":39.020',
        '"v":-0.0',
        '"v":1.7976931348623157e308',
        '"v":1e-400',
        '"v":123456789012345678901234567890',
        '"v":0.' + "1" * 6000,
        '"v":"\\u0000\\ud83d\\ude00\\/"',
        '"v":' + "[" * 252 + "]" * 252,
        '"":null, "传":"感"',
    ],
)
def test_what_is_exact_json_is_kept_byte_for_byte_and_every_reader_reads_it(text: str) -> None:
    store = MemoryObjectStore("cold")
    answer = post(store, raw_envelope(odd(text)))
    assert answer.status == 200, answer.body
    stored = store.objects[answer.body["key"]][1]
    assert stored == f"[{odd(text)}]".encode()
    assert json.loads(stored, parse_float=Decimal)
    assert orjson.loads(stored)


@pytest.mark.parametrize("end", ["2024-01-01t00:00:02z", "a-b", "x-2024-01-01T00:00:00Z"])
def test_an_id_that_could_not_be_read_back_from_the_key_is_named(end: str) -> None:
    key = ChunkKey("sensor-1", "2024-01-01T00:00:00Z", end, 3)
    answer = post(MemoryObjectStore("cold"), envelope(at(key.start, end), key.start, end))
    if parse_object_key(str(key)) == key:
        assert answer.body["key"] == str(key)
    else:
        assert (answer.status, answer.body["field"], answer.body["index"]) == (400, "items", 1)


def test_an_id_that_is_too_long_is_named_and_so_is_a_device() -> None:
    long = "2024-01-01T" + "0" * MAX_CHUNK_KEY_BYTES
    answer = post(MemoryObjectStore("cold"), envelope(at("2024-01-01T", long), "2024", "2025"))
    assert (answer.body["field"], answer.body["index"]) == ("items", 1)
    answer = post(MemoryObjectStore("cold"), envelope([item(0)], iot_device_id="x" * MAX_CHUNK_KEY_BYTES))
    assert answer.body["field"] == "iot_device_id"


def test_an_id_that_this_clouds_store_cannot_hold_is_named() -> None:
    class NoBackslash(MemoryObjectStore):
        def key_fault(self, key: str) -> str | None:
            return "takes no backslash" if "\\" in key else None

    answer = post(NoBackslash("cold"), envelope(at("2024", "2024\\01"), "2024", "2025"))
    assert (answer.status, answer.body["field"]) == (400, "items")
    answer = post(NoBackslash("cold"), envelope([item(0, device="a\\b")], iot_device_id="a\\b"))
    assert (answer.status, answer.body["field"]) == (400, "iot_device_id")


def test_the_idempotency_key_may_be_that_of_the_declared_bounds() -> None:
    body = json.dumps(envelope([item(5)])).encode()
    for key in (object_key("sensor-1", *DAY, 3), object_key("sensor-1", item(5)["id"], item(5)["id"], 3)):
        request = Request({"X-Inter-Cloud-Token": TOKEN, "Idempotency-Key": key}, body)
        assert asyncio.run(ColdWriter(MemoryObjectStore("cold"), SECRET).handle(request)).status == 200


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
IDS = SPELLINGS | st.text(max_size=6) | JSON_VALUES
ITEMS = st.fixed_dictionaries(
    {}, optional={"id": IDS, "iotDeviceId": st.sampled_from(["sensor-1", "x", 1]), "v": JSON_VALUES}
)
LIKELY = st.fixed_dictionaries({"id": SPELLINGS, "iotDeviceId": st.just("sensor-1"), "v": JSON_VALUES})
BODIES = st.fixed_dictionaries(
    {
        "iot_device_id": st.just("sensor-1") | JSON_VALUES,
        "chunk_index": st.integers(0, 3) | JSON_VALUES,
        "start_timestamp": st.sampled_from(["2023-12-31T00:00:00Z", "", "b"]) | IDS,
        "end_timestamp": st.sampled_from(["2024-01-03T00:00:00Z", "zz"]) | IDS,
        "items": st.lists(LIKELY, min_size=1, max_size=3) | st.lists(ITEMS | LIKELY, max_size=3) | JSON_VALUES,
    },
    optional={
        "compression": st.sampled_from(["none", "gzip", "zstd", "br", None]),
        "seal": JSON_VALUES,
        "again": st.booleans(),
        "sha256": JSON_VALUES,
        "source_cloud": JSON_VALUES,
        "more": JSON_VALUES,
    },
)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(bodies=st.lists(BODIES | JSON_VALUES, min_size=1, max_size=3))
def test_any_json_is_answered_and_what_is_taken_can_be_listed_parsed_and_read_back(bodies: list[Any]) -> None:
    post_all(bodies)


@pytest.mark.slow
@settings(max_examples=5_000, deadline=None, derandomize=True)
@given(bodies=st.lists(BODIES | JSON_VALUES, min_size=1, max_size=3))
def test_very_much_json_is_answered_and_what_is_taken_can_be_read_back(bodies: list[Any]) -> None:
    post_all(bodies)


def post_all(bodies: list[Any]) -> None:
    store = MemoryObjectStore("cold")
    for body in bodies:
        try:
            text = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
        except ValueError:
            continue
        answer = post(store, text)
        assert answer.status in (200, 400, 409, 413, 415), answer.body
        if answer.status == 200:
            key = parse_object_key(answer.body["key"])
            stored = store.bodies()[answer.body["key"]]
            assert hashlib.sha256(stored).hexdigest() == answer.body["sha256"]
            if not answer.body.get("sealed"):
                assert key is not None
                assert replace(key, compression="none").device_id == body["iot_device_id"]
                read = json.loads(stored, parse_float=Decimal)
                assert read == json.loads(json.dumps(body["items"]), parse_float=Decimal)
                assert {key.start, key.end} <= {each["id"] for each in read}


def test_a_megabyte_of_items_is_checked_as_a_whole() -> None:
    raw = orjson.dumps([item(n % 1440, text="x" * 20) for n in range(12_000)])
    assert extent_of(raw, "sensor-1", *DAY).count == 12_000
    with pytest.raises(Refusal, match="item 12000 has no 'id'"):
        extent_of(raw[:-1] + b',{"iotDeviceId":"sensor-1"}]', "sensor-1", *DAY)


# --- a mover by the seed ----------------------------------------------------------------------------------------


def items_in(store: MemoryObjectStore) -> list[dict[str, Any]]:
    return [item for body in store.bodies().values() for item in json.loads(body)]


@pytest.mark.parametrize("lost", [None, 0, 2, 4], ids=lambda lost: f"lost-{lost}")
def test_a_seed_movers_items_arrive_once_also_when_an_answer_was_lost(lost: int | None) -> None:
    store, table = MemoryObjectStore("cold"), table_of("sensor-1", 120)
    mover, wanted = SeedMover("sensor-1", dict(table)), list(table.values())
    asked = 0

    def once_lost(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        nonlocal asked
        answer = post(store, body)
        asked += body["chunk_index"] == lost
        if body["chunk_index"] == lost and asked <= 4:  # with all its retries
            raise ConnectionError
        return answer.status, dict(answer.body)

    if lost is not None:
        with pytest.raises(GivenUpError):
            mover.run(once_lost)
        assert mover.table, "what was not confirmed stays"
    mover.run(once_lost)
    assert mover.table == {}
    assert len(store.objects) > 4, "several chunks"
    assert sorted(items_in(store), key=lambda each: each["id"]) == wanted


def test_a_seed_mover_beside_l3kits_own_keeps_apart_and_to_the_rules() -> None:
    store, table = MemoryObjectStore("cold"), table_of("sensor-1", 60)
    ours = chunk_of([item(600 + n) for n in range(30)], number=1)
    assert post(store, b"".join(chunk_pieces(ours, "aws"))).body["key"] == str(ours.key)
    mover = SeedMover("sensor-1", dict(table))
    mover.run(lambda body: ((answer := post(store, body)).status, dict(answer.body)))
    assert len(items_in(store)) == 90
    spans = sorted((key.start, key.end) for key in map(parse_object_key, store.objects) if key)
    assert len(spans) == len(store.objects)
    assert all(before[1] < after[0] for before, after in pairwise(spans)), "no overlap"
