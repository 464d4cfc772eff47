"""The journal in DynamoDB: partition key `name`; swaps are conditional on the numeric attribute `version`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import orjson

from l3kit.clouds.aws.data.dynamodb import DynamoTable
from l3kit.tiering.ports import JournalRow

NAME = "name"
VERSION = "version"
CONDITIONAL_FAILED = frozenset({"ConditionalCheckFailedException"})


class DynamoJournalStore:
    """`JournalStore` on one table."""

    def __init__(self, table: DynamoTable) -> None:
        self._table = table
        self.usage = table.client.usage

    async def load(self, name: str) -> JournalRow | None:
        request = {"Key": {NAME: {"S": name}}, "ConsistentRead": True}
        content = orjson.loads((await self._table.call("GetItem", "get", request)).body)
        self._table.count_read(content)
        item = content.get("Item")
        if not item:
            return None
        attributes = {key: _from_wire(value) for key, value in item.items() if key not in (NAME, VERSION)}
        return JournalRow(int(item[VERSION]["N"]), attributes)

    async def swap(self, name: str, row: JournalRow) -> bool:
        """Cost: one conditional PutItem."""
        item = {key: _to_wire(value) for key, value in row.attributes.items()}
        request: dict[str, Any] = {
            "Item": {**item, NAME: {"S": name}, VERSION: {"N": str(row.version)}},
            "ConditionExpression": "attribute_not_exists(#n)" if row.version == 1 else "#v = :old",
            "ExpressionAttributeNames": {"#n": NAME} if row.version == 1 else {"#v": VERSION},
        }
        if row.version > 1:
            request["ExpressionAttributeValues"] = {":old": {"N": str(row.version - 1)}}
        answer = await self._table.call("PutItem", "put", request, CONDITIONAL_FAILED)
        if answer.code:
            return False
        self._table.count_write(orjson.loads(answer.body))
        return True

    async def remove(self, name: str, version: int) -> bool:
        """Cost: one conditional DeleteItem."""
        request = {
            "Key": {NAME: {"S": name}},
            "ConditionExpression": "attribute_not_exists(#n) OR #v = :old",
            "ExpressionAttributeNames": {"#n": NAME, "#v": VERSION},
            "ExpressionAttributeValues": {":old": {"N": str(version)}},
        }
        answer = await self._table.call("DeleteItem", "delete", request, CONDITIONAL_FAILED)
        if answer.code:
            return False
        self._table.count_write(orjson.loads(answer.body))
        return True

    async def names(self, prefix: str = "") -> list[str]:
        """Scan the table; for people, not for movers."""
        names: list[str] = []
        start: dict[str, Any] | None = None
        while True:
            request: dict[str, Any] = {"ProjectionExpression": "#n", "ExpressionAttributeNames": {"#n": NAME}}
            if start:
                request["ExclusiveStartKey"] = start
            content = orjson.loads((await self._table.call("Scan", "scan", request)).body)
            self._table.count_read(content)
            names += [item[NAME]["S"] for item in content["Items"] if item[NAME]["S"].startswith(prefix)]
            start = content.get("LastEvaluatedKey")
            if not start:
                return sorted(names)

    async def close(self) -> None:
        self._table.client.close()


def _to_wire(value: str | int | bytes) -> dict[str, str]:
    if isinstance(value, bytes):
        return {"B": base64.b64encode(value).decode("ascii")}
    return {"S": value} if isinstance(value, str) else {"N": str(value)}


def _from_wire(value: Mapping[str, str]) -> str | int | bytes:
    ((kind, content),) = value.items()
    if kind == "B":
        return base64.b64decode(content)
    return int(content) if kind == "N" else content
