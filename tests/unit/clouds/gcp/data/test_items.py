"""Items: all chunk JSON goes into Firestore's values and back exactly; what neither can keep is refused."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import orjson
import pytest
from google.cloud.firestore_v1.types import Document
from hypothesis import given
from hypothesis import strategies as st

from l3kit.clouds.gcp.data.items import fill, to_chunk_json
from l3kit.errors import ItemRefusedError
from l3kit.sandbox.gcp.firestore import values as server_rules
from l3kit.tiering.format.item_json import parse_item

TAGS = ("$binary", "$map", "$stringSet", "$numberSet", "$binarySet", "$number", "$json", "$timestamp", "$x")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
names = st.sampled_from(["a", "b", *TAGS, "键", 'q"uote', "", "__x__", "a.b", "x" * 1501]) | texts
numbers = (
    st.integers(-(2**70), 2**70).map(str)
    | st.floats(allow_nan=False, allow_infinity=False).map(lambda value: orjson.dumps(value).decode())
    | st.decimals(allow_nan=False, allow_infinity=False).map(lambda value: f"{value:E}".replace("E+", "e"))
    | st.sampled_from(["0", "-0", "0.0", "-0.0", "1.0", "1.50", "1e5", "1E400", "9223372036854775808", "0.1"])
).map(lambda text: orjson.Fragment(text))
binaries = st.binary(max_size=8).map(lambda raw: base64.b64encode(raw).decode())


def some(entries: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(entries, min_size=1, max_size=3)


def tagged(tag: str, entries: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return entries.map(lambda value: {tag: value})


def as_map(content: dict[str, Any]) -> dict[str, Any]:
    """A user's map in the chunk's form."""
    return {"$map": content} if len(content) == 1 and next(iter(content)).startswith("$") else content


scalars = st.one_of(
    texts,
    numbers,
    st.booleans(),
    st.none(),
    tagged("$binary", binaries),
    tagged("$stringSet", some(texts)),
    tagged("$numberSet", some(numbers)),
    tagged("$binarySet", some(binaries)),
    tagged("$reference", st.just("projects/p/databases/d/documents/a/b")),
    tagged("$timestamp", st.datetimes().map(lambda t: t.isoformat(timespec="microseconds") + "Z")),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3).map(as_map),
    max_leaves=12,
)


def chunk_json(**attributes: Any) -> bytes:
    return orjson.dumps({"iotDeviceId": "d", "id": "t", **attributes}, option=orjson.OPT_SORT_KEYS)


def stored(item: bytes) -> Any:
    """The item's document, once over the wire."""
    document = Document.pb()(name="projects/p/databases/d/documents/hot/d/items/t")
    fill(document.fields, parse_item(item))
    return Document.pb().FromString(document.SerializeToString())


def read(document: Any) -> bytes:
    return to_chunk_json(document.fields, "d", "t")


@given(value=values)
def test_every_value_reads_back_as_the_very_same_bytes(value: Any) -> None:
    item = chunk_json(value=value)
    assert read(stored(item)) == item


@given(value=values)
def test_what_is_stored_is_what_firestore_can_hold(value: Any) -> None:
    server_rules.check_fields(stored(chunk_json(value=value)).fields)


@pytest.mark.parametrize("levels", [5, 15, 17, 20, 60])
@pytest.mark.parametrize("kind", ["list", "map", "both", "escaped"])
def test_any_depth_is_held(levels: int, kind: str) -> None:
    value: Any = {"$numberSet": [1, orjson.Fragment("2.50")]}
    for level in range(levels):
        if kind == "list" or (kind == "both" and level % 2):
            value = [value]
        else:
            value = {"$map": {"$map": value}} if kind == "escaped" else {"m": value}
    item = chunk_json(value=value)
    document = stored(item)
    server_rules.check_fields(document.fields)
    assert read(document) == item


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("7", "integer_value"),
        ("-9223372036854775808", "integer_value"),
        ("9223372036854775807", "integer_value"),
        ("9223372036854775808", "map_value"),
        ("-0", "map_value"),
        ("0.1", "double_value"),
        ("21.5", "double_value"),
        ("-0.0", "double_value"),
        ("3.0", "double_value"),
        ("1.50", "map_value"),
        ("1.0000000000000000000001", "map_value"),
        ("1E400", "map_value"),
        ("1e+16", "double_value"),
        ("1e16", "map_value"),
    ],
)
def test_a_number_is_native_where_its_digits_survive(text: str, kind: str) -> None:
    item = chunk_json(value=orjson.Fragment(text))
    document = stored(item)
    assert document.fields["value"].WhichOneof("value_type") == kind
    assert read(document) == item


def test_plain_values_are_native() -> None:
    document = stored(
        chunk_json(text="x", yes=True, none=None, some=[1, "a"], map={"a": {"b": 1}}, raw={"$binary": "AAE="})
    )
    kinds = {name: value.WhichOneof("value_type") for name, value in document.fields.items()}
    assert kinds == {
        "iotDeviceId": "string_value",
        "id": "string_value",
        "text": "string_value",
        "yes": "boolean_value",
        "none": "null_value",
        "some": "array_value",
        "map": "map_value",
        "raw": "bytes_value",
    }
    assert document.fields["raw"].bytes_value == b"\x00\x01"
    assert document.fields["map"].map_value.fields["a"].map_value.fields["b"].integer_value == 1


def foreign(**fields: Any) -> Any:
    """A document as somebody else may have written it."""
    return Document.pb()(name="projects/p/databases/d/documents/hot/d/items/t", fields=fields)


def text_value(text: str) -> dict[str, Any]:
    return {"string_value": text}


def test_an_items_keys_are_those_of_its_place() -> None:
    assert json.loads(read(foreign(v={"integer_value": 1}))) == {"iotDeviceId": "d", "id": "t", "v": 1}
    with pytest.raises(ItemRefusedError, match="iotDeviceId contradicts"):
        read(foreign(iotDeviceId=text_value("e")))
    with pytest.raises(ItemRefusedError, match="id contradicts"):
        read(foreign(id={"integer_value": 1}))


def test_values_that_only_firestore_has_are_tagged_and_come_back_native() -> None:
    document = foreign(
        at={"timestamp_value": {"seconds": -1, "nanos": 123456000}},
        where={"geo_point_value": {"latitude": 1.5, "longitude": -2}},
        other={"reference_value": "projects/p/databases/d/documents/a/b"},
    )
    item = read(document)
    plain = json.loads(item)
    assert plain["at"] == {"$timestamp": "1969-12-31T23:59:59.123456Z"}
    assert plain["where"] == {"$geoPoint": [1.5, -2.0]}
    assert plain["other"] == {"$reference": "projects/p/databases/d/documents/a/b"}
    again = stored(item)
    for name in ("at", "where", "other"):
        assert again.fields[name] == document.fields[name]


@pytest.mark.parametrize(
    ("content", "plain"),
    [
        ({"$number": text_value("no digits")}, {"$map": {"$number": "no digits"}}),
        ({"$number": {"integer_value": 5}}, {"$map": {"$number": 5}}),
        ({"$json": text_value("{no json")}, {"$map": {"$json": "{no json"}}),
        ({"$map": text_value("x")}, {"$map": {"$map": "x"}}),
        ({"$stringSet": text_value("x")}, {"$map": {"$stringSet": "x"}}),
        ({"$stringSet": {"array_value": {}}}, {"$map": {"$stringSet": []}}),
        ({"$binary": text_value("x")}, {"$map": {"$binary": "x"}}),
        ({"$x": text_value("x")}, {"$map": {"$x": "x"}}),
    ],
)
def test_somebody_elses_map_that_looks_like_a_tag_stays_a_map(content: Any, plain: Any) -> None:
    item = read(foreign(v={"map_value": {"fields": content}}))
    assert json.loads(item)["v"] == plain
    assert read(stored(item)) == item


VECTOR = {"map_value": {"fields": {"__type__": text_value("__vector__"), "value": {"array_value": {}}}}}


@pytest.mark.parametrize("value", [{"double_value": math.nan}, {"double_value": -math.inf}, VECTOR])
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(ItemRefusedError):
        read(foreign(v=value))


@pytest.mark.parametrize(
    "value",
    [
        {"$binary": 1},
        {"$binary": "not base64!"},
        {"$stringSet": []},
        {"$stringSet": ["a", 1]},
        {"$numberSet": ["1"]},
        {"$binarySet": ["?"]},
        {"$map": 1},
        {"$number": "1"},
        {"$json": "1"},
        {"$timestamp": "yesterday"},
        {"$geoPoint": [1]},
        {"$geoPoint": ["1.5", "2.5"]},
        {"$geoPoint": [1, 2]},
        {"$reference": 1},
        {"deep": [{"$stringSet": "x"}]},
    ],
)
def test_a_tag_with_other_content_is_refused(value: Any) -> None:
    with pytest.raises(ItemRefusedError, match=r"d/t: value"):
        stored(chunk_json(value=value))


@pytest.mark.parametrize(
    "item",
    [
        b'{"iotDeviceId":"d","id":"t","v":"\\ud800"}',
        b'{"iotDeviceId":"d","id":"t","v":[[["\\ud800"]]]}',
        b'{"iotDeviceId":"d","id":"t","v":{"\\udfff":1}}',
        b'{"iotDeviceId":"d","id":"t","\\udfff":1}',
        b'{"iotDeviceId":"d","id":"t","":1}',
        b'{"iotDeviceId":"d","id":"t","__v__":1}',
        b'{"iotDeviceId":"d","id":"t","v":NaN}',
        b'{"iotDeviceId":"d","id":7}',
        b'{"iotDeviceId":"d","id":""}',
        b'{"iotDeviceId":"d"}',
        b"[]",
        b"{",
        b"\xff",
    ],
)
def test_what_is_no_item_or_cannot_be_held_is_refused(item: bytes) -> None:
    with pytest.raises(ItemRefusedError):
        stored(item)
