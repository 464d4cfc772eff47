"""Conditional puts of whole items in DynamoDB. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from l3kit.clouds.aws.data import odd_text
from l3kit.clouds.aws.data.statements import MAX_COMPARISONS
from l3kit.tiering.format.item_json import KEYS, PARTITION_KEY

CONDITION_FAILED = frozenset({"ConditionalCheckFailedException"})
INVALID = frozenset({"ValidationException"})

Wire = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Put:
    """A put of a whole item. `condition`: parameters of the request that state it."""

    table: str
    item: Wire
    condition: Mapping[str, Any]

    def body(self) -> bytes:
        """The request body. The response has the item that was there, also if the condition failed."""
        return odd_text.dumps(
            {
                "TableName": self.table,
                "Item": self.item,
                **self.condition,
                "ReturnValues": "ALL_OLD",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                "ReturnConsumedCapacity": "TOTAL",
            }
        )


def absent() -> dict[str, Any]:
    """The condition that the key is free."""
    return {"ConditionExpression": "attribute_not_exists(#k)", "ExpressionAttributeNames": {"#k": PARTITION_KEY}}


def unchanged(item: Wire) -> dict[str, Any]:
    """The condition that the key holds these attributes, as many as DynamoDB compares in one condition.

    It cannot state that there are no others.
    """
    names = [*KEYS, *sorted(name for name in item if name not in KEYS)][:MAX_COMPARISONS]
    return {
        "ConditionExpression": " AND ".join([f"#{number}=:{number}" for number in range(len(names))]),
        "ExpressionAttributeNames": {f"#{number}": name for number, name in enumerate(names)},
        "ExpressionAttributeValues": {f":{number}": item[name] for number, name in enumerate(names)},
    }
