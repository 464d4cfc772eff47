"""The stub's DynamoDB throttles as the service does: statements one by one, batches by what is left, pages whole."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from benchmarks.dataset import device_ids, device_items
from benchmarks.rates.dynamodb import DynamoLimits, provisioned
from benchmarks.rates.objects import S3, ObjectBudget
from benchmarks.stub import Store
from benchmarks.stub_expressions import Refused
from benchmarks.stub_limits import Meter
from benchmarks.stub_tables import Tables

DEVICE = "station-00"
DELETE = 'DELETE FROM "hot" WHERE "iotDeviceId"=? AND "id"=? RETURNING ALL OLD *'
KEYS = [key for key, _ in device_items(0, 40)]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def tables(limits: DynamoLimits, clock: Clock, devices: int = 1) -> Tables:
    return Tables(40 * devices, devices, Meter(limits, clock))


def ask(made: Tables, operation: str, **request: Any) -> Any:
    return orjson.loads(made.answer(operation, orjson.dumps({"ReturnConsumedCapacity": "TOTAL", **request})))


def deletes(made: Tables, keys: list[str]) -> Any:
    values = [[{"S": DEVICE}, {"S": key}] for key in keys]
    return ask(made, "BatchExecuteStatement", Statements=[{"Statement": DELETE, "Parameters": one} for one in values])


def key(sort_key: str) -> dict[str, Any]:
    return {"iotDeviceId": {"S": DEVICE}, "id": {"S": sort_key}}


def left(made: Tables) -> int:
    return made.partitions[DEVICE].alive.count(1)


def query(made: Tables) -> Any:
    values = {":d": {"S": DEVICE}, ":b": {"S": "3"}}
    condition = {"KeyConditionExpression": "iotDeviceId = :d AND id < :b", "ExpressionAttributeValues": values}
    return ask(made, "Query", TableName="hot", ConsistentRead=True, **condition)


def test_statements_of_a_batch_are_judged_one_by_one() -> None:
    clock = Clock()
    made = tables(provisioned(100, 10, 1), clock)
    answer = deletes(made, KEYS[:25])
    codes = [response.get("Error", {}).get("Code") for response in answer["Responses"]]
    assert codes == [None] * 10 + ["ProvisionedThroughputExceeded"] * 15
    assert answer["ConsumedCapacity"][0]["CapacityUnits"] == 10
    assert left(made) == 30
    clock.now = 1.0
    again = deletes(made, KEYS[10:15])
    assert not any("Error" in response for response in again["Responses"])
    assert made.meter.throttled == {"BatchExecuteStatement": 1}
    assert made.meter.refused == 15
    assert made.meter.units["write"] == 15


def test_a_batch_write_returns_what_it_left_and_fails_if_it_did_nothing() -> None:
    made = tables(provisioned(100, 10, 1), Clock())
    wanted = [{"DeleteRequest": {"Key": key(sort_key)}} for sort_key in KEYS[:12]]
    answer = ask(made, "BatchWriteItem", RequestItems={"hot": wanted})
    assert answer["UnprocessedItems"] == {"hot": wanted[10:]}
    assert left(made) == 30
    with pytest.raises(Refused) as refused:
        ask(made, "BatchWriteItem", RequestItems={"hot": wanted[10:]})
    assert refused.value.kind == "ProvisionedThroughputExceededException"
    assert made.meter.throttled == {"BatchWriteItem": 2}


def test_a_batch_get_returns_the_keys_that_it_left() -> None:
    made = tables(provisioned(10, 10, 1), Clock())
    wanted = {"Keys": [key(sort_key) for sort_key in KEYS[:12]], "ConsistentRead": True}
    answer = ask(made, "BatchGetItem", RequestItems={"hot": wanted})
    assert len(answer["Responses"]["hot"]) == 10
    assert answer["UnprocessedKeys"] == {"hot": {"ConsistentRead": True, "Keys": wanted["Keys"][10:]}}
    with pytest.raises(Refused, match="could be read"):
        ask(made, "BatchGetItem", RequestItems={"hot": wanted})


def test_a_query_is_answered_whole_or_not_at_all() -> None:
    clock = Clock()
    made = tables(provisioned(4, 10, 1), clock)
    assert query(made)["Count"] == 40
    with pytest.raises(Refused) as refused:
        query(made)
    assert refused.value.kind == "ProvisionedThroughputExceededException"
    assert refused.value.more == {"ThrottlingReasons": [{"reason": "TableReadProvisionedThroughputExceeded"}]}
    clock.now = 3.0
    assert query(made)["Count"] == 40


def test_a_throttled_journal_row_is_not_written() -> None:
    made = tables(provisioned(100, 1, 1), Clock())
    row = {"name": {"S": "device/x"}, "version": {"N": "1"}}
    ask(made, "PutItem", TableName="journal", Item=row)
    with pytest.raises(Refused) as refused:
        ask(made, "PutItem", TableName="journal", Item={**row, "version": {"N": "2"}})
    assert refused.value.kind == "ProvisionedThroughputExceededException"
    assert made.journal["device/x"] == row


def test_a_condition_that_does_not_hold_costs_the_item_in_place() -> None:
    made = tables(provisioned(100, 10, 1), Clock())
    condition = {"ConditionExpression": "attribute_not_exists(id)"}
    with pytest.raises(Refused, match="conditional"):
        ask(made, "DeleteItem", TableName="hot", Key=key(KEYS[0]), **condition)
    assert made.meter.units["write"] == 1


def test_devices_have_partitions_of_their_own() -> None:
    made = tables(provisioned(30_000, 30_000), Clock(), devices=3)
    assert list(made.partitions) == list(device_ids(3))
    for device_id in made.partitions:
        assert made.meter.take("write", "hot", device_id, 1_000) is None
    assert made.meter.take("write", "hot", DEVICE, 1) is not None


def test_without_limits_everything_is_admitted_and_counted() -> None:
    made = Tables(40, 1)
    deletes(made, KEYS[:25])
    assert made.meter.to_json() == {"throttled": {}, "refused": 0, "taken": [["write", "hot", DEVICE, 25.0]]}


def test_requests_beyond_the_object_stores_rate_are_told_to_slow_down() -> None:
    store = Store(Tables(0, meter=Meter(None, Clock())), 0, 0, ObjectBudget(S3))
    answers = [store.handle("PUT", f"/cold/key-{number}", {}, b"[]")[0] for number in range(3_600)]
    refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503")]
    assert b"<Code>SlowDown</Code>" in refused[0]
    assert len(refused) == store.tables.meter.throttled["S3 PUT"] == 100
    assert len(store.objects.stored) == 3_500
