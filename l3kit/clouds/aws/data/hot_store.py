"""The hot tier in DynamoDB: partition key `iotDeviceId`, sort key `id`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from l3kit.clouds.aws.data import odd_text
from l3kit.clouds.aws.data.deletes import ConditionalDeletes, Deletions
from l3kit.clouds.aws.data.dynamodb import DynamoTable
from l3kit.clouds.aws.data.items import to_chunk_json
from l3kit.clouds.aws.data.pages import decode
from l3kit.clouds.aws.data.shapes import Shapes
from l3kit.clouds.aws.data.statements import Conditions
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.format.item_json import PARTITION_KEY, SORT_KEY
from l3kit.tiering.format.time_ranges import MAX_SORT_KEY
from l3kit.tiering.ports import Creation, Held, Page, always

if TYPE_CHECKING:  # imported by the functions that write items
    from l3kit.clouds.aws.data.creates import ConditionalCreates

BATCH = 25
"""Maximum requests per BatchWriteItem (DynamoDB's limit)."""


class DynamoHotStore:
    """`HotStore` on one table.

    Args:
        delete_concurrency: concurrent requests that delete, create or put items, over all devices.
    """

    def __init__(self, table: DynamoTable, *, delete_concurrency: int = 32) -> None:
        self._table = table
        self._shapes = Shapes(SORT_KEY, Conditions(table.name))
        self._bounded = Bounded(delete_concurrency)
        self._deletes = ConditionalDeletes(table, self._bounded)
        self._kept_creates: ConditionalCreates | None = None
        self.usage = table.client.usage

    async def read_page(
        self,
        device_id: str,
        *,
        before: str,
        after: str | None = None,
        since: str | None = None,
        limit: int | None = None,
    ) -> Page:
        """Read a page of at most 1 MB of stored items (DynamoDB's limit)."""
        if since is not None and since >= before:
            return Page([], [], None)
        request = self._query(device_id, before, after, since, limit)
        answer = await self._table.send("Query", "query", request)
        page = decode(answer.body, self._shapes)
        self._table.count_read(page.rest)
        while page.sort_keys and page.sort_keys[-1] >= before:  # BETWEEN, used with `since`, includes its upper end
            for listed in (page.sort_keys, page.items, page.conditions, page.parameters, page.fingerprints):
                if listed:  # fingerprints may be unknown
                    listed.pop()
        last = page.rest.get("LastEvaluatedKey")
        next_after = last[SORT_KEY]["S"] if last else None
        seen = Deletions(page.sort_keys, page.conditions, page.parameters, page.partly, page.fingerprints)
        return Page(page.sort_keys, page.items, next_after, seen, page.refused)

    async def delete_page(
        self,
        page: Page,
        sort_keys: Sequence[str],
        *,
        check: Callable[[], None] = always,
        attempt: int = 1,
    ) -> list[str]:
        """Delete on condition of the attributes read, with the gap described in docs/reference/journal.md."""
        if not sort_keys:
            return []
        assert isinstance(page.seen, Deletions)
        return await self._deletes.run(page.seen.of(sort_keys), check, attempt)

    async def put_items(self, device_id: str, items: Sequence[bytes]) -> None:
        from l3kit.clouds.aws.data.creates import checked_wire

        wire = [checked_wire(item) for item in items]
        requests = [orjson.dumps({"PutRequest": {"Item": one}}) for one in wire]
        batches = [requests[at : at + BATCH] for at in range(0, len(requests), BATCH)]
        await self._bounded.run([self._write("batch_put", batch) for batch in batches])

    async def delete_items(self, device_id: str, sort_keys: Sequence[str]) -> None:
        """Delete in batches of 25, unconditionally."""
        keys = [{PARTITION_KEY: {"S": device_id}, SORT_KEY: {"S": key}} for key in dict.fromkeys(sort_keys)]
        requests = [odd_text.dumps({"DeleteRequest": {"Key": key}}) for key in keys]
        batches = [requests[at : at + BATCH] for at in range(0, len(requests), BATCH)]
        await self._bounded.run([self._write("batch_delete", batch) for batch in batches])

    async def create_items(self, items: Sequence[bytes]) -> list[Creation]:
        """Create in batches of 25 PartiQL inserts; existing items are read by BatchGetItem."""
        return await self._creates().run(items)

    async def replace_item(self, item: bytes, held: Held) -> bool:
        """Put the item on condition of the attributes read, with the gap described in docs/reference/stores.md."""
        from l3kit.clouds.aws.data.replacement import replace

        assert isinstance(held.seen, dict)
        return await replace(self._table, item, held.seen)

    async def last_item(self, device_id: str) -> bytes | None:
        """Cost: one item read."""
        request = {
            "KeyConditionExpression": "#d = :d",
            "ExpressionAttributeNames": {"#d": PARTITION_KEY},
            "ExpressionAttributeValues": {":d": {"S": device_id}},
            "ScanIndexForward": False,
            "ConsistentRead": True,
            "Limit": 1,
        }
        content = odd_text.loads((await self._table.call("Query", "query", request)).body)
        self._table.count_read(content)
        return to_chunk_json(content["Items"][0]) if content["Items"] else None

    async def device_ids(self, *, limit: int | None = None) -> AsyncIterator[Sequence[str]]:
        """Scan one item per device, restarting after the device's greatest possible key.

        Each response has one device, whatever the limit.

        Source: https://aws.amazon.com/blogs/database/generate-a-distinct-set-of-partition-keys-for-an-amazon-dynamodb-table-efficiently/
        """
        request: dict[str, Any] = {
            "TableName": self._table.name,
            "ReturnConsumedCapacity": "TOTAL",
            "ProjectionExpression": "#d",
            "ExpressionAttributeNames": {"#d": PARTITION_KEY},
            "ConsistentRead": True,
            "Limit": 1,
        }
        while True:
            content = odd_text.loads((await self._table.send("Scan", "scan", odd_text.dumps(request))).body)
            self._table.count_read(content)
            yield [odd_text.printable(one[PARTITION_KEY]["S"]) for one in content["Items"]]
            last = content.get("LastEvaluatedKey")
            if last is None:
                return
            request["ExclusiveStartKey"] = {PARTITION_KEY: last[PARTITION_KEY], SORT_KEY: {"S": MAX_SORT_KEY}}

    async def close(self) -> None:
        self._table.client.close()

    def _query(self, device_id: str, before: str, after: str | None, since: str | None, limit: int | None) -> bytes:
        values: dict[str, Any] = {":d": {"S": device_id}, ":b": {"S": before}}
        condition = "#d = :d AND #s < :b"
        if since is not None:
            values[":a"] = {"S": since}
            condition = "#d = :d AND #s BETWEEN :a AND :b"
        request: dict[str, Any] = {
            "TableName": self._table.name,
            "ReturnConsumedCapacity": "TOTAL",
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": {"#d": PARTITION_KEY, "#s": SORT_KEY},
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
        }
        if after is not None:
            request["ExclusiveStartKey"] = {PARTITION_KEY: {"S": device_id}, SORT_KEY: {"S": after}}
        if limit is not None:
            request["Limit"] = max(1, limit)
        return odd_text.dumps(request)

    def _creates(self) -> ConditionalCreates:
        from l3kit.clouds.aws.data.creates import ConditionalCreates

        if self._kept_creates is None:
            self._kept_creates = ConditionalCreates(self._table, self._bounded)
        return self._kept_creates

    async def _write(self, kind: str, batch: Sequence[bytes]) -> None:
        retry, resource = self._table.client.retry, f"table {self._table.name}"

        async def once(requests: bytes) -> bytes:
            """Send the requests; return those that DynamoDB left unprocessed."""
            content = odd_text.loads((await self._table.send("BatchWriteItem", kind, self._batch(requests))).body)
            self._table.count_write(content)
            left = content.get("UnprocessedItems")
            return odd_text.dumps(left[self._table.name]) if left else b""

        await retry.until_none_left(self.usage, kind, resource, b"[%b]" % b",".join(batch), once)

    def _batch(self, requests: bytes) -> bytes:
        return b'{"ReturnConsumedCapacity":"TOTAL","RequestItems":{%b:%b}}' % (orjson.dumps(self._table.name), requests)
