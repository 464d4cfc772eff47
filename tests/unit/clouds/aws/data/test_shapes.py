"""The quick way from wire pages to chunk JSON gives what the plain way gives, or declines."""

from __future__ import annotations

import base64
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from l3kit.clouds.aws.data.items import to_chunk_json
from l3kit.clouds.aws.data.shapes import MAX_SHAPES, Shapes
from l3kit.clouds.aws.data.statements import Conditions, parameters

names = st.text(st.characters(codec="utf-8"), max_size=6)
numbers = st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,8})?(E[+-]?[0-9]{1,2})?", fullmatch=True)
binaries = st.binary(max_size=8).map(lambda data: base64.b64encode(data).decode())
scalars = st.one_of(
    names.map(lambda value: {"S": value}),
    numbers.map(lambda value: {"N": value}),
    binaries.map(lambda value: {"B": value}),
    st.booleans().map(lambda value: {"BOOL": value}),
    st.just({"NULL": True}),
)
member_names = st.one_of(names, st.sampled_from(["S", "N", "M", "L", "Items", "$binary", "$x", "100%", "%b"]))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"L": parts}),
        st.dictionaries(member_names, inner, max_size=3).map(lambda parts: {"M": parts}),
    ),
    max_leaves=6,
)
attribute_names = member_names.filter(lambda name: name not in ("id", "iotDeviceId"))
bodies = st.dictionaries(attribute_names, values, max_size=4)


def shapes_of() -> Shapes:
    return Shapes("id", Conditions("hot"))


def _item(number: int, body: dict[str, Any]) -> dict[str, Any]:
    return {"iotDeviceId": {"S": "dévice"}, "id": {"S": f"2026-01-01T00:00:{number:02d}Z"}, **body}


def _answer(items: list[dict[str, Any]], **more: Any) -> bytes:
    return orjson.dumps({"Count": len(items), "Items": items, "ScannedCount": len(items), **more})


@given(st.lists(bodies, max_size=6))
def test_every_page_reads_as_the_plain_way_reads_it(page: list[dict[str, Any]]) -> None:
    items = [_item(number, body) for number, body in enumerate(page)]
    read = shapes_of().read(_answer(items))
    # It may decline only for an escape that can be written in more than one way, and for what is compared in part.
    declined_rightly = b"\\u" in _answer(items) or not all(Conditions("hot").of(item).whole for item in items)
    assert (read is None) <= declined_rightly
    if read is not None:
        assert read.sort_keys == [item["id"]["S"] for item in items]
        assert read.items == [to_chunk_json(item) for item in items]
        for item, condition, values in zip(items, read.conditions, read.parameters, strict=True):
            assert condition.whole
            assert orjson.loads(b"[" + values + b"]") == orjson.loads(b"[" + parameters(condition, item) + b"]")


@given(bodies, st.lists(st.sampled_from(["a", 'say "hi"', "back\\slash\n", '{"S":"x"}', "é東\u2028", ""]), max_size=5))
def test_a_learnt_shape_serves_other_values(body: dict[str, Any], texts: list[str]) -> None:
    items = [_item(number, {**body, "text": {"S": text}}) for number, text in enumerate(["first", *texts])]
    read = shapes_of().read(_answer(items))
    if b"\\u" not in _answer(items) and Conditions("hot").of(items[0]).whole:
        assert read is not None
        assert read.items == [to_chunk_json(item) for item in items]


def test_the_rest_of_the_answer_is_returned_without_its_items() -> None:
    last = {"id": {"S": "x"}, "iotDeviceId": {"S": 'a"Items":['}}
    read = shapes_of().read(_answer([_item(1, {})], LastEvaluatedKey=last, ConsumedCapacity={"CapacityUnits": 0.5}))
    assert read is not None
    assert read.rest["LastEvaluatedKey"] == last
    assert read.rest["Items"] == []


def test_numbers_keep_their_text() -> None:
    number = "1234567890123456789.0123456789012345678"
    read = shapes_of().read(_answer([_item(1, {"n": {"N": number}})]))
    assert read is not None
    assert f'"n":{number}'.encode() in read.items[0]


def test_what_has_no_certain_shape_is_declined() -> None:
    good = _answer([_item(1, {"a": {"S": "x"}})])
    shapes = shapes_of()
    assert shapes.read(good) is not None
    assert shapes.read(good.replace(b'"x"', b'"\\u0078"')) is None
    assert shapes.read(good.replace(b'"x"', b'"\\/"')) is None
    assert shapes.read(good.replace(b'"Count":1', b'"Count":2')) is None
    assert shapes.read(good.replace(b'{"S":"x"}', b'{"N":"1."}')) is None
    assert shapes.read(good.replace(b'{"S":"x"}', b'{"X":"1"}')) is None
    assert shapes.read(good.replace(b'"Items":[', b'"Items": [')) is None
    assert shapes.read(good[:-9]) is None
    assert shapes.read(b'{"message":"Items"}') is None


def test_too_many_shapes_or_values_are_declined() -> None:
    shapes = shapes_of()
    for number in range(MAX_SHAPES):
        assert shapes.read(_answer([_item(1, {f"attribute{number}": {"BOOL": True}})])) is not None
    assert shapes.read(_answer([_item(1, {"one too many": {"BOOL": True}})])) is None
    assert shapes_of().read(_answer([_item(1, {"set": {"SS": ["b", "a"]}})])) is None
    assert shapes_of().read(_answer([_item(1, {"long": {"L": [{"N": "1"}] * 300}})])) is None


def test_items_whose_delete_cannot_compare_all_of_them_go_the_plain_way() -> None:
    assert shapes_of().read(_answer([_item(1, {"n" * 9000: {"N": "1"}})])) is None
    assert shapes_of().read(_answer([_item(1, {"#n": {"N": "1"}})])) is None
    assert shapes_of().read(_answer([_item(1, {"_l3kit.item": {"M": {"a": {"N": "1"}}}})])) is None
