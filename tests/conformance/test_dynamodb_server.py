"""The sandbox's DynamoDB, tested with boto3: PartiQL, equality, names, and concurrency.

The cases follow the real service's documentation and service model. `L3KIT_FOREIGN_DYNAMODB=http://...` runs them
against another server, `python -m tests.dynamodb_local` against Amazon's DynamoDB Local. DYNAMODB_LOCAL lists its known
differences; those cases fail there.
"""

from __future__ import annotations

import base64
import json
import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from l3kit.sandbox.state import ACCESS_KEY, SECRET_KEY
from tests.integration.conftest import aws, sandbox  # noqa: F401 (fixtures)

pytestmark = pytest.mark.sandbox

FOREIGN = os.environ.get("L3KIT_FOREIGN_DYNAMODB")
DYNAMODB_LOCAL: Mapping[str, str] = {
    "test_a_delete_of_an_item_that_is_not_there_succeeds_whatever_its_conditions": "it says ConditionalCheckFailed; "
    "the developer guide's page on DELETE says success with nothing deleted",
    "test_the_item_that_made_a_condition_fail_comes_back_when_asked_for": "it leaves the error's Item out of a batch",
    "test_write_units_are_told_for_each_statement": "it tells no capacity for PartiQL",
    "test_more_parameters_than_question_marks_are_refused": "it takes them",
    "test_an_insert_alone_of_an_item_that_is_there_is_refused": "it says DuplicateItem, a name the model does not have",
    "test_numbers_are_keys_by_their_value": "it deletes the item and does not give it back",
    "test_an_empty_list_of_parameters_is_refused": "it takes one as none",
}
"""Differences of version 1.25.1 from the service's documentation and model."""

Item = dict[str, Any]


def nested(levels: int) -> Item:
    """A text nested in `levels` lists."""
    return {"L": [nested(levels - 1)]} if levels else {"S": "x"}


EQUAL: Sequence[tuple[Item, Item]] = [
    ({"S": ""}, {"S": ""}),
    ({"S": "🌡 é"}, {"S": "🌡 é"}),
    ({"N": "1"}, {"N": "1.0"}),
    ({"N": "100"}, {"N": "1E2"}),
    ({"N": "-0.00012300"}, {"N": "-1.23e-4"}),
    ({"N": "0"}, {"N": "-0.0"}),
    ({"N": "12345678901234567890123456789012345678"}, {"N": "12345678901234567890123456789012345678.0"}),
    ({"B": "AAEC"}, {"B": "AAEC"}),
    ({"BOOL": False}, {"BOOL": False}),
    ({"NULL": True}, {"NULL": True}),
    ({"SS": ["a", "b", "c"]}, {"SS": ["c", "a", "b"]}),
    ({"NS": ["1", "2.50"]}, {"NS": ["2.5", "1.0"]}),
    ({"BS": ["AA==", "AQ=="]}, {"BS": ["AQ==", "AA=="]}),
    ({"L": []}, {"L": []}),
    ({"M": {}}, {"M": {}}),
    ({"L": [{"N": "1"}, {"S": "x"}]}, {"L": [{"N": "1.00"}, {"S": "x"}]}),
    ({"M": {"lat": {"N": "48.20"}, "lon": {"N": "16"}}}, {"M": {"lon": {"N": "1.6E1"}, "lat": {"N": "48.2"}}}),
    (
        {"M": {"l": {"L": [{"M": {"s": {"SS": ["b", "a"]}}}, {"L": []}, {"NULL": True}]}}},
        {"M": {"l": {"L": [{"M": {"s": {"SS": ["a", "b"]}}}, {"L": []}, {"NULL": True}]}}},
    ),
]
UNEQUAL: Sequence[tuple[Item, Item]] = [
    ({"S": "1"}, {"N": "1"}),
    ({"S": "a"}, {"S": "A"}),
    ({"S": "é"}, {"S": "e\u0301"}),
    ({"N": "1"}, {"N": "1.0000000000000000000000000000000000001"}),
    ({"B": "AAEC"}, {"B": "AAED"}),
    ({"BOOL": True}, {"BOOL": False}),
    ({"NULL": True}, {"BOOL": True}),
    ({"SS": ["a", "b"]}, {"SS": ["a"]}),
    ({"SS": ["a", "b"]}, {"SS": ["a", "c"]}),
    ({"SS": ["a", "b"]}, {"L": [{"S": "a"}, {"S": "b"}]}),
    ({"NS": ["1", "2"]}, {"SS": ["1", "2"]}),
    ({"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "b"}, {"S": "a"}]}),
    ({"L": [{"S": "a"}]}, {"L": [{"S": "a"}, {"S": "a"}]}),
    ({"L": []}, {"M": {}}),
    ({"M": {"a": {"N": "1"}}}, {"M": {"a": {"N": "1"}, "b": {"N": "1"}}}),
    ({"M": {"a": {"N": "1"}, "b": {"N": "1"}}}, {"M": {"a": {"N": "1"}, "c": {"N": "1"}}}),
    ({"M": {"a": {"N": "1"}}}, {"M": {"a": {"S": "1"}}}),
    ({"M": {"a": {"M": {"b": {"L": [{"N": "1"}]}}}}}, {"M": {"a": {"M": {"b": {"L": [{"N": "2"}]}}}}}),
    ({"M": {}}, {"M": {"toString": {"N": "1"}}}),
]
NO_VALUES: Sequence[Item] = [
    {"N": "abc"},
    {"N": "1e126"},
    {"N": "1e-131"},
    {"L": [{"N": "1" * 39}]},
    {"SS": []},
    {"SS": ["a", "a"]},
    {"NS": ["1", "1.0"]},
    {"NULL": False},
    {"M": {"": {"S": "x"}}},
    {"M": {"m": {}}},
    nested(40),
]
NAMES = [
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    'a"b',
    "a.b[0]",
    "with blank",
    "传感器🌡",
    "size",
    "a#b:c",
]


@pytest.fixture(scope="module")
def dynamodb(request: pytest.FixtureRequest) -> Any:
    return foreign_client(FOREIGN) if FOREIGN else request.getfixturevalue("aws")("dynamodb")


def foreign_client(address: str) -> Any:
    """An unmodified boto3 client for another server."""
    return boto3.client(
        "dynamodb",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=32),
    )


@pytest.fixture(autouse=True)
def known_differences(request: pytest.FixtureRequest) -> None:
    name = request.node.originalname
    if FOREIGN and name in DYNAMODB_LOCAL:
        request.applymarker(pytest.mark.xfail(reason=DYNAMODB_LOCAL[name], strict=True))


class Table:
    """A table with the hot tier's key, and statements on it."""

    def __init__(self, client: Any, kinds: str = "SS") -> None:
        self.client = client
        self.name = f"Tier.hot_{uuid.uuid4().hex[:8]}-x"
        client.create_table(
            TableName=self.name,
            KeySchema=[
                {"AttributeName": "iotDeviceId", "KeyType": "HASH"},
                {"AttributeName": "id", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": kind}
                for name, kind in zip(("iotDeviceId", "id"), kinds, strict=True)
            ],
            BillingMode="PAY_PER_REQUEST",
        )

    def put(self, name: str = "1", **more: Item) -> Item:
        item = {**key(name), **more}
        self.client.put_item(TableName=self.name, Item=item)
        return item

    def get(self, name: str = "1") -> Item | None:
        found = self.client.get_item(TableName=self.name, Key=key(name), ConsistentRead=True)
        item: Item | None = found.get("Item")
        return item

    def delete(
        self, name: str = "1", equal: Item | None = None, missing: Sequence[str] = (), returning: bool = True
    ) -> Item:
        """A DELETE with these values and missing names as conditions."""
        given = {**key(name), **(equal or {})}
        parts = [f"{quoted(each)}=?" for each in given] + [f"{quoted(each)} IS MISSING" for each in missing]
        text = f'DELETE FROM "{self.name}" WHERE {" AND ".join(parts)}' + " RETURNING ALL OLD *" * returning
        return {"Statement": text, "Parameters": list(given.values())}

    def insert(self, name: str = "1", **more: Item) -> Item:
        item = {**key(name), **more}
        names = ", ".join("'" + each.replace("'", "''") + "': ?" for each in item)
        return {
            "Statement": f'INSERT INTO "{self.name}" VALUE {{{names}}}',
            "Parameters": list(item.values()),
        }

    def batch(self, *statements: Item, **more: Any) -> list[Item]:
        answer = self.client.batch_execute_statement(Statements=list(statements), **more)
        responses: list[Item] = answer["Responses"]
        return responses


def key(name: str) -> Item:
    return {"iotDeviceId": {"S": "d"}, "id": {"S": name}}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def in_sets(value: Any) -> Any:
    """A value with sorted sets and with boto3's binary values as bytes."""
    if isinstance(value, dict):
        return {k: sorted(v, key=str) if k in ("SS", "NS", "BS") else in_sets(v) for k, v in value.items()}
    return [in_sets(each) for each in value] if isinstance(value, list) else value


def code(call: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


@pytest.fixture(scope="module")
def shared(dynamodb: Any) -> Table:
    return Table(dynamodb)


@pytest.fixture
def table(shared: Table) -> Iterator[Table]:
    """The module's table, emptied."""
    yield shared
    for item in shared.client.scan(TableName=shared.name, ConsistentRead=True)["Items"]:
        shared.client.delete_item(TableName=shared.name, Key={part: item[part] for part in ("iotDeviceId", "id")})


# --- deletes


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


def wire(value: Item) -> Item:
    """A value in boto3's form, with bytes instead of base64."""
    ((kind, content),) = value.items()
    if kind == "B":
        return {kind: b64(content)}
    return {kind: [b64(each) for each in content]} if kind == "BS" else value


def b64(text: str) -> bytes:
    return base64.b64decode(text)


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


def test_literals_stand_for_values(table: Table) -> None:
    table.put(t={"S": "it's"}, n={"N": "-1.5"}, b={"BOOL": True}, x={"NULL": True}, u={"S": ""})
    text = (
        f'delete from "{table.name}" where "iotDeviceId" = \'d\' and "id"=\'1\' And "t" = \'it\'\'s\' AND "n"=-1.50 '
        'AND "b"=true AND "x" = NULL AND "u" IS NOT MISSING returning all old *'
    )
    assert len(table.client.execute_statement(Statement=text)["Items"]) == 1
    assert table.get() is None


# --- inserts


def test_an_insert_creates_and_never_overwrites(table: Table) -> None:
    assert table.batch(table.insert(a={"M": {"k": {"SS": ["a"]}}})) == [{"TableName": table.name}]
    created = {**key("1"), "a": {"M": {"k": {"SS": ["a"]}}}}
    assert table.get() == created
    (refused,) = table.batch(table.insert(a={"N": "2"}))
    assert refused["Error"]["Code"] == "DuplicateItem"
    assert table.get() == created


def test_an_insert_writes_literals(table: Table) -> None:
    text = (
        f"INSERT INTO \"{table.name}\" VALUE {{'iotDeviceId': 'd', 'id': '1', 'it''s': 1.50, 'l': [1, 'a', {{'k': "
        "false}], 's': <<'a', 'b'>>, 'n': <<1, 2>>, 'm': {'e': {}, 'l': []}, 'x': null}"
    )
    assert table.client.execute_statement(Statement=text)["Items"] == []
    assert in_sets(table.get()) == {
        **key("1"),
        "it's": {"N": "1.5"},
        "l": {"L": [{"N": "1"}, {"S": "a"}, {"M": {"k": {"BOOL": False}}}]},
        "s": {"SS": ["a", "b"]},
        "n": {"NS": ["1", "2"]},
        "m": {"M": {"e": {"M": {}}, "l": {"L": []}}},
        "x": {"NULL": True},
    }


def test_an_item_of_four_hundred_attributes_is_inserted(table: Table) -> None:
    more = {f"a{number}": {"N": str(number)} for number in range(400)}
    assert table.batch(table.insert(**more)) == [{"TableName": table.name}]
    assert table.get() == {**key("1"), **more}


# --- batches


def test_each_statement_of_a_batch_is_decided_by_itself(table: Table) -> None:
    for number in range(24):
        table.put(f"{number:02d}", n={"N": str(number % 2)})
    deletes = [table.delete(f"{number:02d}", {"n": {"N": "0"}}) for number in range(24)]
    told = table.batch(*deletes, {"Statement": 'DELETE FROM "no-such-table" WHERE "id"=?', "Parameters": [{"S": "1"}]})
    assert [one.get("Item", {}).get("id") for one in told[:24:2]] == [{"S": f"{n:02d}"} for n in range(0, 24, 2)]
    assert {one["Error"]["Code"] for one in told[1:24:2]} == {"ConditionalCheckFailed"}
    assert told[24]["Error"]["Code"] == "ResourceNotFound"
    assert [table.get(f"{n:02d}") is None for n in range(4)] == [True, False, True, False]


def test_a_statement_that_makes_no_sense_is_refused_alone(table: Table) -> None:
    table.put("1")
    wrong = [
        {"Statement": "DELETE FROM"},
        {"Statement": f'DELETE FROM "{table.name}"'},
        {"Statement": f'DELETE FROM "{table.name}" WHERE "iotDeviceId"=?', "Parameters": [{"S": "d"}]},
        {**table.delete(), "Parameters": [{"S": "d"}]},
        {"Statement": table.delete()["Statement"]},
        {**table.delete(), "Parameters": [{"S": "d"}, {"N": "1"}]},
        {**table.delete(), "Parameters": [{"S": "d"}, {"S": ""}]},
        table.delete("2", missing=["#a"]),
        table.delete("3", {":a": {"N": "1"}}),
        {**table.delete("5"), "Statement": table.delete("5")["Statement"].replace("ALL OLD", "ALL NEW")},
        {"Statement": f'INSERT INTO "{table.name}" VALUE ?', "Parameters": [{"M": key("x")}]},
        {"Statement": f"INSERT INTO \"{table.name}\" VALUE {{'iotDeviceId': 'd'}}"},
        {"Statement": f"INSERT INTO \"{table.name}\" VALUE {{'iotDeviceId': 'd', 'id': 'x', 'a': 1, 'a': 2}}"},
        {
            "Statement": f"INSERT INTO \"{table.name}\" VALUE {{'iotDeviceId': 'd', 'id': 'x', 'm': {{'k': ?}}}}",
            "Parameters": [{"N": "1"}],
        },
        {**table.insert("x"), "Statement": table.insert("x")["Statement"] + " RETURNING ALL OLD *"},
    ]
    told = table.batch(*wrong, table.delete("1"))
    assert [one.get("Error", {}).get("Code") for one in told] == ["ValidationError"] * len(wrong) + [None]
    assert table.get("1") is None
    for each in wrong:
        assert code(lambda each=each: table.client.execute_statement(**each)) == "ValidationException"  # type: ignore[misc]


def test_a_batch_is_refused_whole_where_it_cannot_be_taken_apart(table: Table) -> None:
    item = table.put("1")
    select = {"Statement": f'SELECT * FROM "{table.name}" WHERE "iotDeviceId"=\'d\' AND "id"=\'1\''}
    for statements in (
        [table.delete("1")] * 2,
        [table.delete("1"), table.insert("1")],
        [table.delete("1"), select],
        [table.delete("1"), {"Statement": "DELETE" + " " * 8192}],
        [table.delete("1"), *(table.delete(f"x{n}") for n in range(25))],
    ):
        assert code(lambda statements=statements: table.batch(*statements)) == "ValidationException"  # type: ignore[misc]
    assert table.get("1") == item


@pytest.mark.parametrize("value", NO_VALUES, ids=str)
def test_one_value_that_is_none_refuses_the_whole_batch(table: Table, value: Item) -> None:
    item = table.put("1")
    for told in (table.delete("2", {"a": value}), table.insert("2", a=value)):
        assert code(lambda told=told: table.batch(table.delete("1"), told)) == "ValidationException"  # type: ignore[misc]
    assert table.get("1") == item


def test_a_statement_of_8192_characters_is_taken(table: Table) -> None:
    table.put("1")
    statement = table.delete("1")
    (gone,) = table.batch({**statement, "Statement": statement["Statement"].ljust(8192)})
    assert gone["Item"] == key("1")


@pytest.mark.parametrize(("conditions", "refused"), [(148, False), (149, True)])
def test_a_statement_compares_at_most_150_attributes_with_its_key(table: Table, conditions: int, refused: bool) -> None:
    table.put("1")
    (told,) = table.batch(table.delete("1", missing=[f"a{number}" for number in range(conditions)]))
    assert told.get("Error", {}).get("Code") == ("ValidationError" if refused else None)


def test_the_item_that_made_a_condition_fail_comes_back_when_asked_for(table: Table) -> None:
    item = table.put(a={"N": "1"})
    asked = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    told = table.batch({**table.delete(equal={"a": {"N": "2"}}), **asked}, table.delete("2"))
    assert told[0]["Error"]["Item"] == item
    (duplicate,) = table.batch({**table.insert(), **asked})
    assert (duplicate["Error"]["Code"], duplicate["Error"]["Item"]) == ("DuplicateItem", item)
    (unasked,) = table.batch(table.insert())
    assert "Item" not in unasked["Error"]


def test_write_units_are_told_for_each_statement(table: Table) -> None:
    table.put("big", a={"S": "é" * 1200})
    table.put("small")
    answer = table.client.batch_execute_statement(
        Statements=[
            table.delete("small"),
            table.delete("big", {"a": {"S": "other"}}),
            table.delete("none"),
            table.insert("new", a={"S": "x" * 4000}),
        ],
        ReturnConsumedCapacity="TOTAL",
    )
    assert [(one["TableName"], one["CapacityUnits"]) for one in answer["ConsumedCapacity"]] == [
        (table.name, units) for units in (1.0, 3.0, 1.0, 4.0)
    ]
    alone = table.client.execute_statement(**table.delete("big"), ReturnConsumedCapacity="INDEXES")
    assert alone["ConsumedCapacity"] == {
        "TableName": table.name,
        "CapacityUnits": 3.0,
        "Table": {"CapacityUnits": 3.0},
    }


def test_more_parameters_than_question_marks_are_refused(table: Table) -> None:
    item = table.put()
    statement = table.delete()
    (told,) = table.batch({**statement, "Parameters": [*statement["Parameters"], {"S": "more"}]})
    assert told["Error"]["Code"] == "ValidationError"
    assert table.get() == item


def test_an_empty_list_of_parameters_is_refused(table: Table) -> None:
    statement = {"Statement": f"INSERT INTO \"{table.name}\" VALUE {{'iotDeviceId': 'd', 'id': '1'}}", "Parameters": []}
    body = json.dumps({"Statements": [statement]})
    headers = {
        "X-Amz-Target": "DynamoDB_20120810.BatchExecuteStatement",
        "X-Amz-Date": "20250101T000000Z",
        "Content-Type": "application/x-amz-json-1.0",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20250101/us-east-1/dynamodb/aws4_request, "
        "SignedHeaders=host, Signature=0",
    }
    answer = requests.post(table.client.meta.endpoint_url, body, headers=headers, timeout=60)
    assert (answer.status_code, answer.json()["__type"].rpartition("#")[2]) == (400, "ValidationException")
    assert table.get() is None


# --- one statement alone


def test_a_statement_alone_answers_with_items_or_an_exception(table: Table) -> None:
    item = table.put(a={"N": "1"})
    execute = table.client.execute_statement
    wrong = table.delete(equal={"a": {"N": "2"}})
    with pytest.raises(ClientError) as caught:
        execute(**wrong, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert caught.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert caught.value.response["Item"] == item
    assert code(lambda: execute(**wrong)) == "ConditionalCheckFailedException"
    nowhere = {**wrong, "Statement": wrong["Statement"].replace(table.name, "no-such-table")}
    assert code(lambda: execute(**nowhere)) == "ResourceNotFoundException"
    assert execute(**table.delete())["Items"] == [item]
    assert execute(**table.delete())["Items"] == []
    assert execute(**table.insert())["Items"] == []


def test_an_insert_alone_of_an_item_that_is_there_is_refused(table: Table) -> None:
    table.put()
    assert code(lambda: table.client.execute_statement(**table.insert())) == "DuplicateItemException"


# --- at once


def new_version(table: Table, way: str) -> None:
    """Write version 2 of item 1 with one of the writing calls."""
    item, client = {**key("1"), "v": {"N": "2"}}, table.client
    if way == "PutItem":
        client.put_item(TableName=table.name, Item=item)
    elif way == "BatchWriteItem":
        client.batch_write_item(RequestItems={table.name: [{"PutRequest": {"Item": item}}]})
    else:
        client.update_item(
            TableName=table.name,
            Key=key("1"),
            UpdateExpression="SET v = :v",
            ExpressionAttributeValues={":v": {"N": "2"}},
        )


@pytest.mark.parametrize("way", ["PutItem", "BatchWriteItem", "UpdateItem"])
def test_a_new_version_survives_the_delete_of_the_old_one_at_the_same_moment(table: Table, way: str) -> None:
    old = {"v": {"N": "1"}}
    with ThreadPoolExecutor(2) as pool:
        for _ in range(20):
            table.put("1", **old)
            writing = pool.submit(new_version, table, way)
            deleting = pool.submit(table.batch, table.delete("1", old))
            (told,) = deleting.result()
            writing.result()
            assert table.get("1") == {**key("1"), "v": {"N": "2"}}
            assert told.get("Item", {}).get("v") in (None, {"N": "1"})


def test_of_many_deletes_at_once_one_takes_the_item_and_of_many_inserts_one_creates_it(table: Table) -> None:
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            created = list(pool.map(lambda n: table.batch(table.insert("1", n={"N": str(n)}))[0], range(8)))
            assert sorted("Error" in one for one in created) == [False] + [True] * 7
            taken = list(pool.map(lambda _: table.batch(table.delete("1"))[0].get("Item"), range(8)))
            assert sum(item is not None for item in taken) == 1
            assert table.get("1") is None
