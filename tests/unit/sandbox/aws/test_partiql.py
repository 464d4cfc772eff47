"""Statements are read exactly, and what cannot be read is refused with the place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.sandbox.aws.partiql.parser import Delete, Insert, parse, subject
from l3kit.sandbox.aws.partiql.requests import RequestError, request_of
from l3kit.sandbox.aws.partiql.statements import Key, NoTableError, write_of
from l3kit.sandbox.aws.partiql.tokens import StatementError
from l3kit.sandbox.aws.partiql.values import problem_with

KEY: Key = (("d", "S"), ("n", "N"))
NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda name: name[0] not in "#:")


def key_of(table: str) -> Key | None:
    return KEY if table == "t" else None


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@given(NAME)
def test_any_name_is_read_back(name: str) -> None:
    read = parse(f"DELETE FROM {quoted(name)} WHERE {quoted(name)} = ? AND {quoted(name)} IS MISSING")
    assert read == Delete(name, [name], [name], False)
    key = "'" + name.replace("'", "''") + "'"
    assert parse(f"INSERT INTO {quoted(name)} VALUE {{{key}: ?}}") == Insert(name, [name])


def test_parameters_belong_to_the_names_in_the_order_in_which_they_stand() -> None:
    read = parse('delete from "t" where "a"=? and "b" is missing and "c"=? returning all old *;')
    assert read == Delete("t", ["a", "c"], ["b"], True)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ('DELETE FROM "t" WHERE "a"=', "from the end on"),
        ('DELETE FROM "t" WHERE "a" = ? OR "b" = ?', "from 'OR' at 31 on"),
        ('DELETE FROM "t" WHERE "a" = 1', "from '1' at 29 on"),
        ('DELETE FROM "t" WHERE "a" IS NOT MISSING', "from 'NOT' at 30 on"),
        ('DELETE FROM "t" WHERE a = ?', "from 'A' at 23 on"),
        ('DELETE FROM "t"."index" WHERE "a" = ?', "not supported on an index"),
        ('DELETE FROM "t" WHERE "a" = \'x', "can't be processed from: 'x"),
        ('DELETE FROM "t" WHERE "a" = ? RETURNING MODIFIED OLD *', "Only RETURNING ALL OLD"),
        ("INSERT INTO \"t\" VALUE {'a': <<>>}", "from '<<' at 29 on"),
        ("INSERT INTO \"t\" VALUE {'a': ?,}", "single quotes"),
        ("INSERT INTO \"t\" VALUE {'': ?}", "empty string"),
        ("INSERT INTO \"t\" VALUE {'a': ?", "from the end on"),
        ("SELECT * FROM t", "does not support 'SELECT'"),
        ("DROP TABLE t", "does not support 'DROP'"),
        ("", "does not support ''"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_place(statement: str, told: str) -> None:
    with pytest.raises(StatementError, match=told.replace("*", r"\*")):
        parse(statement)
    assert subject(statement) == ("", "")


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
