"""The stub's DynamoDB: a telemetry table with the real paging and deletes, and a journal table.

Responses are built from encoded wire JSON, so that serving a page of 1 MiB takes about a millisecond.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping

import orjson

from benchmarks.dataset import DEVICES, device_ids, device_items
from benchmarks.rates.dynamodb import EXCEEDED, Direction, Throttled
from benchmarks.stub_expressions import Refused, Statement, check_condition, key_conditions, statement
from benchmarks.stub_limits import Meter
from benchmarks.stub_partitions import Partition, Wire, stored_size, write_units

Action = Callable[[Wire], bytes]


class Tables:
    """The telemetry table, under any name, and the journal, for requests with the key `name`.

    Args:
        devices: number of devices that share the items.
        meter: counts units, and refuses what exceeds the limits; by default there are none.
    """

    def __init__(self, item_count: int, devices: int = len(DEVICES), meter: Meter | None = None) -> None:
        share, rest = divmod(item_count, devices)
        self.partitions = {
            device_id: Partition(list(device_items(number, share + (number < rest))))
            for number, device_id in enumerate(device_ids(devices))
        }
        self.journal: dict[str, Wire] = {}
        self.meter = meter or Meter(None)
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
        refused = self.meter.refused
        try:
            return action(orjson.loads(body))
        finally:
            if self.meter.refused > refused:
                self.meter.throttle(operation)

    def _take(self, direction: Direction, table: str, key: str, units: float) -> None:
        """Take the units of a request's only item or page. Raises: Refused if they are not there."""
        throttled = self.meter.take(direction, table, key, units)
        if throttled is not None:
            raise _refused(throttled)

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
        self._take("read", request["TableName"], device_id, units)
        return answer + _consumed(request, request["TableName"], units) + b"}"

    def _batch_write(self, request: Wire) -> bytes:
        tables = request["RequestItems"]
        if sum(map(len, tables.values())) > 25:
            raise Refused("ValidationException", "Too many items requested for the BatchWriteItem call")
        spent, left = 0, {}
        for table, actions in tables.items():
            if len({str(action) for action in actions}) < len(actions):
                raise Refused("ValidationException", "Provided list of item keys contains duplicates")
            units = [self._put_or_delete(table, action) for action in actions]
            spent += sum(units)
            if unprocessed := [action for action, taken in zip(actions, units, strict=True) if not taken]:
                left[table] = unprocessed
        if not spent:
            raise Refused(EXCEEDED, "None of the items could be processed for want of throughput")
        consumed = _consumed(request, next(iter(tables)), spent, listed=True)
        return b'{"UnprocessedItems":%b%b}' % (orjson.dumps(left), consumed)

    def _put_or_delete(self, table: str, action: Wire) -> int:
        """Returns: write units; 0 if it was throttled."""
        if "PutRequest" in action:
            item = action["PutRequest"]["Item"]
            key, size = item, stored_size(item)
        else:
            item, key, size = None, action["DeleteRequest"]["Key"], 0
        device_id, sort_key = key["iotDeviceId"]["S"], key["id"]["S"]
        partition = self._partition(device_id)
        units = partition.write_units(sort_key, size)
        if self.meter.take("write", table, device_id, units) is not None:
            return 0
        if item is None:
            partition.delete(sort_key)
        else:
            partition.put(sort_key, orjson.dumps(item), size)
        return units

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
        consumed = _consumed(request, table, units, listed=True)
        return b'{"Responses":[%b]%b}' % (b",".join(responses), consumed)

    def _insert(self, parsed: Statement, parameters: list[Wire]) -> tuple[bytes, int]:
        """Carry out an INSERT. Returns: what is said of it, and write units."""
        item = dict(zip(parsed.names, parameters, strict=True))
        device_id, sort_key = item["iotDeviceId"]["S"], item["id"]["S"]
        partition, size = self._partition(device_id), stored_size(item)
        exists = partition.find(sort_key) is not None
        units = 1 if exists else partition.write_units(sort_key, size)
        if throttled := self.meter.take("write", parsed.table, device_id, units):
            return _error(throttled.statement_code, throttled.message), 0
        if exists:
            return _error("DuplicateItem", "Duplicate primary key exists in table"), units
        partition.put(sort_key, orjson.dumps(item), size)
        return b"", units

    def _compare_and_delete(self, parsed: Statement, parameters: list[Wire]) -> tuple[bytes, int]:
        """Carry out a DELETE. Returns: what is said of it, and write units."""
        wanted = dict(zip(parsed.names, parameters, strict=True))
        device_id, sort_key = wanted["iotDeviceId"]["S"], wanted["id"]["S"]
        partition = self._partition(device_id)
        units = partition.write_units(sort_key)
        if throttled := self.meter.take("write", parsed.table, device_id, units):
            return _error(throttled.statement_code, throttled.message), 0
        index = partition.find(sort_key)
        if index is None:
            return b"", units
        if wanted.items() <= orjson.loads(partition.items[index]).items():
            partition.delete(sort_key)
            return b',"Item":' + partition.items[index], units
        return _error("ConditionalCheckFailed", "The conditional request failed"), units

    def _delete(self, request: Wire) -> bytes:
        device_id, sort_key = request["Key"]["iotDeviceId"]["S"], request["Key"]["id"]["S"]
        partition = self._partition(device_id)
        units = partition.write_units(sort_key)
        self._take("write", request["TableName"], device_id, units)
        index = partition.find(sort_key)
        check_condition(request, None if index is None else orjson.loads(partition.items[index]))
        partition.delete(sort_key)
        return b"{" + _consumed(request, request["TableName"], units).lstrip(b",") + b"}"

    def _get(self, request: Wire) -> bytes:
        item = self._record(request["Key"])
        units = max(1, -(-stored_size(item or {}) // 4096)) * (1.0 if request.get("ConsistentRead") else 0.5)
        self._take("read", request["TableName"], _partition_key(request["Key"]), units)
        told = b"" if item is None else b',"Item":' + orjson.dumps(item)
        return b"{" + (told + _consumed(request, request["TableName"], units)).lstrip(b",") + b"}"

    def _batch_get(self, request: Wire) -> bytes:
        tables = request["RequestItems"]
        if sum(len(wanted["Keys"]) for wanted in tables.values()) > 100:
            raise Refused("ValidationException", "Too many items requested for the BatchGetItem call")
        responses: dict[str, list[Wire]] = {}
        spent, left = 0.0, {}
        for table, wanted in tables.items():
            share, unread = (1.0 if wanted.get("ConsistentRead") else 0.5), []
            responses[table] = []
            for key in wanted["Keys"]:
                item = self._record(key)
                units = share * max(1, -(-stored_size(item or {}) // 4096))
                if self.meter.take("read", table, _partition_key(key), units) is not None:
                    unread.append(key)
                    continue
                spent += units
                responses[table] += [] if item is None else [item]
            if unread:
                left[table] = {**wanted, "Keys": unread}
        if not spent:
            raise Refused(EXCEEDED, "None of the items could be read for want of throughput")
        consumed = _consumed(request, next(iter(tables)), spent, listed=True)
        return b'{"UnprocessedKeys":%b,"Responses":%b%b}' % (orjson.dumps(left), orjson.dumps(responses), consumed)

    def _put(self, request: Wire) -> bytes:
        item = request["Item"]
        before = self._record(item)
        size = stored_size(item)
        units = write_units(max(size, stored_size(before or {})))
        self._take("write", request["TableName"], _partition_key(item), units)
        check_condition(request, before)
        if "name" in item:
            self.journal[item["name"]["S"]] = item
        else:
            self._partition(item["iotDeviceId"]["S"]).put(item["id"]["S"], orjson.dumps(item), size)
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


def _partition_key(key: Wire) -> str:
    return str(key["name" if "name" in key else "iotDeviceId"]["S"])


def _refused(throttled: Throttled) -> Refused:
    return Refused(throttled.exception, throttled.message, reason=throttled.reason)


def _error(code: str, message: str) -> bytes:
    """What a batch says of a statement that had no effect."""
    return b',"Error":' + orjson.dumps({"Code": code, "Message": message})
