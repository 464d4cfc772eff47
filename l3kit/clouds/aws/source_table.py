"""Foreign DynamoDB tables whose items `load` copies, with DescribeTable, Query and Scan alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from l3kit.clouds.aws.data import odd_text
from l3kit.clouds.aws.data.dynamodb import DynamoTable, Wire
from l3kit.clouds.aws.data.items import to_chunk_json
from l3kit.clouds.ports.source_table import SourceFacts, SourceItem, SourcePage
from l3kit.errors import ConfigurationError, ItemRefusedError, StoreError
from l3kit.tiering.format.time_ranges import MAX_SORT_KEY

SEGMENTS = 4
UNIT_BYTES = 4096
"""Bytes that a strongly consistent read unit reads."""
SHARE = 0.5
"""Default share of a table's provisioned read capacity."""
DEVICES = "devices"
_MISSING = frozenset({"ResourceNotFoundException"})
_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_READABLE = ("ACTIVE", "UPDATING")
_GREATEST: Mapping[str, Wire] = {
    "S": {"S": MAX_SORT_KEY},
    "N": {"N": f"9.{'9' * 37}E+125"},
    "B": {"B": "/" * 1364 + "/w=="},  # 1,024 bytes 0xff
}
"""The greatest sort key of each type."""


def check_table_name(name: str) -> None:
    """Check a table's name. Raises: ConfigurationError."""
    if not _NAME.fullmatch(name):
        remedy = "Give the name of a table in the account and region of the twin, not an ARN"
        raise ConfigurationError(f"table {name}", "is not the name of a DynamoDB table", remedy)


class DynamoSource:
    """`SourceTable` on one table. `own`: the twin's tables, and what each is."""

    def __init__(self, table: DynamoTable, own: Mapping[str, str]) -> None:
        self._table = table
        self._own = own
        self._resource = f"table {table.name}"
        self.usage = table.client.usage

    async def facts(self) -> SourceFacts:
        """Capacity and size from DescribeTable; AWS counts items about every six hours."""
        if (what := self._own.get(self._table.name)) is not None:
            raise ConfigurationError(self._resource, f"is the twin's own {what}", "Name the table to copy from")
        body = odd_text.dumps({"TableName": self._table.name})
        answer = await self._table.send("DescribeTable", "describe", body, _MISSING)
        if answer.code:
            remedy = "Check the name, and that the session is in the account and region of the table"
            raise ConfigurationError(self._resource, "is not there", remedy)
        table: dict[str, Any] = odd_text.loads(answer.body)["Table"]
        if table["TableStatus"] not in _READABLE:
            cause = f"is {table['TableStatus'].lower()}, and cannot be read"
            raise ConfigurationError(self._resource, cause, "Wait until it is active")
        keys = tuple(key["AttributeName"] for key in sorted(table["KeySchema"], key=lambda key: str(key["KeyType"])))
        size, count = int(table.get("TableSizeBytes", 0)), int(table.get("ItemCount", 0))
        units = size / UNIT_BYTES if count else None
        provisioned = _provisioned(table)
        return SourceFacts(
            self._resource,
            f"{table.get('TableId', '')} {table.get('CreationDateTime', '')}",
            keys,
            count or None,
            units,
            _capacity(provisioned, units),
            provisioned * SHARE,
        )

    def reading(self, facts: SourceFacts, device: str) -> DynamoReading:
        """Query by device if the device is the partition key, and there is a sort key; otherwise Scan."""
        by_device = facts.keys[0] == device and len(facts.keys) > 1
        return DynamoReading(self._table, facts.keys, by_device, _reason(facts.keys, device, by_device))

    async def close(self) -> None:
        self._table.client.close()


def _provisioned(table: Mapping[str, Any]) -> float:
    """Read units per second of a table with provisioned capacity; 0 for one on demand."""
    if table.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST":
        return 0.0
    return float(table.get("ProvisionedThroughput", {}).get("ReadCapacityUnits", 0))


def _capacity(provisioned: float, units: float | None) -> str:
    if units is None:
        takes = "DynamoDB has not counted the items yet, so what reading takes is not known"
    else:
        takes = f"reading everything takes about {max(1, round(units)):,} read units"
    if not provisioned:
        return f"on demand; {takes}"
    return f"{provisioned:,.0f} read units a second are provisioned; {takes}"


def _reason(keys: Sequence[str], device: str, by_device: bool) -> str:
    if by_device:
        return f"device by device with Query, since its partition key {keys[0]!r} is the device"
    why = f"its partition key {keys[0]!r} is not the device"
    if keys[0] == device:
        why = "it has no sort key, so each device has one item"
    return f"with Scan in {SEGMENTS} segments, since {why}"


@dataclass(frozen=True, slots=True)
class DynamoReading:
    """`SourceReading` on one table. All reads are strongly consistent."""

    table: DynamoTable
    keys: Sequence[str]
    by_device: bool
    reason: str

    @property
    def parts(self) -> Sequence[str]:
        return (DEVICES,) if self.by_device else tuple(f"segment {n + 1} of {SEGMENTS}" for n in range(SEGMENTS))

    async def read(self, part: str, after: str | None, most: int) -> SourcePage:
        if part == DEVICES:
            return await self._query(after, most)
        start = {} if after is None else {"ExclusiveStartKey": odd_text.loads(after.encode())}
        segment = {"Segment": self.parts.index(part), "TotalSegments": SEGMENTS}
        content = await self._ask("Scan", "scan", {**segment, **start, "Limit": most})
        last = content.get("LastEvaluatedKey")
        return SourcePage(self._items(content), _place(last) if last else None, _units(content))

    async def _query(self, after: str | None, most: int) -> SourcePage:
        """Continue with the present device; at its end, find the next one first."""
        at: dict[str, Any] = {} if after is None else odd_text.loads(after.encode())
        units = 0.0
        if "key" not in at:
            found, units = await self._device_after(at)
            if found is None:
                return SourcePage((), None, units)
            at = found
        device, start = {"device": at["device"], "type": at["type"]}, {}
        if "key" in at:
            start = {"ExclusiveStartKey": {self.keys[0]: at["device"], self.keys[1]: at["key"]}}
        request = {
            "KeyConditionExpression": "#d = :d",
            "ExpressionAttributeNames": {"#d": self.keys[0]},
            "ExpressionAttributeValues": {":d": at["device"]},
            "Limit": most,
        }
        content = await self._ask("Query", "query", {**request, **start})
        last = content.get("LastEvaluatedKey")
        after_device = _place(device)
        after_page = _place({**device, "key": last[self.keys[1]]}) if last else after_device
        return SourcePage(self._items(content), after_page, units + _units(content), after_device)

    async def _device_after(self, at: Mapping[str, Any]) -> tuple[dict[str, Any] | None, float]:
        """Find the next device by a Scan of one item that begins after the greatest possible key of the present one.

        Source: https://aws.amazon.com/blogs/database/generate-a-distinct-set-of-partition-keys-for-an-amazon-dynamodb-table-efficiently/
        """
        partition, sort = self.keys
        request: dict[str, Any] = {
            "ProjectionExpression": "#d, #s",
            "ExpressionAttributeNames": {"#d": partition, "#s": sort},
            "Limit": 1,
        }
        if at:
            request["ExclusiveStartKey"] = {partition: at["device"], sort: _GREATEST[at["type"]]}
        content = await self._ask("Scan", "scan", request)
        if not content["Items"]:
            return None, _units(content)
        (item,) = content["Items"]
        if item[partition] == at.get("device"):
            raise StoreError(f"table {self.table.name}", "lists a device again whose items were read", "Run it again")
        return {"device": item[partition], "type": next(iter(item[sort]))}, _units(content)

    def _items(self, content: Mapping[str, Any]) -> list[SourceItem]:
        return [self._item(wire) for wire in content["Items"]]

    def _item(self, wire: Mapping[str, Wire]) -> SourceItem:
        raw = {name: wire[name] for name in self.keys}
        key = json.dumps(raw)  # escapes what is no text
        try:
            key = to_chunk_json(raw).decode()
            return SourceItem(key, to_chunk_json(wire))
        except ItemRefusedError as error:
            return SourceItem(key, json.dumps(wire).encode(), odd_text.printable(error.cause))

    async def _ask(self, operation: str, kind: str, request: Mapping[str, Any]) -> dict[str, Any]:
        common = {"TableName": self.table.name, "ReturnConsumedCapacity": "TOTAL", "ConsistentRead": True}
        answer = await self.table.send(operation, kind, odd_text.dumps({**common, **request}), _MISSING)
        if answer.code:
            cause = "no longer exists: it was deleted while it was read"
            raise StoreError(f"table {self.table.name}", cause, "What was copied by then is in the hot tier")
        content: dict[str, Any] = odd_text.loads(answer.body)
        self.table.count_read(content)
        return content


def _place(value: Mapping[str, Any]) -> str:
    return odd_text.dumps(value).decode()


def _units(content: Mapping[str, Any]) -> float:
    return float(content.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0))
