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

AND = " AND "
MAX_EXPRESSION_BYTES = 4096
"""DynamoDB's limit for the text of a condition; names and values do not count."""

Wire = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Put:
    """A put of a whole item. `condition`: parameters of the request that state it."""

    table: str
    item: Wire
    condition: Mapping[str, Any]

    def body(self) -> bytes:
        """The request body. The response has the previous item, also if the condition failed."""
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


def unchanged(item: Wire, successor: Wire) -> dict[str, Any]:
    """The condition that the key holds these attributes, and none that only the successor has.

    It states as much as fits one condition, the values first. It cannot state that there are no further
    attributes.
    """
    held = [*KEYS, *sorted(name for name in item if name not in KEYS)][:MAX_COMPARISONS]
    terms = [f"#{number}=:{number}" for number in range(len(held))]
    names = [*held, *sorted(name for name in successor if name not in item)][:MAX_COMPARISONS]
    terms += [f"attribute_not_exists(#{number})" for number in range(len(held), len(names))]
    while len(AND.join(terms)) > MAX_EXPRESSION_BYTES:
        terms.pop()
    return {
        "ConditionExpression": AND.join(terms),
        "ExpressionAttributeNames": {f"#{number}": name for number, name in enumerate(names[: len(terms)])},
        "ExpressionAttributeValues": {f":{number}": item[name] for number, name in enumerate(held)},
    }
