"""Replacement of an item in DynamoDB, only if it is the one that was read.

A condition cannot state that an item has no further attributes, and names 150 at most. So the response returns the
item that was replaced; one that differs from what was read is put back, unless a newer one has been written in between.
The same holds for putting back.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from l3kit.clouds.aws.data import odd_text
from l3kit.clouds.aws.data.client import Answer
from l3kit.clouds.aws.data.creates import checked_wire
from l3kit.clouds.aws.data.dynamodb import DynamoTable
from l3kit.clouds.aws.data.items import same_item
from l3kit.clouds.aws.data.puts import CONDITION_FAILED, INVALID, Put, unchanged
from l3kit.errors import ItemRefusedError, StoreError
from l3kit.tiering.format.item_json import PARTITION_KEY, SORT_KEY

log = logging.getLogger(__name__)

Wire = dict[str, Any]


async def replace(table: DynamoTable, item: bytes, seen: Wire) -> bool:
    """Replace as `HotStore.replace_item` does. `seen`: the item that was read, in wire form.

    A request whose response was lost is sent again: if it had taken effect, the condition fails on this very item.
    """
    new = checked_wire(item)
    name = f"item {new[PARTITION_KEY]['S']}/{new[SORT_KEY]['S']}"
    answer = await _put(table, "replace", new, seen, CONDITION_FAILED | INVALID)
    if answer.code in INVALID:
        raise ItemRefusedError(name, answer.message)
    if answer.code:
        there = odd_text.loads(answer.body).get("Item")
        return there is not None and same_item(there, new)
    old = _replaced(table, answer)
    if same_item(old, seen):
        return True
    await _put_back(table, name, old, new)
    return False


async def _put_back(table: DynamoTable, name: str, newest: Wire, there: Wire) -> None:
    """Put an item back in place of its replacement; repeat with the item that this replaces, if that is still newer.

    Each round but the last needs another write in between, so there is no limit.

    Raises: StoreError, after logging the item that was lost.
    """
    while True:
        try:
            answer = await _put(table, "put_back", newest, there, CONDITION_FAILED)
        except StoreError as error:
            log.error("an item that was replaced could not be put back into %s: %s", table.name, json.dumps(newest))
            raise StoreError(
                f"table {table.name}",
                f"{name} was rewritten before its replacement and could not be put back: {error}",
                "Put it back by hand: the function's log has its content",
            ) from None
        if answer.code:
            return
        old = _replaced(table, answer)
        if same_item(old, there):
            return
        newest, there = old, newest


async def _put(table: DynamoTable, kind: str, item: Wire, there: Wire, expected: frozenset[str]) -> Answer:
    return await table.send("PutItem", kind, Put(table.name, item, unchanged(there, item)).body(), expected)


def _replaced(table: DynamoTable, answer: Answer) -> Wire:
    """Return the item that a put replaced."""
    content = odd_text.loads(answer.body)
    table.count_write(content)
    replaced: Wire = content["Attributes"]
    return replaced
