"""Items: every DynamoDB type goes to chunk JSON and back exactly; what DynamoDB cannot keep is refused."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.clouds.aws.data.items import to_chunk_json, to_wire
from l3kit.clouds.aws.data.pages import decode
from l3kit.clouds.aws.data.shapes import Shapes
from l3kit.clouds.aws.data.statements import Conditions
from l3kit.errors import ItemRefusedError

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.sampled_from(["a", "b", "$binary", "$map", "$stringSet", "$x", "键", 'q"uote', ""]) | texts
numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("-1e30"), max_value=Decimal("1e30"))
number_texts = numbers.map(lambda value: f"{value:f}" if abs(value.adjusted()) < 40 else "0").filter(
    lambda text: len(text.strip("-").replace(".", "").strip("0")) <= 38
)
binaries = st.binary(max_size=12).map(lambda raw: base64.b64encode(raw).decode())


def one(kind: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return values.map(lambda value: {kind: value})


def some(values: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(values, min_size=1, max_size=3, unique=True)


scalars = st.one_of(
    one("S", texts),
    one("N", number_texts),
    one("B", binaries),
    one("BOOL", st.booleans()),
    one("NULL", st.just(True)),
    one("SS", some(texts)),
    one("NS", st.lists(number_texts, min_size=1, max_size=3, unique_by=Decimal)),
    one("BS", some(binaries)),
)
values = st.recursive(
    scalars,
    lambda inner: one("L", st.lists(inner, max_size=3)) | one("M", st.dictionaries(names, inner, max_size=3)),
    max_leaves=12,
)
items = st.dictionaries(names.filter(bool), values, max_size=5).map(
    lambda more: {**more, "iotDeviceId": {"S": "d"}, "id": {"S": "2026-01-01T00:00:00Z"}}
)


def comparable(value: Any) -> Any:
    """Sets without their order; numbers by value and by their significant digits."""
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind in ("SS", "BS"):
        return (kind, frozenset(content))
    if kind == "NS":
        return (kind, frozenset(Decimal(number) for number in content))
    if kind == "L":
        return (kind, tuple(comparable(entry) for entry in content))
    if kind == "M":
        return (kind, {name: comparable(entry) for name, entry in content.items()})
    return (kind, content)


def same(left: dict[str, Any], right: dict[str, Any]) -> bool:
    return bool(comparable({"M": left}) == comparable({"M": right}))


@given(items)
def test_every_type_comes_back_exactly(item: dict[str, Any]) -> None:
    text = to_chunk_json(item)
    assert same(dict(to_wire(text)), item)
    assert to_chunk_json(to_wire(text)) == text


@given(items, st.randoms())
def test_the_same_item_gives_the_same_bytes_whatever_the_order_of_its_attributes(
    item: dict[str, Any], random: Any
) -> None:
    shuffled = list(item.items())
    random.shuffle(shuffled)
    assert to_chunk_json(dict(shuffled)) == to_chunk_json(item)


@pytest.mark.slow
@given(st.lists(items, max_size=6))
def test_a_page_by_shape_equals_the_page_item_by_item(page: list[dict[str, Any]]) -> None:
    answer = orjson.dumps({"Count": len(page), "Items": page, "ScannedCount": len(page)})
    decoded = decode(answer, Shapes("id", Conditions("hot")))
    assert decoded.items == [to_chunk_json(item) for item in page]
    assert decoded.rest["Count"] == len(page)


@pytest.mark.parametrize("digits", ["0.1", "1E+2", "-0.0000001", "12345678901234567890123456789012345678", "1.50"])
def test_numbers_keep_their_digits(digits: str) -> None:
    text = to_chunk_json({"iotDeviceId": {"S": "d"}, "id": {"S": "a"}, "v": {"N": digits}})
    assert json.loads(text, parse_float=str, parse_int=str)["v"] == digits
    assert to_wire(text)["v"] == {"N": digits}


@pytest.mark.parametrize(("number", "written"), [("+1", "1"), ("007", "7"), (".5", "0.5")])
def test_a_number_that_json_would_not_take_is_written_as_one(number: str, written: str) -> None:
    assert b'"v":%b' % written.encode() in to_chunk_json({"v": {"N": number}})


@pytest.mark.parametrize("wire", [{"N": "NaN"}, {"N": "Infinity"}, {"N": "x"}, {"Z": 1}])
def test_what_json_cannot_write_is_refused_and_does_not_spoil_the_page(wire: dict[str, Any]) -> None:
    keys = [{"iotDeviceId": {"S": "d"}, "id": {"S": name}} for name in "abc"]
    page = [keys[0], {**keys[1], "bad": wire}, keys[2]]
    decoded = decode(orjson.dumps({"Count": 3, "Items": page}), Shapes("id", Conditions("hot")))
    assert decoded.sort_keys == ["a", "c"]
    assert [key for key, _ in decoded.refused] == ["b"]


@pytest.mark.parametrize(
    "value",
    [
        "1e126",
        "1e-131",
        "123456789012345678901234567890123456789",
        "NaN",
        '{"$binary":"no base64!"}',
        '{"$numberSet":["1"]}',
    ],
)
def test_what_dynamodb_cannot_keep_is_refused_by_name(value: str) -> None:
    with pytest.raises(ItemRefusedError):
        to_wire(b'{"iotDeviceId":"d","id":"a","v":%b}' % value.encode())


@pytest.mark.parametrize(
    "item", [b"[]", b"{", b'{"id":"a"}', b'{"iotDeviceId":"d","id":1}', b'{"iotDeviceId":"","id":"a"}']
)
def test_what_is_no_item_is_refused(item: bytes) -> None:
    with pytest.raises(ItemRefusedError):
        to_wire(item)
