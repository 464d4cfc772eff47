"""Statements become conditional writes, and what is no request or value is refused."""

from __future__ import annotations

from typing import Any

import pytest

from l3kit.sandbox.aws.partiql.requests import RequestError, request_of
from l3kit.sandbox.aws.partiql.statements import Key, NoTableError, write_of
from l3kit.sandbox.aws.partiql.tokens import StatementError
from l3kit.sandbox.aws.partiql.values import problem_with

KEY: Key = (("d", "S"), ("n", "N"))


def key_of(table: str) -> Key | None:
    return KEY if table == "t" else None


def test_a_statement_becomes_a_conditional_write() -> None:
    text = 'DELETE FROM "t" WHERE "n"=? AND "d"=? AND "a"=? AND "b" IS MISSING RETURNING ALL OLD *'
    write = write_of(text, [{"N": "1.0"}, {"S": "x"}, {"M": {}}], key_of)
    assert (write.target, write.returning, write.inserts) == ("DeleteItem", True, False)
    assert write.content == {
        "TableName": "t",
        "Key": {"n": {"N": "1.0"}, "d": {"S": "x"}},
        "Expected": {"a": {"Value": {"M": {}}}, "b": {"Exists": False}},
        "ReturnValues": "ALL_OLD",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    insert = write_of("INSERT INTO \"t\" VALUE {'d': ?, 'n': ?}", [{"S": "x"}, {"N": "1"}], key_of)
    assert insert.identity == write.identity, "1 and 1.0 are one key"
    assert insert.content["Expected"] == {"d": {"Exists": False}}


def test_a_table_that_is_not_there_is_told_as_such() -> None:
    with pytest.raises(NoTableError):
        write_of('DELETE FROM "other" WHERE "d"=?', [{"S": "x"}], key_of)


def test_the_key_may_stand_twice_where_it_says_the_same() -> None:
    text = 'DELETE FROM "t" WHERE "n"=? AND "d"=? AND "d"=?'
    assert write_of(text, [{"N": "1"}, {"S": "x"}, {"S": "x"}], key_of).content["Key"]["d"] == {"S": "x"}
    with pytest.raises(StatementError, match="Multiple conditions on same key d"):
        write_of(text, [{"N": "1"}, {"S": "x"}, {"S": "y"}], key_of)


@pytest.mark.parametrize(
    "body",
    [
        b'{"Statements": []}',
        b'{"Statements": {}}',
        b'{"Statements": [1]}',
        b'{"Statements": [{"Statement": ""}]}',
        b'{"Statements": [{"Statement": "DELETE", "Parameters": []}]}',
        b'{"Statements": [{"Statement": "DELETE", "Parameters": {}}]}',
        b'{"Statements": [{"Statement": "DELETE", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}]}',
        b'{"Statements": [{"Statement": "DELETE"}], "ReturnConsumedCapacity": "INDEXES"}',
    ],
)
def test_a_request_of_another_form_is_refused_whole(body: bytes) -> None:
    with pytest.raises(RequestError):
        request_of(body)


@pytest.mark.parametrize(
    "value",
    [7, {}, {"X": 1}, {"S": "a", "N": "1"}, {"S": 1}, {"N": 1}, {"N": ""}, {"N": "NaN"}, {"N": "1_0"}, {"N": "١"},
     {"N": "1" * 39}, {"N": "1e126"}, {"N": "1e-131"}, {"B": "!"}, {"BOOL": "true"}, {"NULL": False}, {"SS": []},
     {"SS": "a"}, {"NS": ["1", "1.0"]}, {"NS": ["x"]}, {"BS": ["A"]}, {"L": {}}, {"M": []}, {"M": {"": {"S": ""}}},
     {"L": [{"M": {"a": {"N": "x"}}}]}],
)  # fmt: skip
def test_what_is_no_value_is_told(value: Any) -> None:
    assert problem_with(value)


@pytest.mark.parametrize(
    "value",
    [{"S": ""}, {"N": "-0.0"}, {"N": "9.9e125"}, {"N": "1e-130"}, {"N": "1" * 38 + "000"}, {"N": "+.5"}, {"B": ""},
     {"B": "AA=="}, {"BOOL": False}, {"NULL": True}, {"SS": ["", "a"]}, {"NS": ["1", "2"]}, {"BS": ["AA=="]},
     {"L": []}, {"M": {}}, {"M": {"a": {"L": [{"NULL": True}]}}}],
)  # fmt: skip
def test_what_is_a_value_passes(value: Any) -> None:
    assert problem_with(value) is None
