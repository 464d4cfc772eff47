"""An INSERT creates and never overwrites."""

from __future__ import annotations

import pytest

from tests.integration.sandbox.aws.partiql.statements import Table, key

pytestmark = pytest.mark.sandbox


def test_an_insert_creates_and_never_overwrites(table: Table) -> None:
    assert table.batch(table.insert(a={"M": {"k": {"SS": ["a"]}}})) == [{"TableName": table.name}]
    created = {**key("1"), "a": {"M": {"k": {"SS": ["a"]}}}}
    assert table.get() == created
    (refused,) = table.batch(table.insert(a={"N": "2"}))
    assert refused["Error"]["Code"] == "DuplicateItem"
    assert table.get() == created


def test_an_item_of_four_hundred_attributes_is_inserted(table: Table) -> None:
    more = {f"a{number}": {"N": str(number)} for number in range(400)}
    assert table.batch(table.insert(**more)) == [{"TableName": table.name}]
    assert table.get() == {**key("1"), **more}
