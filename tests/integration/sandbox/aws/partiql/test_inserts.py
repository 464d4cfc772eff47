"""An INSERT creates and never overwrites."""

from __future__ import annotations

import pytest

from tests.integration.sandbox.aws.partiql.statements import Table, code, in_sets, key

pytestmark = pytest.mark.sandbox


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


def test_an_insert_alone_of_an_item_that_is_there_is_refused(table: Table) -> None:
    table.put()
    assert code(lambda: table.client.execute_statement(**table.insert())) == "DuplicateItemException"
