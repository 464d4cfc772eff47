"""A DELETE takes the item that is as its conditions say: equality of every kind of value, and any name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.sandbox.aws.partiql.statements import (
    EQUAL,
    NAMES,
    UNEQUAL,
    Item,
    Table,
    code,
    in_sets,
    key,
    wire,
)

pytestmark = pytest.mark.sandbox


def test_a_delete_takes_the_item_that_is_as_described_and_gives_it_back(table: Table) -> None:
    item = table.put(a={"N": "1"}, m={"M": {"k": {"L": [{"BOOL": True}]}}})
    assert table.batch(table.delete(equal={"a": {"N": "2"}})) == [
        {
            "Error": {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"},
            "TableName": table.name,
        }
    ]
    assert table.get() == item
    described = table.delete(equal={"a": item["a"], "m": item["m"]}, missing=["b"])
    assert table.batch(described) == [{"TableName": table.name, "Item": item}]
    assert table.get() is None


def test_without_returning_nothing_comes_back(table: Table) -> None:
    table.put()
    assert table.batch(table.delete(returning=False)) == [{"TableName": table.name}]
    assert table.get() is None


def test_an_attribute_that_must_be_missing_keeps_the_item_where_it_is_there(table: Table) -> None:
    item = table.put(a={"NULL": True})
    (refused,) = table.batch(table.delete(missing=["a"]))
    assert refused["Error"]["Code"] == "ConditionalCheckFailed"
    assert table.get() == item
    (gone,) = table.batch(table.delete(missing=["b", "toString"]))
    assert gone["Item"] == item


def test_a_delete_of_an_item_that_is_not_there_succeeds_whatever_its_conditions(table: Table) -> None:
    told = table.batch(table.delete("x"), table.delete("y", {"a": {"N": "1"}}), table.delete("z", missing=["a"]))
    assert told == [{"TableName": table.name}] * 3


@pytest.mark.parametrize(("one", "other"), EQUAL, ids=str)
def test_equal_values_are_equal_in_every_kind_of_condition(table: Table, one: Item, other: Item) -> None:
    table.put("1", a=wire(one))
    table.put("2", a=wire(one))
    names, values = {"#a": "a"}, {":a": wire(other)}
    condition = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values}
    client = table.client
    for expression in ("#a <> :a", "NOT #a = :a", "NOT #a IN (:a)"):
        refused = code(
            lambda expression=expression: client.delete_item(  # type: ignore[misc]
                TableName=table.name, Key=key("1"), ConditionExpression=expression, **condition
            )
        )
        assert refused == "ConditionalCheckFailedException"
    found = client.query(
        TableName=table.name,
        KeyConditionExpression="iotDeviceId = :d",
        FilterExpression="#a = :a",
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={**values, ":d": {"S": "d"}},
    )
    assert [item["id"]["S"] for item in found["Items"]] == ["1", "2"]
    client.delete_item(TableName=table.name, Key=key("1"), ConditionExpression="#a = :a", **condition)
    (gone,) = table.batch(table.delete("2", {"a": wire(other)}))
    assert gone["Item"]["id"] == {"S": "2"}
    assert (table.get("1"), table.get("2")) == (None, None)


@pytest.mark.parametrize(("one", "other"), UNEQUAL, ids=str)
def test_unequal_values_are_unequal_in_every_kind_of_condition(table: Table, one: Item, other: Item) -> None:
    item = table.put("1", a=wire(one))
    for expression in ("#a = :a", "#a IN (:a)", "NOT #a <> :a"):
        refused = code(
            lambda expression=expression: table.client.delete_item(  # type: ignore[misc]
                TableName=table.name,
                Key=key("1"),
                ConditionExpression=expression,
                ExpressionAttributeNames={"#a": "a"},
                ExpressionAttributeValues={":a": wire(other)},
            )
        )
        assert refused == "ConditionalCheckFailedException"
    (kept,) = table.batch(table.delete("1", {"a": wire(other)}))
    assert kept["Error"]["Code"] == "ConditionalCheckFailed"
    assert in_sets(table.get("1")) == in_sets(item)


@pytest.mark.parametrize("name", NAMES)
def test_no_name_of_an_attribute_is_special(table: Table, name: str) -> None:
    item = table.put(**{name: {"M": {name: {"S": "inner"}}}})
    assert table.get() == item
    (kept,) = table.batch(table.delete(missing=[name]))
    assert kept["Error"]["Code"] == "ConditionalCheckFailed"
    names = {"#n": name}
    table.client.update_item(
        TableName=table.name,
        Key=key("1"),
        UpdateExpression="SET #n.#n = :v, further = if_not_exists(further, :v)",
        ConditionExpression="attribute_exists(#n.#n)",
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={":v": {"S": "new"}},
    )
    changed = {name: {"M": {name: {"S": "new"}}}}
    assert table.get() == {**key("1"), **changed, "further": {"S": "new"}}
    shown = table.client.get_item(
        TableName=table.name, Key=key("1"), ProjectionExpression="#n.#n", ExpressionAttributeNames=names
    )
    assert shown["Item"] == changed
    (gone,) = table.batch(table.delete(equal=changed))
    assert gone["Item"][name] == changed[name]
    table.batch(table.insert(**changed))
    assert table.get() == {**key("1"), **changed}


def test_a_name_that_an_item_lacks_is_missing_also_where_javascript_knows_it(table: Table) -> None:
    item = table.put(m={"M": {}})
    for name in NAMES:
        refused = code(
            lambda name=name: table.client.delete_item(  # type: ignore[misc]
                TableName=table.name,
                Key=key("1"),
                ConditionExpression="attribute_exists(#n) OR attribute_exists(m.#n)",
                ExpressionAttributeNames={"#n": name},
            )
        )
        assert refused == "ConditionalCheckFailedException"
    (gone,) = table.batch(table.delete(missing=NAMES))
    assert gone["Item"] == item


def test_a_value_of_300_kilobytes_is_compared_whole(table: Table) -> None:
    table.put(a={"S": "x" * 300_000})
    (kept,) = table.batch(table.delete(equal={"a": {"S": "x" * 299_999 + "y"}}))
    assert kept["Error"]["Code"] == "ConditionalCheckFailed"
    (gone,) = table.batch(table.delete(equal={"a": {"S": "x" * 300_000}}))
    assert len(gone["Item"]["a"]["S"]) == 300_000


def test_numbers_are_keys_by_their_value(dynamodb: Any) -> None:
    table = Table(dynamodb, "SN")
    dynamodb.put_item(TableName=table.name, Item={"iotDeviceId": {"S": "d"}, "id": {"N": "10"}})
    text = f'DELETE FROM "{table.name}" WHERE "iotDeviceId"=? AND "id"=? RETURNING ALL OLD *'
    twice = [{"Statement": text, "Parameters": [{"S": "d"}, {"N": number}]} for number in ("1E1", "10.0")]
    assert code(lambda: table.batch(*twice)) == "ValidationException"
    (gone,) = table.batch(twice[0])
    assert gone["Item"]["id"] == {"N": "10"}
