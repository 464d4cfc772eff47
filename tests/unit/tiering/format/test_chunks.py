"""Chunks: nothing lost, order kept, never over the limit unless a single item is; keys that can be read back."""

from __future__ import annotations

import itertools
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l3kit.clouds.aws.data.items import to_chunk_json, to_wire
from l3kit.errors import StoreError
from l3kit.tiering.format.chunk_filler import ChunkFiller
from l3kit.tiering.format.chunks import (
    ChunkKey,
    checksums,
    compress,
    decode_checksums,
    decode_sort_keys,
    decompress,
    encode_sort_keys,
    object_key,
    parse_object_key,
)
from l3kit.tiering.ports import Page
from l3kit.tiering.settings.tuning import MAX_CHUNK_BYTES, Tuning
from tests.support.cut import cut
from tests.support.moving import World, item
from tests.support.spellings import MOMENTS, spelled

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def encode(item: object) -> bytes:
    return json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def body(items: list[bytes]) -> bytes:
    return b"[" + b",".join(items) + b"]"


def item_of_size(size: int) -> bytes:
    return b'{"x":"' + b"a" * (size - 8) + b'"}'


def page(items: list[bytes], first: int = 0) -> Page:
    return Page([f"{first + i:09d}" for i in range(len(items))], items, None)


def test_chunk_items_empty_list() -> None:
    world = World()
    assert world.move("d").to_json()["chunks"] == 0
    assert world.cold.bodies() == {}


def test_chunk_items_single_small_item() -> None:
    assert cut([b'{"a":1}']) == [(1, b'[{"a":1}]')]


def test_chunk_items_multiple_small_items() -> None:
    items = [encode({"i": i}) for i in range(100)]
    assert cut(items) == [(100, body(items))]


def test_chunk_items_exceeds_limit() -> None:
    items = [item_of_size(1_000_000) for _ in range(12)]
    chunks = cut(items)
    assert [count for count, _ in chunks] == [5, 5, 2]
    assert all(len(stored) <= MAX_CHUNK_BYTES for _, stored in chunks)


@pytest.mark.parametrize("name", ["exact_boundary", "5mb"])
def test_chunk_items_exact_boundary(name: str) -> None:
    parts = 4 if name == "exact_boundary" else 1
    items = [item_of_size(100) for _ in range(parts - 1)]
    items.append(item_of_size(MAX_CHUNK_BYTES - len(body([*items, b""]))))
    assert len(body(items)) == 5_242_880
    assert cut(items) == [(parts, body(items))]


def test_chunk_exactly_5mb() -> None:
    items = [item_of_size(2_621_438), item_of_size(2_621_439)]
    assert len(body(items)) == 5_242_880
    assert len(cut(items)) == 1


def test_chunk_5mb_plus_1_byte() -> None:
    items = [item_of_size(2_621_439), item_of_size(2_621_439)]
    assert len(body(items)) == 5_242_881
    assert len(cut(items)) == 2


def test_chunk_items_one_byte_over() -> None:
    items = [item_of_size(1000) for _ in range(10)]
    exact = len(body(items))
    assert len(cut(items, exact)) == 1
    assert [count for count, _ in cut(items, exact - 1)] == [9, 1]


def test_chunk_items_single_large_item() -> None:
    assert len(cut([item_of_size(4_900_000)])) == 1


def test_chunk_items_single_oversized_item() -> None:
    big = item_of_size(MAX_CHUNK_BYTES + 1)
    small = item_of_size(100)
    assert [stored for _, stored in cut([small, big, small])] == [body([small]), body([big]), body([small])]


@settings(max_examples=40)
@given(st.lists(json_values, min_size=1, max_size=20), st.integers(min_value=90, max_value=400))
def test_chunk_preserves_item_order(values: list[object], limit: int) -> None:
    """The bytes that a whole run of the mover leaves in the cold tier, chunk after chunk."""
    world = World()
    items = [item("d", minute, value=value) for minute, value in enumerate(values)]
    world.put("d", *items)
    world.move("d", tuning=Tuning(max_chunk_bytes=limit))
    keys = {key: parse_object_key(key) for key in world.cold.bodies()}
    stored = [world.cold.bodies()[key] for key in sorted(keys, key=lambda key: keys[key].number)]  # type: ignore[union-attr]
    assert b",".join(chunk[1:-1] for chunk in stored) == b",".join(items)
    counts = [len(json.loads(chunk)) for chunk in stored]
    assert all(len(chunk) <= limit or count == 1 for chunk, count in zip(stored, counts, strict=True))
    firsts = [items[at] for at in itertools.accumulate(counts[:-1])]
    for left, right in zip(stored, firsts, strict=False):
        assert len(left) + 1 + len(right) > limit  # no chunk ends early


def test_chunk_unicode_items() -> None:
    item = encode({"name": "传感器", "unit": "°C", "note": "🌡"})
    assert len(item) > len(item.decode())
    two = len(body([item, item]))  # bytes, as they are stored
    assert cut([item] * 4, two) == [(2, body([item, item]))] * 2
    assert cut([item] * 4, two - 1) == [(1, body([item]))] * 4


def test_chunk_nested_objects() -> None:
    """From DynamoDB's form, as deep as it allows, through a chunk and back to DynamoDB's form."""
    value: object = "leaf"
    for _ in range(15):
        value = {"inner": [value]}
    wire = to_wire(encode({"iotDeviceId": "d", "id": "t", "value": value}))
    ((count, stored),) = cut([to_chunk_json(wire)] * 3)
    assert (count, [entry["value"] for entry in json.loads(stored)]) == (3, [value] * 3)
    assert [to_wire(encode(entry)) for entry in json.loads(stored)] == [wire] * 3


@given(st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=40), st.integers(min_value=1, max_value=7))
def test_pages_fill_a_chunk_across_their_borders(raw: list[bytes], page_length: int) -> None:
    items = [encode(r.hex()) for r in raw]
    filler = ChunkFiller(max_bytes=150)
    first = 0
    while first < len(items) and not filler.full:
        filler.add(page(items[first : first + page_length], first))
        first += page_length
    draft, drafted = filler.draft()
    assert drafted == body(items[: draft.count]) == cut(items, 150)[0][1]
    assert list(draft.crcs(draft.sort_keys).values()) == [zlib.crc32(item) for item in items[: draft.count]]
    covered = [key for one in draft.taken for key in one.sort_keys]
    assert covered[: draft.count] == draft.sort_keys
    assert draft.taken[-1].sort_keys[0] <= draft.sort_keys[-1]


def test_a_draft_is_cut_where_its_journal_entry_would_not_fit() -> None:
    items = [encode(i) for i in range(5000)]
    filler = ChunkFiller(max_entry_bytes=4000)
    filler.add(page(items))
    draft, _ = filler.draft()
    assert 1 < draft.count < 5000
    assert len(draft.encoded_sort_keys) + len(draft.encoded_crcs) <= 4000


@given(st.lists(st.text(), max_size=50))
def test_sort_keys_survive_the_journal(keys: list[str]) -> None:
    clean = [key.encode("utf-8", "replace").decode() for key in keys]
    assert decode_sort_keys(encode_sort_keys(clean)) == clean


@given(st.lists(st.binary(), max_size=50))
def test_checksums_survive_the_journal(items: list[bytes]) -> None:
    assert decode_checksums(checksums(items)) == [zlib.crc32(item) for item in items]


@given(st.binary(max_size=2000), st.sampled_from(["none", "gzip", "zstd"]))
def test_compression_is_undone_exactly_and_is_deterministic(data: bytes, how: str) -> None:
    assert decompress(compress(data, how), how) == data  # type: ignore[arg-type]
    assert compress(data, how) == compress(data, how)  # type: ignore[arg-type]


@pytest.mark.parametrize("how", ["gzip", "zstd"])
def test_damaged_compression_is_an_error_that_says_so(how: str) -> None:
    with pytest.raises(StoreError, match=how):
        decompress(b"not compressed", how)  # type: ignore[arg-type]


def test_cold_object_key_has_the_documented_form() -> None:
    assert (
        object_key("EWR", "2013-01-01T06:00:00Z", "2013-01-31T05:00:00Z", 1)
        == "EWR/2013-01-01T06:00:00Z-2013-01-31T05:00:00Z/chunk-00001.json"
    )
    assert object_key("EWR", "a", "b", 123456, "gzip") == "EWR/a-b/chunk-123456.json.gz"


def test_unicode_device_id() -> None:
    key = object_key("传感器-1", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", 1)
    assert key.startswith("传感器-1/")
    parsed = parse_object_key(key)
    assert parsed is not None
    assert parsed.device_id == "传感器-1"


def test_special_chars_in_timestamps() -> None:
    key = ChunkKey("d", "2026-01-01T00:00:00.5+01:00", "2026-01-02T00:00:00-05:00", 7, "zstd")
    assert "+01:00" in str(key)
    assert parse_object_key(str(key)) == key


@pytest.mark.parametrize(
    ("device_id", "segment"),
    [("a/b", "a%2Fb"), ("..", "%2E%2E"), (".", "%2E"), ("a\nb", "a%0Ab"), ("100%", "100%25"), ("a.b", "a.b")],
)
def test_device_ids_that_would_break_a_key_are_percent_encoded(device_id: str, segment: str) -> None:
    key = object_key(device_id, "s", "e", 1)
    assert key == f"{segment}/s-e/chunk-00001.json"
    parsed = parse_object_key(key)
    assert parsed is not None
    assert parsed.device_id == device_id


stamps = st.one_of(MOMENTS.flatmap(spelled), st.text(), st.text("-T0:2%"))


@given(
    st.text(min_size=1), stamps, stamps, st.integers(min_value=0, max_value=10**7), st.sampled_from(["none", "gzip"])
)
def test_object_keys_can_be_read_back(device: str, start: str, end: str, number: int, compression: str) -> None:
    key = ChunkKey(device, start, end, number, compression)  # type: ignore[arg-type]
    assert parse_object_key(str(key)) == key
    assert str(key).count("/") == 2


@pytest.mark.parametrize(
    ("segment", "start", "end"),
    [
        ("2026-01-01t00:00:00z-2026-01-02t00:00:00z", "2026-01-01t00:00:00z", "2026-01-02t00:00:00z"),
        ("1795809600000-1795824000000", "1795809600000", "1795824000000"),
        (
            "2026-01-01T00:00:00-05:00-2026-01-02T00:00:00+01:00",
            "2026-01-01T00:00:00-05:00",
            "2026-01-02T00:00:00+01:00",
        ),
        ("20260101T000000Z-20260102T000000Z", "20260101T000000Z", "20260102T000000Z"),
        ("1.1.2026 10:00-31.1.2026 10:00", "1.1.2026 10:00", "31.1.2026 10:00"),
        ("2026-001T00:00Z-2026-031T00:00Z", "2026-001T00:00Z", "2026-031T00:00Z"),
    ],
)
def test_keys_of_odd_times_that_version_0_1_0_wrote_can_be_read(segment: str, start: str, end: str) -> None:
    assert parse_object_key(f"d/{segment}/chunk-00003.json") == ChunkKey("d", start, end, 3)


@pytest.mark.parametrize("key", ["", "x", "a/b/c.json", "_l3kit/a-b/chunk-00001.json", "d/nodash/chunk-00001.json"])
def test_foreign_keys_are_not_taken_for_chunks(key: str) -> None:
    assert parse_object_key(key) is None
