"""Random statements sent to the sandbox and to DynamoDB Local, which must give equal answers and keep equal items.

Only `python -m tests.programs.dynamodb_local` runs this; the cases beside it run everywhere.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.integration.sandbox.aws.partiql.statements import (
    EQUAL,
    FOREIGN,
    NAMES,
    UNEQUAL,
    Item,
    Table,
    foreign_client,
    in_sets,
    wire,
)

pytestmark = pytest.mark.sandbox

ROUNDS = 20
VALUES = [wire(value) for pair in (*EQUAL, *UNEQUAL) for value in pair]


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_both_decide_each_statement_alike(aws: Callable[[str], Any], seed: int) -> None:
    assert FOREIGN, "run by python -m tests.programs.dynamodb_local"
    tables = [Table(aws("dynamodb")), Table(foreign_client(FOREIGN))]
    drawn = random.Random(seed)
    items = [drawn_item(drawn) for _ in range(25)]
    told = []
    for table in tables:
        drawn.seed(seed + 1000)
        for number, item in enumerate(items):
            table.put(str(number), **item)
        statements = [drawn_statement(drawn, table, number, item) for number, item in enumerate(items)]
        answers = [
            {**answer, "TableName": "", "Item": in_numbers(in_sets(answer.get("Item")))}
            for answer in table.batch(*statements)
        ]
        left = table.client.scan(TableName=table.name, ConsistentRead=True)["Items"]
        told.append((answers, {item["id"]["S"]: in_numbers(in_sets(item)) for item in left}))
    assert told[0] == told[1]
    assert any("Error" in answer for answer in told[0][0])
    assert any(answer["Item"] for answer in told[0][0])


def drawn_item(drawn: random.Random) -> Item:
    return {name: drawn.choice(VALUES) for name in drawn.sample(NAMES, 3)}


def drawn_statement(drawn: random.Random, table: Table, number: int, item: Item) -> Item:
    """A delete or an insert of an item: unchanged, with one value changed, or with names that must be missing."""
    kind = drawn.randrange(5)
    changed = {**item, drawn.choice(sorted(item)): drawn.choice(VALUES)}
    if kind == 0:
        return table.insert(str(number), **changed)
    if kind == 1:
        return table.insert(f"new-{number}", **changed)
    if kind == 2:
        return table.delete(str(number), changed)
    missing = drawn.sample(NAMES, 2 * (kind == 3))
    return table.delete(str(number), {name: value for name, value in item.items() if name not in missing}, missing)


def in_numbers(value: Any) -> Any:
    """Replace numbers by their values, because DynamoDB Local keeps the original digits of nested ones."""
    if isinstance(value, dict):
        return {k: Decimal(v) if k == "N" and isinstance(v, str) else in_numbers(v) for k, v in value.items()}
    return [in_numbers(each) for each in value] if isinstance(value, list) else value
