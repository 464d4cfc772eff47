"""Statements that delete and put back: what they compare, and what the service's limits leave out."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.clouds.aws.data.items import WRAPPED, to_chunk_json, unwrapped
from l3kit.clouds.aws.data.statements import (
    MAX_COMPARISONS,
    MAX_CONDITIONS,
    MAX_STATEMENT_BYTES,
    PARAMETERS_END,
    Condition,
    Conditions,
    insertion,
    parameters,
)

KEYS = {"iotDeviceId": {"S": "d"}, "id": {"S": "t"}}
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)


def statement(condition: Condition, item: dict[str, Any]) -> tuple[str, list[Any]]:
    content = json.loads(condition.head + parameters(condition, item) + PARAMETERS_END)
    return content["Statement"], content["Parameters"]


def inserted(item: dict[str, Any]) -> dict[str, Any]:
    """What an INSERT would create."""
    content = json.loads(insertion("hot", item))
    assert len(content["Statement"].encode()) <= MAX_STATEMENT_BYTES
    begin, _, text = content["Statement"].partition(" VALUE ")
    assert begin == 'INSERT INTO "hot"'
    quoted = re.findall(r"'((?:[^']|'')*)':\?", text[1:-1])
    return dict(zip([name.replace("''", "'") for name in quoted], content["Parameters"], strict=True))


def test_a_delete_compares_every_attribute_and_returns_the_old_item() -> None:
    item = {**KEYS, 'a "b"': {"N": "1.50"}, "select": {"NULL": True}}
    text, values = statement(Conditions("my.table").of(item), item)
    assert text == (
        'DELETE FROM "my.table" WHERE "a ""b"""=? AND "id"=? AND "iotDeviceId"=? AND "select"=? RETURNING ALL OLD *'
    )
    assert values == [{"N": "1.50"}, {"S": "t"}, {"S": "d"}, {"NULL": True}]


def test_an_item_of_keys_alone_is_compared_by_them() -> None:
    condition = Conditions("hot").of(KEYS)
    assert condition.whole
    assert statement(condition, KEYS)[0] == 'DELETE FROM "hot" WHERE "id"=? AND "iotDeviceId"=? RETURNING ALL OLD *'


@given(st.dictionaries(names, st.just({"S": "x"}), max_size=12))
def test_names_never_break_out_of_a_statement(body: dict[str, Any]) -> None:
    item = {**body, **KEYS}
    text, values = statement(Conditions("hot").of(item), item)
    bare = re.sub(r'"(?:[^"]|"")+"', "N", text)
    assert re.fullmatch(r"DELETE FROM N WHERE N=\?( AND N=\?)* RETURNING ALL OLD \*", bare)
    assert bare.count("=?") == len(values)
    assert inserted(item) == item


def test_as_many_attributes_are_compared_as_a_condition_takes() -> None:
    item = {**KEYS, **{f"a{n}": {"N": str(n)} for n in range(400)}}
    condition = Conditions("hot").of(item)
    assert not condition.whole
    assert len(condition.names) == MAX_COMPARISONS
    assert {"iotDeviceId", "id"} < set(condition.names)
    exact = {name: item[name] for name in list(item)[:MAX_COMPARISONS]}
    assert Conditions("hot").of(exact).whole


@pytest.mark.parametrize("length", [200, 9_000, 65_535])
def test_the_shortest_names_are_compared_where_not_all_fit(length: int) -> None:
    long = {f"{n:02d}" + "é" * length: {"N": "1"} for n in range(60)}
    condition = Conditions("hot").of({**KEYS, "short": {"N": "1"}, **long})
    assert {"iotDeviceId", "id", "short"} <= set(condition.names)
    text = json.loads(condition.head + PARAMETERS_END)["Statement"]
    assert len(text.encode()) <= MAX_STATEMENT_BYTES
    assert not condition.whole


@pytest.mark.parametrize("name", ["#a", ":a", "#"])
def test_a_name_that_dynamodb_takes_for_a_placeholder_is_not_compared(name: str) -> None:
    condition = Conditions("hot").of({**KEYS, name: {"N": "1"}})
    assert condition.names == ("id", "iotDeviceId")
    assert not condition.whole


def test_one_condition_serves_all_items_of_a_kind_and_not_too_many_are_kept() -> None:
    conditions = Conditions("hot")
    first = conditions.of(["id", "iotDeviceId", "a"])
    assert conditions.of(["a", "iotDeviceId", "id"]) is first
    for n in range(MAX_CONDITIONS):
        conditions.of([*KEYS, f"other{n}"])
    assert len(conditions._known) <= MAX_CONDITIONS


@pytest.mark.parametrize(("count", "length"), [(700, 12), (1, 9_000), (1, 65_535)])
def test_an_item_with_too_long_names_is_put_back_wrapped_and_reads_as_it_was(count: int, length: int) -> None:
    item = {**KEYS, **{f"{n:03d}" + "x" * length: {"N": str(n)} for n in range(count)}}
    stored = inserted(item)
    assert set(stored) == {*KEYS, WRAPPED}
    assert unwrapped(stored) == item
    assert to_chunk_json(stored) == to_chunk_json(item)


def test_what_was_written_beside_a_wrapped_item_is_put_back_with_it() -> None:
    wrapped = {**KEYS, WRAPPED: {"M": {"a": {"N": "1"}, "b": {"N": "1"}}}, "b": {"N": "2"}}
    assert inserted(wrapped) == {**KEYS, "a": {"N": "1"}, "b": {"N": "2"}}
    assert json.loads(to_chunk_json(wrapped)) == {"iotDeviceId": "d", "id": "t", "a": 1, "b": 2}


def test_half_a_surrogate_pair_is_put_back_as_it_is() -> None:
    item = {**KEYS, "a": {"S": "x\ud800y"}}
    assert inserted(item) == item
    assert unwrapped(inserted({**KEYS, "n\ud800": {"S": "x"}})) == {**KEYS, "n\ud800": {"S": "x"}}
