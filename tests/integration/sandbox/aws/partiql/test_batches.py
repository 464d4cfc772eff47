"""Statements in a batch: each decided by itself, what refuses one and what refuses all."""

from __future__ import annotations

import json

import pytest
import requests

from l3kit.sandbox.aws.account import ACCESS_KEY
from tests.integration.sandbox.aws.partiql.statements import NO_VALUES, Item, Table, code, key

pytestmark = pytest.mark.sandbox


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
        {"Statement": f"INSERT INTO \"{table.name}\" VALUE {{'iotDeviceId': ?}}", "Parameters": [{"S": "d"}]},
        {
            "Statement": f"INSERT INTO \"{table.name}\" VALUE {{'iotDeviceId': ?, 'id': ?, 'a': ?, 'a': ?}}",
            "Parameters": [{"S": "d"}, {"S": "x"}, {"N": "1"}, {"N": "2"}],
        },
        {**table.insert("x"), "Statement": table.insert("x")["Statement"] + " RETURNING ALL OLD *"},
    ]
    told = table.batch(*wrong, table.delete("1"))
    assert [one.get("Error", {}).get("Code") for one in told] == ["ValidationError"] * len(wrong) + [None]
    assert table.get("1") is None


def test_a_batch_is_refused_whole_where_it_cannot_be_taken_apart(table: Table) -> None:
    item = table.put("1")
    for statements in (
        [table.delete("1")] * 2,
        [table.delete("1"), table.insert("1")],
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
