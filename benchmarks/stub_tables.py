"""The stub's DynamoDB: a telemetry table with the real paging and deletes, and a journal table.

Responses are built from encoded wire JSON, so that serving a page of 1 MiB takes about a millisecond.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import orjson

from benchmarks.dataset import DEVICES, device_items

PAGE_BYTES = 1024 * 1024
Wire = dict[str, Any]
Action = Callable[[Wire], bytes]

_COMPARISON = re.compile(r"([#\w]+)\s*(<=|>=|=|<|>)\s*(:\w+)")
_BETWEEN = re.compile(r"([#\w]+)\s+BETWEEN\s+(:\w+)\s+AND\s+(:\w+)", re.IGNORECASE)
_CLAUSE = re.compile(r"(attribute_not_exists|attribute_exists)\s*\(\s*([#\w]+)\s*\)|([#\w]+)\s*=\s*(:\w+)")

_COMPARED = re.compile(r'"((?:[^"]|"")+)"=\?')
_DELETE = re.compile(
    rf'DELETE FROM "(?P<table>[\w.-]+)" '
    rf"WHERE (?P<where>{_COMPARED.pattern}(?: AND {_COMPARED.pattern})*) RETURNING ALL OLD \*"
)


class Refused(Exception):
    """A response with status 400 and DynamoDB's error type."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Partition:
    """One device's items. `alive[i]` is 1 until item i is deleted."""

    def __init__(self, items: list[tuple[str, bytes]]) -> None:
        self.sort_keys = [sort_key for sort_key, _ in items]
        self.items = [item for _, item in items]
        self.sizes = [stored_size(orjson.loads(item)) for item in self.items]
        self.alive = bytearray(b"\x01" * len(items))

    def page(self, low: int, high: int, limit: int) -> tuple[list[int], int | None]:
        """Indices of the next page in [low, high), and the last one if the page ended early."""
        taken: list[int] = []
        size = 0
        index = self.alive.find(1, low, high)
        while index != -1:
            size += self.sizes[index]
            taken.append(index)
            if size > PAGE_BYTES or len(taken) == limit:
                return taken, index
            index = self.alive.find(1, index + 1, high)
        return taken, None

    def find(self, sort_key: str) -> int | None:
        index = bisect_left(self.sort_keys, sort_key)
        found = index < len(self.sort_keys) and self.sort_keys[index] == sort_key and self.alive[index]
        return index if found else None

    def delete(self, sort_key: str) -> int:
        """Delete an item. Returns: write units, one per started KiB."""
        index = self.find(sort_key)
        if index is None:
            return 1
        self.alive[index] = 0
        return max(1, -(-self.sizes[index] // 1024))


class Tables:
    """The telemetry table, under any name, and the journal, for requests with the key `name`."""

    def __init__(self, item_count: int) -> None:
        share, rest = divmod(item_count, len(DEVICES))
        self.partitions = {
            device_id: Partition(list(device_items(number, share + (number < rest))))
            for number, device_id in enumerate(DEVICES)
        }
        self.journal: dict[str, Wire] = {}
        self.units = {"read": 0.0, "write": 0.0}
        self.actions: Mapping[str, Action] = {
            "Query": self._query,
            "BatchExecuteStatement": self._execute,
            "BatchWriteItem": self._batch_write,
            "DeleteItem": self._delete,
            "GetItem": self._get,
            "PutItem": self._put,
        }

    def answer(self, operation: str, body: bytes) -> bytes:
        """Handle an operation. Raises: Refused for what the real service would refuse or the stub does not support."""
        action = self.actions.get(operation)
        if action is None:
            raise Refused("UnknownOperationException", f"the stub does not speak {operation}")
        return action(orjson.loads(body))

    def _partition(self, device_id: str) -> Partition:
        return self.partitions.get(device_id) or Partition([])

    def _query(self, request: Wire) -> bytes:
        for unknown in ("FilterExpression", "ProjectionExpression", "IndexName", "Select"):
            if unknown in request:
                raise Refused("ValidationException", f"the stub does not speak {unknown}")
        if request.get("ScanIndexForward") is False:
            raise Refused("ValidationException", "the stub reads forward only")
        equal, bounds = _key_conditions(request)
        device_id = equal["iotDeviceId"]
        partition = self._partition(device_id)
        low, high = 0, len(partition.sort_keys)
        for sign, value in bounds:
            if sign in (">", ">="):
                low = max(low, (bisect_right if sign == ">" else bisect_left)(partition.sort_keys, value))
            else:
                high = min(high, (bisect_left if sign == "<" else bisect_right)(partition.sort_keys, value))
        if start := request.get("ExclusiveStartKey"):
            low = max(low, bisect_right(partition.sort_keys, start["id"]["S"]))
        taken, last = partition.page(low, high, request.get("Limit", 0))
        size = sum(partition.sizes[index] for index in taken)
        answer = b'{"Count":%d,"ScannedCount":%d,"Items":[%b]' % (
            len(taken),
            len(taken),
            b",".join([partition.items[index] for index in taken]),
        )
        if last is not None:
            key = {"iotDeviceId": {"S": device_id}, "id": {"S": partition.sort_keys[last]}}
            answer += b',"LastEvaluatedKey":' + orjson.dumps(key)
        units = -(-size // 4096) * (1.0 if request.get("ConsistentRead") else 0.5)
        self.units["read"] += units
        return answer + _consumed(request, request["TableName"], units) + b"}"

    def _batch_write(self, request: Wire) -> bytes:
        tables = request["RequestItems"]
        if sum(map(len, tables.values())) > 25:
            raise Refused("ValidationException", "Too many items requested for the BatchWriteItem call")
        units = 0
        for actions in tables.values():
            if len({str(action) for action in actions}) < len(actions):
                raise Refused("ValidationException", "Provided list of item keys contains duplicates")
            for action in actions:
                if "DeleteRequest" not in action:
                    raise Refused("ValidationException", "the stub's batches only delete")
                key = action["DeleteRequest"]["Key"]
                partition = self._partition(key["iotDeviceId"]["S"])
                units += partition.delete(key["id"]["S"])
        self.units["write"] += units
        consumed = _consumed(request, next(iter(tables)), units, listed=True)
        return b'{"UnprocessedItems":{}' + consumed + b"}"

    def _execute(self, request: Wire) -> bytes:
        statements = request["Statements"]
        if len(statements) > 25:
            raise Refused("ValidationException", "BatchWriteItem cannot write more than 25 items")
        if any(len(one["Statement"]) > 8192 for one in statements):
            raise Refused("ValidationException", "Member must have length less than or equal to 8192")
        responses, units = [], 0
        for one in statements:
            table, names = _delete_statement(one["Statement"])
            wanted = dict(zip(names, one["Parameters"], strict=True))
            partition = self._partition(wanted["iotDeviceId"]["S"])
            index = partition.find(wanted["id"]["S"])
            told = b'{"TableName":%b' % orjson.dumps(table)
            if index is None:
                units += 1
            elif wanted.items() <= orjson.loads(partition.items[index]).items():
                units += partition.delete(wanted["id"]["S"])
                told += b',"Item":' + partition.items[index]
            else:
                units += max(1, -(-partition.sizes[index] // 1024))
                told += b',"Error":{"Code":"ConditionalCheckFailed","Message":"The conditional request failed"}'
            responses.append(told + b"}")
        self.units["write"] += units
        consumed = _consumed(request, table, units, listed=True)
        return b'{"Responses":[%b]%b}' % (b",".join(responses), consumed)

    def _delete(self, request: Wire) -> bytes:
        key = request["Key"]
        partition = self._partition(key["iotDeviceId"]["S"])
        index = partition.find(key["id"]["S"])
        _check_condition(request, None if index is None else orjson.loads(partition.items[index]))
        units = partition.delete(key["id"]["S"])
        self.units["write"] += units
        return b"{" + _consumed(request, request["TableName"], units).lstrip(b",") + b"}"

    def _get(self, request: Wire) -> bytes:
        item = self._record(request["Key"])
        self.units["read"] += -(-stored_size(item or {}) // 4096) or 1
        return orjson.dumps({} if item is None else {"Item": item})

    def _put(self, request: Wire) -> bytes:
        item = request["Item"]
        if "name" not in item:
            raise Refused("ValidationException", "the stub keeps its telemetry as it was generated")
        _check_condition(request, self.journal.get(item["name"]["S"]))
        sizes = [stored_size(one) for one in (item, self.journal.get(item["name"]["S"], {}))]
        self.journal[item["name"]["S"]] = item
        units = -(-max(sizes) // 1024)
        self.units["write"] += units
        return b"{" + _consumed(request, request["TableName"], units).lstrip(b",") + b"}"

    def _record(self, key: Wire) -> Wire | None:
        if "name" in key:
            return self.journal.get(key["name"]["S"])
        partition = self._partition(key["iotDeviceId"]["S"])
        index = partition.find(key["id"]["S"])
        return None if index is None else orjson.loads(partition.items[index])


@lru_cache
def _delete_statement(text: str) -> tuple[str, list[str]]:
    """Parse a delete statement: table and compared attributes, in order."""
    match = _DELETE.fullmatch(text)
    if match is None:
        raise Refused("ValidationException", "the stub only knows deletes that compare attributes and return the item")
    return match["table"], [name.replace('""', '"') for name in _COMPARED.findall(match["where"])]


def stored_size(item: Wire) -> int:
    """Size of an item as counted by DynamoDB: names and values, numbers at half a byte per digit."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Wire) -> int:
    kind, content = next(iter(value.items()))
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return (len(content) + 1) // 2 + 1
    if kind == "M":
        return 3 + sum(len(name.encode()) + _value_size(part) + 1 for name, part in content.items())
    if kind == "L":
        return 3 + sum(_value_size(part) + 1 for part in content)
    if kind == "B":
        return len(content) * 3 // 4
    return 1


def _named(request: Wire, name: str) -> str:
    return request.get("ExpressionAttributeNames", {}).get(name, name) if name.startswith("#") else name


def _key_conditions(request: Wire) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Parse a KeyConditionExpression: the partition key's value by name, and the bounds of the sort key."""
    text = request["KeyConditionExpression"]
    values = request["ExpressionAttributeValues"]
    bounds = []
    for _, low, high in _BETWEEN.findall(text):
        bounds += [(">=", values[low]["S"]), ("<=", values[high]["S"])]
    equal = {}
    for name, sign, value in _COMPARISON.findall(_BETWEEN.sub("", text)):
        if sign == "=":
            equal[_named(request, name)] = values[value]["S"]
        else:
            bounds.append((sign, values[value]["S"]))
    if "iotDeviceId" not in equal:
        raise Refused("ValidationException", "Query condition missed key schema element: iotDeviceId")
    return equal, bounds


def _check_condition(request: Wire, item: Wire | None) -> None:
    """Evaluate a ConditionExpression of equalities and attribute_(not_)exists, as OR of ANDs."""
    text = request.get("ConditionExpression")
    if text and not any(_all_hold(request, part, item) for part in text.split(" OR ")):
        raise Refused("ConditionalCheckFailedException", "The conditional request failed")


def _all_hold(request: Wire, text: str, item: Wire | None) -> bool:
    values = request.get("ExpressionAttributeValues", {})
    results = []
    for function, argument, name, value in _CLAUSE.findall(text):
        if function:
            there = item is not None and _named(request, argument) in item
            results.append(there == (function == "attribute_exists"))
        else:
            results.append(item is not None and item.get(_named(request, name)) == values[value])
    return bool(results) and all(results)


def _consumed(request: Wire, table: str, units: float, *, listed: bool = False) -> bytes:
    if request.get("ReturnConsumedCapacity", "NONE") == "NONE":
        return b""
    entry = {"TableName": table, "CapacityUnits": float(units)}
    return b',"ConsumedCapacity":' + orjson.dumps([entry] if listed else entry)
