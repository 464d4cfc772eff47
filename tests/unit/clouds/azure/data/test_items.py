"""Chunk JSON survives a store that keeps doubles and gives some attribute names a meaning of its own."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.clouds.azure.data.items import MAX_EXACT, SYSTEM, check_sort_key, to_chunk_json, to_document
from l3kit.errors import ItemRefusedError

SYSTEM_PROPERTIES = {"_rid": "r", "_self": "s", "_etag": "e", "_attachments": "a/", "_ts": 1}


class Digits(str):
    """A number's text."""


def digits(text: bytes) -> Any:
    return json.loads(text, parse_float=Digits, parse_int=Digits)


def through_the_service(document: dict[str, Any]) -> dict[str, Any]:
    """What a store of doubles gives back: whole numbers without a fraction, in JavaScript's manner."""

    def kept(value: Any) -> Any:
        if isinstance(value, list):
            return [kept(entry) for entry in value]
        if isinstance(value, dict):
            return {name: kept(entry) for name, entry in value.items()}
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return value
        number = float(value)
        return int(number) if number.is_integer() else number

    return {**json.loads(json.dumps(kept(document))), **SYSTEM_PROPERTIES}


def round_trip(item: bytes) -> bytes:
    return to_chunk_json(through_the_service(to_document(item)))


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
numbers = st.one_of(
    st.integers().map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.decimals(allow_nan=False, allow_infinity=False).map(lambda d: str(d)).filter(lambda t: t.lstrip("-")[0] != "."),
    st.sampled_from(["-0", "0.0", "-0.0", "1.0", "1E5", "1e+5", "1.10", "9007199254740993", "1e400", "5e-324", "1e16"]),
).map(Digits)
names = st.one_of(texts, st.sampled_from([*SYSTEM, "ttl", "$l3kit._ts", "$l3kit.$l3kit.x", "$a", "$binary", "$number"]))


def escaped(value: dict[str, Any]) -> dict[str, Any]:
    """As chunks have it: a map that looks like a tag is wrapped."""
    return {"$map": value} if len(value) == 1 and next(iter(value)).startswith("$") else value


sets = st.one_of(
    st.just({"$binary": "aGk="}),
    st.lists(texts, min_size=1, max_size=3).map(lambda values: {"$stringSet": values}),
    st.lists(numbers, min_size=1, max_size=3).map(lambda values: {"$numberSet": values}),
    st.just({"$binarySet": ["aGk="]}),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), texts, numbers, sets),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3).map(escaped)),
    max_leaves=12,
)


def written(value: Any) -> bytes:
    """JSON with the numbers' own digits."""
    if isinstance(value, Digits):
        return value.encode()
    if isinstance(value, list):
        return b"[" + b",".join(map(written, value)) + b"]"
    if isinstance(value, dict):
        return b"{" + b",".join(orjson.dumps(name) + b":" + written(entry) for name, entry in value.items()) + b"}"
    return orjson.dumps(value)


@given(st.dictionaries(names.filter(lambda name: name not in ("id", "iotDeviceId")), values, max_size=5))
def test_every_item_comes_back_with_the_same_digits_names_and_tags(attributes: dict[str, Any]) -> None:
    item = written({**attributes, "iotDeviceId": "d", "id": "2026"})
    back = round_trip(item)
    assert digits(back) == digits(item)
    assert list(json.loads(back)) == sorted(json.loads(item))
    assert round_trip(back) == back


@given(numbers)
def test_a_number_is_stored_natively_exactly_where_its_text_survives(number: str) -> None:
    document = to_document(b'{"iotDeviceId":"d","id":"a","n":%b}' % number.encode())
    survives = (
        orjson.dumps(through_the_service({"n": json.loads(number)})["n"]) == number.encode()
        if float(number) - float(number) == 0 and abs(float(number)) < 2**63
        else False
    )
    if isinstance(document["n"], dict):
        assert document["n"] == {"$number": number}
        assert not survives or abs(float(number)) > MAX_EXACT
    else:
        assert survives


@pytest.mark.parametrize("name", [*SYSTEM, "ttl"])
def test_an_attribute_with_a_name_of_the_services_own_is_stored_under_another(name: str) -> None:
    document = to_document(b'{"iotDeviceId":"d","id":"a","%b":"mine"}' % name.encode())
    assert name not in document
    assert json.loads(round_trip(b'{"iotDeviceId":"d","id":"a","%b":"mine"}' % name.encode()))[name] == "mine"


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ({"$other": 1}, b'{"$map":{"$other":1}}'),
        ({"$number": "not one"}, b'{"$map":{"$number":"not one"}}'),
        ({"ttl": 5, "a": 1}, b'{"a":1,"ttl":5}'),
        (10**30, b"1" + b"0" * 30),
        ([{"b": 1, "a": "$"}], b'[{"a":"$","b":1}]'),
    ],
)
def test_what_another_program_wrote_is_read_as_it_is(stored: Any, read: bytes) -> None:
    assert to_chunk_json({"id": "a", "v": stored, **SYSTEM_PROPERTIES}) == b'{"id":"a","v":%b}' % read


def test_a_ttl_that_another_program_set_stays_an_attribute() -> None:
    assert to_chunk_json({"ttl": 60, "id": "a", **SYSTEM_PROPERTIES}) == b'{"id":"a","ttl":60}'


@pytest.mark.parametrize(
    "value",
    [
        b'{"$binary":7}',
        b'{"$binary":"*"}',
        b'{"$stringSet":[]}',
        b'{"$stringSet":[1.10]}',
        b'{"$numberSet":["1"]}',
        b'{"$numberSet":[true]}',
        b'{"$binarySet":["*"]}',
        b'{"$map":[]}',
        b"NaN",
        b'"\\ud800"',
        b"[" * 200 + b"]" * 200,
        b"[" * 100_000 + b"]" * 100_000,
        b'"' + b"x" * 2_097_152 + b'"',
    ],
    ids=lambda value: repr(value[:20]),
)
def test_what_cosmos_db_cannot_hold_is_refused(value: bytes) -> None:
    with pytest.raises(ItemRefusedError):
        to_document(b'{"iotDeviceId":"d","id":"a","v":%b}' % value)


@pytest.mark.parametrize("sort_key", ["a/b", "a\\b", "a?b", "a#b", "x" * 1024, "\ue000", "🌡"])
def test_a_sort_key_that_is_no_document_id_or_has_no_certain_order_is_refused(sort_key: str) -> None:
    with pytest.raises(ItemRefusedError, match="sort key"):
        check_sort_key("item", sort_key)
    with pytest.raises(ItemRefusedError, match="item d/"):
        to_document(orjson.dumps({"iotDeviceId": "d", "id": sort_key}))


def test_a_device_id_longer_than_a_partition_key_is_refused() -> None:
    with pytest.raises(ItemRefusedError, match="device id"):
        to_document(orjson.dumps({"iotDeviceId": "d" * 2049, "id": "a"}))
