"""The hot tier in DynamoDB: partition key `iotDeviceId`, sort key `id`."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from l3kit.clouds.aws import odd_text
from l3kit.clouds.aws.client import Answer
from l3kit.clouds.aws.dynamodb import DynamoTable
from l3kit.clouds.aws.item_size import check_size
from l3kit.clouds.aws.items import PARTITION_KEY, SORT_KEY, to_chunk_json, to_wire
from l3kit.clouds.aws.pages import decode
from l3kit.clouds.aws.shapes import Shapes
from l3kit.errors import StoreError
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.ports import Page, always
from l3kit.tiering.settings import RewriteGuard

BATCH = 25
"""Requests in one BatchWriteItem (DynamoDB's limit)."""
BATCH_TRIES = 20
"""How often what a BatchWriteItem left unprocessed is sent again."""
CONDITIONAL_FAILED = frozenset({"ConditionalCheckFailedException"})


@dataclass(frozen=True, slots=True)
class _Seen:
    """A page's query, for asking it again, and what its answer was. `units`: read units that it took."""

    device_id: str
    request: bytes
    units: float
    fingerprint: bytes


class DynamoHotStore:
    """The port `HotStore` on one table.

    Args:
        delete_concurrency: batches under way at once, over all devices.
        rewrite_guard: `page` looks at each page again right before its deletes; `conditional` sends a conditional
            delete for each item, which is exact and dear.
    """

    def __init__(
        self, table: DynamoTable, *, delete_concurrency: int = 32, rewrite_guard: RewriteGuard = "page"
    ) -> None:
        self._table = table
        self._guard = rewrite_guard
        self._shapes = Shapes(SORT_KEY)
        self._bounded = Bounded(delete_concurrency)
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
        """See `HotStore.read_page`. A page ends at 1 MB of stored items (DynamoDB's limit)."""
        if since is not None and since >= before:
            return Page([], [], None)
        request = self._query(device_id, before, after, since, limit)
        answer = await self._table.send("Query", "query", request)
        page = decode(answer.body, self._shapes)
        units = self._count_read(page.rest)
        sort_keys, items = page.sort_keys, page.items
        while sort_keys and sort_keys[-1] >= before:  # BETWEEN, used with `since`, includes its upper end
            sort_keys.pop()
            items.pop()
        last = page.rest.get("LastEvaluatedKey")
        next_after = last[SORT_KEY]["S"] if last else None
        return Page(sort_keys, items, next_after, _Seen(device_id, request, units, _fingerprint(answer)), page.refused)

    async def delete_page(
        self,
        page: Page,
        sort_keys: Sequence[str],
        *,
        just_read: bool = False,
        check: Callable[[], None] = always,
        attempt: int = 1,
    ) -> list[str]:
        """See `HotStore.delete_page`; 25 a batch. Left are those of failed batches and the unprocessed ones.

        Under the conditional guard all are left where the page's items have been taken out: they are the condition.
        """
        if not sort_keys:
            return []
        assert isinstance(page.seen, _Seen)
        device_id = page.seen.device_id
        if self._guard == "conditional":
            wanted = set(sort_keys)
            items = {key: item for key, item in zip(page.sort_keys, page.items, strict=False) if key in wanted}
            changed = await self._delete_conditionally(device_id, items, check)
            return changed + [key for key in sort_keys if key not in items]
        if not just_read and not await self._unchanged(page.seen):
            return list(sort_keys)
        left = await self._delete_batches(device_id, sort_keys, check)
        if left:
            await self._table.client.retry.wait(attempt)
        return left

    async def _unchanged(self, seen: _Seen) -> bool:
        """Ask the same Query again; only an answer of the same length and checksum counts as unchanged."""
        answer = await self._table.send("Query", "query", seen.request)
        self.usage.read_units += seen.units  # the answer is not parsed; an unchanged page costs what it did before
        return _fingerprint(answer) == seen.fingerprint

    async def _delete_batches(self, device_id: str, sort_keys: Sequence[str], check: Callable[[], None]) -> list[str]:
        prefix = b'{"DeleteRequest":{"Key":{"%b":{"S":%b},"%b":{"S":' % (
            PARTITION_KEY.encode(),
            orjson.dumps(device_id),
            SORT_KEY.encode(),
        )

        async def delete(batch: Sequence[str]) -> list[str]:
            check()
            requests = b",".join(prefix + orjson.dumps(key) + b"}}}}" for key in batch)
            answer = await self._table.send_once("BatchWriteItem", "batch_delete", self._batch(b"[" + requests + b"]"))
            if answer is None:
                return list(batch)
            content = orjson.loads(answer.body)
            self._count_write(content)
            left = content.get("UnprocessedItems") or {}
            return [entry["DeleteRequest"]["Key"][SORT_KEY]["S"] for entry in left.get(self._table.name, ())]

        batches = [sort_keys[at : at + BATCH] for at in range(0, len(sort_keys), BATCH)]
        results = await self._bounded.run([delete(batch) for batch in batches])
        left = [key for keys in results for key in keys]
        if left:
            self.usage.retried("batch_delete", sum(map(bool, results)))
        return left

    async def _delete_conditionally(
        self, device_id: str, items: Mapping[str, bytes], check: Callable[[], None]
    ) -> list[str]:
        """The condition compares every attribute that the moved item had.

        DynamoDB has no condition on the number of attributes, so a rewrite that only *adds* some is deleted first;
        the answer shows it, and it is put back, unless a newer one has come meanwhile.
        """
        results = await self._bounded.run(
            [self._delete_one(device_id, key, item, check) for key, item in items.items()]
        )
        return [key for key in results if key is not None]

    async def put_items(self, device_id: str, items: Sequence[bytes]) -> None:
        """See `HotStore.put_items`."""
        wire = [to_wire(item) for item in items]
        for one in wire:
            check_size(f"item {one[PARTITION_KEY]['S']}/{one[SORT_KEY]['S']}", one)
        requests = [orjson.dumps({"PutRequest": {"Item": one}}) for one in wire]
        await self._write("batch_put", requests)

    async def last_item(self, device_id: str) -> bytes | None:
        """See `HotStore.last_item`; one item read."""
        request = {
            "KeyConditionExpression": "#d = :d",
            "ExpressionAttributeNames": {"#d": PARTITION_KEY},
            "ExpressionAttributeValues": {":d": {"S": device_id}},
            "ScanIndexForward": False,
            "ConsistentRead": True,
            "Limit": 1,
        }
        content = odd_text.loads((await self._table.call("Query", "query", request)).body)
        self._count_read(content)
        return to_chunk_json(content["Items"][0]) if content["Items"] else None

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

    async def _delete_one(self, device_id: str, sort_key: str, item: bytes, check: Callable[[], None]) -> str | None:
        check()
        wire = to_wire(item)
        attributes = [name for name in wire if name not in (PARTITION_KEY, SORT_KEY)]
        names = {f"#a{n}": name for n, name in enumerate(attributes)} | {"#s": SORT_KEY}
        values = {f":a{n}": wire[name] for n, name in enumerate(attributes)}
        same = " AND ".join(f"#a{n} = :a{n}" for n in range(len(attributes))) or "attribute_exists(#s)"
        request: dict[str, Any] = {
            "Key": {PARTITION_KEY: {"S": device_id}, SORT_KEY: {"S": sort_key}},
            "ConditionExpression": f"attribute_not_exists(#s) OR ({same})",
            "ExpressionAttributeNames": names,
            "ReturnValues": "ALL_OLD",
        }
        if values:
            request["ExpressionAttributeValues"] = values
        answer = await self._table.call("DeleteItem", "conditional_delete", request, CONDITIONAL_FAILED)
        if answer.code:
            return sort_key
        content = orjson.loads(answer.body)
        self._count_write(content)
        old = content.get("Attributes")
        if old and len(old) > len(wire):
            await self._put_back(old)
            return sort_key
        return None

    async def _put_back(self, item: Mapping[str, Any]) -> None:
        request = {
            "Item": item,
            "ConditionExpression": "attribute_not_exists(#s)",
            "ExpressionAttributeNames": {"#s": SORT_KEY},
        }
        answer = await self._table.call("PutItem", "put_back", request, CONDITIONAL_FAILED)
        self._count_write(orjson.loads(answer.body))

    async def _write(self, kind: str, requests: Sequence[bytes]) -> None:
        batches = [requests[at : at + BATCH] for at in range(0, len(requests), BATCH)]
        await self._bounded.run([self._write_batch(kind, batch) for batch in batches])

    async def _write_batch(self, kind: str, batch: Sequence[bytes]) -> None:
        pending = b"[" + b",".join(batch) + b"]"
        for attempt in range(1, BATCH_TRIES + 1):
            answer = await self._table.send("BatchWriteItem", kind, self._batch(pending))
            content = orjson.loads(answer.body)
            self._count_write(content)
            left = content.get("UnprocessedItems")
            if not left:
                return
            pending = orjson.dumps(left[self._table.name])
            self.usage.retried(kind)
            await self._table.client.retry.wait(attempt)
        raise StoreError(
            f"table {self._table.name}",
            f"left items of a batch unprocessed {BATCH_TRIES} times",
            "It is throttled: raise its capacity or run again later",
        )

    def _batch(self, requests: bytes) -> bytes:
        return b'{"ReturnConsumedCapacity":"TOTAL","RequestItems":{%b:%b}}' % (orjson.dumps(self._table.name), requests)

    def _count_read(self, content: Mapping[str, Any]) -> float:
        units = float(content.get("ConsumedCapacity", {}).get("CapacityUnits", 0))
        self.usage.read_units += units
        return units

    def _count_write(self, content: Mapping[str, Any]) -> None:
        consumed = content.get("ConsumedCapacity", [])
        for entry in consumed if isinstance(consumed, list) else [consumed]:
            self.usage.write_units += float(entry.get("CapacityUnits", 0))


def _fingerprint(answer: Answer) -> bytes:
    """Length and CRC-32, which DynamoDB sends along and the client has compared with what arrived."""
    crc = answer.headers.get("x-amz-crc32") or str(zlib.crc32(answer.body))
    return f"{len(answer.body)} {crc}".encode()
