"""The stub's DynamoDB: a telemetry table with the real paging and deletes, and a journal table.

Responses are built from encoded wire JSON, so that serving a page of 1 MiB takes about a millisecond.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping

import orjson

from benchmarks.dataset import DEVICES, device_items
from benchmarks.stub_expressions import Refused, Statement, check_condition, key_conditions, statement
from benchmarks.stub_partitions import Partition, Wire, stored_size, write_units

Action = Callable[[Wire], bytes]


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
            "BatchGetItem": self._batch_get,
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
        return self.partitions.setdefault(device_id, Partition([]))

    def _query(self, request: Wire) -> bytes:
        for unknown in ("FilterExpression", "ProjectionExpression", "IndexName", "Select"):
            if unknown in request:
                raise Refused("ValidationException", f"the stub does not speak {unknown}")
        if request.get("ScanIndexForward") is False:
            raise Refused("ValidationException", "the stub reads forward only")
        equal, bounds = key_conditions(request)
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
        units = max(1, -(-size // 4096)) * (1.0 if request.get("ConsistentRead") else 0.5)
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
                units += self._put_or_delete(action)
        self.units["write"] += units
        consumed = _consumed(request, next(iter(tables)), units, listed=True)
        return b'{"UnprocessedItems":{}' + consumed + b"}"

    def _put_or_delete(self, action: Wire) -> int:
        """Returns: write units."""
        if "PutRequest" in action:
            item = action["PutRequest"]["Item"]
            return self._partition(item["iotDeviceId"]["S"]).put(item["id"]["S"], orjson.dumps(item))
        key = action["DeleteRequest"]["Key"]
        return self._partition(key["iotDeviceId"]["S"]).delete(key["id"]["S"])

    def _execute(self, request: Wire) -> bytes:
        statements = request["Statements"]
        if len(statements) > 25:
            raise Refused("ValidationException", "BatchWriteItem cannot write more than 25 items")
        if any(len(one["Statement"]) > 8192 for one in statements):
            raise Refused("ValidationException", "Member must have length less than or equal to 8192")
        responses, units, table = [], 0, ""
        for one in statements:
            parsed = statement(one["Statement"])
            table = parsed.table
            told, spent = (self._insert if parsed.inserts else self._compare_and_delete)(parsed, one["Parameters"])
            responses.append(b'{"TableName":%b%b}' % (orjson.dumps(table), told))
            units += spent
        self.units["write"] += units
        consumed = _consumed(request, table, units, listed=True)
        return b'{"Responses":[%b]%b}' % (b",".join(responses), consumed)

    def _insert(self, parsed: Statement, parameters: list[Wire]) -> tuple[bytes, int]:
        """Carry out an INSERT. Returns: what is said of it, and write units."""
        item = dict(zip(parsed.names, parameters, strict=True))
        sort_key = item["id"]["S"]
        partition = self._partition(item["iotDeviceId"]["S"])
        if partition.find(sort_key) is not None:
            return _error("DuplicateItem", "Duplicate primary key exists in table"), 1
        return b"", partition.put(sort_key, orjson.dumps(item))

    def _compare_and_delete(self, parsed: Statement, parameters: list[Wire]) -> tuple[bytes, int]:
        """Carry out a DELETE. Returns: what is said of it, and write units."""
        wanted = dict(zip(parsed.names, parameters, strict=True))
        sort_key = wanted["id"]["S"]
        partition = self._partition(wanted["iotDeviceId"]["S"])
        index = partition.find(sort_key)
        if index is None:
            return b"", 1
        if wanted.items() <= orjson.loads(partition.items[index]).items():
            return b',"Item":' + partition.items[index], partition.delete(sort_key)
        return _error("ConditionalCheckFailed", "The conditional request failed"), write_units(partition.sizes[index])

    def _delete(self, request: Wire) -> bytes:
        key = request["Key"]
        partition = self._partition(key["iotDeviceId"]["S"])
        index = partition.find(key["id"]["S"])
        check_condition(request, None if index is None else orjson.loads(partition.items[index]))
        units = partition.delete(key["id"]["S"])
        self.units["write"] += units
        return b"{" + _consumed(request, request["TableName"], units).lstrip(b",") + b"}"

    def _get(self, request: Wire) -> bytes:
        item = self._record(request["Key"])
        units = max(1, -(-stored_size(item or {}) // 4096)) * (1.0 if request.get("ConsistentRead") else 0.5)
        self.units["read"] += units
        told = b"" if item is None else b',"Item":' + orjson.dumps(item)
        return b"{" + (told + _consumed(request, request["TableName"], units)).lstrip(b",") + b"}"

    def _batch_get(self, request: Wire) -> bytes:
        tables = request["RequestItems"]
        if sum(len(wanted["Keys"]) for wanted in tables.values()) > 100:
            raise Refused("ValidationException", "Too many items requested for the BatchGetItem call")
        responses, units = {}, 0.0
        for table, wanted in tables.items():
            found = [item for key in wanted["Keys"] if (item := self._record(key)) is not None]
            share = 1.0 if wanted.get("ConsistentRead") else 0.5
            units += share * sum(-(-stored_size(item) // 4096) for item in found)
            units += share * (len(wanted["Keys"]) - len(found))
            responses[table] = found
        self.units["read"] += units
        consumed = _consumed(request, next(iter(tables)), units, listed=True)
        return b'{"UnprocessedKeys":{},"Responses":%b%b}' % (orjson.dumps(responses), consumed)

    def _put(self, request: Wire) -> bytes:
        item = request["Item"]
        before = self._record(item)
        check_condition(request, before)
        if "name" in item:
            self.journal[item["name"]["S"]] = item
            units = write_units(max(stored_size(one) for one in (item, before or {})))
        else:
            units = self._partition(item["iotDeviceId"]["S"]).put(item["id"]["S"], orjson.dumps(item))
        self.units["write"] += units
        returned = request.get("ReturnValues") == "ALL_OLD" and before is not None
        told = b',"Attributes":' + orjson.dumps(before) if returned else b""
        return b"{" + (told + _consumed(request, request["TableName"], units)).lstrip(b",") + b"}"

    def _record(self, key: Wire) -> Wire | None:
        if "name" in key:
            return self.journal.get(key["name"]["S"])
        partition = self._partition(key["iotDeviceId"]["S"])
        index = partition.find(key["id"]["S"])
        return None if index is None else orjson.loads(partition.items[index])


def _consumed(request: Wire, table: str, units: float, *, listed: bool = False) -> bytes:
    if request.get("ReturnConsumedCapacity", "NONE") == "NONE":
        return b""
    entry = {"TableName": table, "CapacityUnits": float(units)}
    return b',"ConsumedCapacity":' + orjson.dumps([entry] if listed else entry)


def _error(code: str, message: str) -> bytes:
    """What a batch says of a statement that had no effect."""
    return b',"Error":' + orjson.dumps({"Code": code, "Message": message})
