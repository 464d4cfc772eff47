"""Calls of DynamoDB's JSON protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from l3kit.clouds.aws.data import odd_text
from l3kit.clouds.aws.data.client import Answer, AwsClient, Call

Wire = Mapping[str, Any]
NO_CODES: frozenset[str] = frozenset()


class DynamoTable:
    """One table."""

    def __init__(self, name: str, client: AwsClient) -> None:
        self.name = name
        self.client = client

    async def send(self, operation: str, kind: str, body: bytes, expected: frozenset[str] = NO_CODES) -> Answer:
        """Send an encoded body. Raises: StoreError, unless the error's code is expected."""
        return await self.client.call(self._call(operation, kind, body, expected))

    async def send_once(self, operation: str, kind: str, body: bytes) -> Answer | None:
        """Send an encoded body without retries; None after a transient failure.

        Raises: StoreError if a retry would not help.
        """
        outcome = await self.client.attempt(self._call(operation, kind, body, NO_CODES), once=True)
        return outcome if isinstance(outcome, Answer) else None

    async def call(
        self, operation: str, kind: str, request: Mapping[str, Any], expected: frozenset[str] = NO_CODES
    ) -> Answer:
        """Send a request on this table."""
        body = {"TableName": self.name, "ReturnConsumedCapacity": "TOTAL", **request}
        return await self.send(operation, kind, orjson.dumps(body), expected)

    async def read_items(self, keys: Sequence[Wire]) -> list[Wire]:
        """Read items by their keys, at most 100, strongly consistent. Missing ones are left out; in no order."""
        found: list[Wire] = []

        async def read(keys: Sequence[Wire]) -> Sequence[Wire]:
            wanted = {self.name: {"Keys": keys, "ConsistentRead": True}}
            body = orjson.dumps({"ReturnConsumedCapacity": "TOTAL", "RequestItems": wanted})
            content = odd_text.loads((await self.send("BatchGetItem", "batch_get", body)).body)
            self.count_read(content)
            found.extend(content["Responses"].get(self.name, ()))
            left: Sequence[Wire] = content.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", ())
            return left

        await self.client.retry.until_none_left(self.client.usage, "batch_get", f"table {self.name}", keys, read)
        return found

    def count_read(self, content: Mapping[str, Any]) -> None:
        """Count the read units reported in a response."""
        self.client.usage.read_units += _units(content)

    def count_write(self, content: Mapping[str, Any]) -> None:
        """Count the write units reported in a response."""
        self.client.usage.write_units += _units(content)

    def _call(self, operation: str, kind: str, body: bytes, expected: frozenset[str]) -> Call:
        headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"DynamoDB_20120810.{operation}"}
        return Call(kind, f"table {self.name}", "POST", "/", headers=headers, body=body, expected=expected)


def _units(content: Mapping[str, Any]) -> float:
    consumed = content.get("ConsumedCapacity", ())
    entries = [consumed] if isinstance(consumed, Mapping) else consumed
    return sum(float(entry.get("CapacityUnits", 0)) for entry in entries)
