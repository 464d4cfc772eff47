"""The stub answers boto3 as DynamoDB and S3 would, in what the movers use."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import orjson
import pytest
from boto3.dynamodb.conditions import Key
from botocore.exceptions import ClientError

from benchmarks.cells import ask
from benchmarks.dataset import DEVICES, device_items

ITEMS = 60_000
ROOT = Path(__file__).parents[3]
EARLY, LATE = "2026-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.stub", "--items", str(ITEMS)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()
        assert process.wait(60) == 0


def _client(kind: str, endpoint: str, make: Any = boto3.client) -> Any:
    keys = {"aws_access_key_id": "benchmark", "aws_secret_access_key": "benchmark"}
    return make(kind, endpoint_url=endpoint, region_name="eu-central-1", **keys)


@pytest.mark.slow
def test_pages_end_at_one_mebibyte_and_carry_on_without_gap(endpoint: str) -> None:
    table = _client("dynamodb", endpoint, boto3.resource).Table("hot")
    condition = Key("iotDeviceId").eq(DEVICES[1]) & Key("id").lt(LATE)
    page = table.query(KeyConditionExpression=condition)
    seen = [item["id"] for item in page["Items"]]
    assert 3_500 < len(seen) < 4_500
    while start := page.get("LastEvaluatedKey"):
        page = table.query(KeyConditionExpression=condition, ExclusiveStartKey=start, ConsistentRead=True)
        seen += [item["id"] for item in page["Items"]]
    assert seen == [sort_key for sort_key, _ in device_items(1, ITEMS // 10)]


def test_limit_and_bounds_are_kept(endpoint: str) -> None:
    client = _client("dynamodb", endpoint)
    keys = [sort_key for sort_key, _ in device_items(2, 20)]
    answer = client.query(
        TableName="hot",
        KeyConditionExpression="#d = :d AND #t BETWEEN :a AND :b",
        ExpressionAttributeNames={"#d": "iotDeviceId", "#t": "id"},
        ExpressionAttributeValues={":d": {"S": DEVICES[2]}, ":a": {"S": keys[3]}, ":b": {"S": keys[9]}},
        Limit=5,
        ReturnConsumedCapacity="TOTAL",
    )
    assert [item["id"]["S"] for item in answer["Items"]] == keys[3:8]
    assert answer["LastEvaluatedKey"]["id"]["S"] == keys[7]
    assert answer["ConsumedCapacity"]["CapacityUnits"] == 0.5


def test_deleted_items_are_gone(endpoint: str) -> None:
    table = _client("dynamodb", endpoint, boto3.resource).Table("hot")
    keys = [sort_key for sort_key, _ in device_items(3, 60)]
    with table.batch_writer() as batch:
        for key in keys[:59]:
            batch.delete_item(Key={"iotDeviceId": DEVICES[3], "id": key})
    condition = Key("iotDeviceId").eq(DEVICES[3]) & Key("id").lte(keys[59])
    assert [item["id"] for item in table.query(KeyConditionExpression=condition)["Items"]] == keys[59:]
    table.delete_item(Key={"iotDeviceId": DEVICES[3], "id": keys[59]})
    assert table.query(KeyConditionExpression=condition)["Items"] == []


def test_batches_over_25_are_refused(endpoint: str) -> None:
    client = _client("dynamodb", endpoint)
    keys = [{"iotDeviceId": {"S": DEVICES[4]}, "id": {"S": str(number)}} for number in range(26)]
    with pytest.raises(ClientError, match="Too many items"):
        client.batch_write_item(RequestItems={"hot": [{"DeleteRequest": {"Key": key}} for key in keys]})


def test_each_statement_of_a_batch_is_decided_by_itself(endpoint: str) -> None:
    client = _client("dynamodb", endpoint)
    items = [orjson.loads(item) for _, item in device_items(5, 3)]
    changed = {**items[1], "temperature": {"N": "999"}}
    gone = {**items[2], "id": {"S": "2025"}}

    def statement(item: dict[str, Any]) -> dict[str, Any]:
        compared = " AND ".join(f'"{name}"=?' for name in item)
        return {
            "Statement": f'DELETE FROM "hot" WHERE {compared} RETURNING ALL OLD *',
            "Parameters": list(item.values()),
        }

    answer = client.batch_execute_statement(Statements=[statement(one) for one in (items[0], changed, gone)])
    deleted, refused, missing = answer["Responses"]
    assert deleted["Item"] == items[0]
    assert refused["Error"]["Code"] == "ConditionalCheckFailed"
    assert set(missing) == {"TableName"}
    condition = Key("iotDeviceId").eq(DEVICES[5]) & Key("id").lte(items[2]["id"]["S"])
    table = _client("dynamodb", endpoint, boto3.resource).Table("hot")
    assert [one["id"] for one in table.query(KeyConditionExpression=condition)["Items"]] == [
        one["id"]["S"] for one in items[1:]
    ]
    with pytest.raises(ClientError, match="only knows inserts, and deletes"):
        client.batch_execute_statement(Statements=[{"Statement": 'DELETE FROM "hot"'}])


def _item(sort_key: str, **more: Any) -> dict[str, Any]:
    return {"iotDeviceId": {"S": "newcomer"}, "id": {"S": sort_key}, "it's": {"N": "1.50"}, **more}


def test_an_insert_creates_an_item_only_where_its_key_is_free(endpoint: str) -> None:
    client = _client("dynamodb", endpoint)

    def insert(item: dict[str, Any]) -> dict[str, Any]:
        names = ",".join("'" + name.replace("'", "''") + "':?" for name in item)
        return {"Statement": f'INSERT INTO "hot" VALUE {{{names}}}', "Parameters": list(item.values())}

    later, earlier, other = _item("2026-02"), _item("2026-01"), _item("2026-02", more={"BOOL": True})
    statements = [insert(one) for one in (later, earlier, other)]
    first, second, third = client.batch_execute_statement(Statements=statements)["Responses"]
    assert set(first) == set(second) == {"TableName"}
    assert third["Error"]["Code"] == "DuplicateItem"
    keys = [{key: one[key] for key in ("iotDeviceId", "id")} for one in (later, earlier, _item("2026-03"))]
    found = client.batch_get_item(RequestItems={"hot": {"Keys": keys, "ConsistentRead": True}})
    assert found["Responses"]["hot"] == [later, earlier]
    assert found["UnprocessedKeys"] == {}


def test_a_put_replaces_an_item_and_returns_the_old_one_also_where_its_condition_fails(endpoint: str) -> None:
    client = _client("dynamodb", endpoint)
    old, new = _item("2026-05"), _item("2026-05", more={"S": "x"})
    request = {"TableName": "hot", "ReturnValues": "ALL_OLD", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    assert "Attributes" not in client.put_item(Item=old, **request)
    free = {"ConditionExpression": "attribute_not_exists(#k)", "ExpressionAttributeNames": {"#k": "id"}}
    with pytest.raises(ClientError, match="ConditionalCheckFailed") as refused:
        client.put_item(Item=new, **request, **free)
    assert refused.value.response["Item"] == old  # type: ignore[typeddict-item]
    assert client.put_item(Item=new, **request)["Attributes"] == old
    client.delete_item(TableName="hot", Key={key: old[key] for key in ("iotDeviceId", "id")})
    assert "Attributes" not in client.put_item(Item=old, **request, **free)


def test_journal_rows_change_only_from_the_version_that_was_read(endpoint: str) -> None:
    client = _client("dynamodb", endpoint)

    def put(version: int, condition: str, **values: Any) -> None:
        item = {"name": {"S": "device/x"}, "version": {"N": str(version)}}
        client.put_item(TableName="journal", Item=item, ConditionExpression=condition, **values)

    assert "Item" not in client.get_item(TableName="journal", Key={"name": {"S": "device/x"}})
    put(1, "attribute_not_exists(version)")
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        put(1, "attribute_not_exists(version)")
    names = {"#v": "version"}
    put(2, "#v = :v", ExpressionAttributeNames=names, ExpressionAttributeValues={":v": {"N": "1"}})
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        put(2, "#v = :v", ExpressionAttributeNames=names, ExpressionAttributeValues={":v": {"N": "1"}})
    assert client.get_item(TableName="journal", Key={"name": {"S": "device/x"}})["Item"]["version"] == {"N": "2"}


def test_objects_are_created_once_and_keep_their_metadata(endpoint: str) -> None:
    s3 = _client("s3", endpoint)
    key = "station-00/Zürich é/chunk-00001.json"
    s3.put_object(Bucket="cold", Key=key, Body=b"[1]", Metadata={"sha256": "abc"}, IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket="cold", Key=key, Body=b"[2]", IfNoneMatch="*")
    assert s3.head_object(Bucket="cold", Key=key)["Metadata"] == {"sha256": "abc"}
    assert s3.get_object(Bucket="cold", Key=key)["Body"].read() == b"[1]"
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket="cold", Prefix="station-00/")["Contents"]] == [key]
    s3.delete_object(Bucket="cold", Key=key)
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket="cold", Key=key)


def test_unspoken_operations_are_refused_and_requests_counted(endpoint: str) -> None:
    client = _client("dynamodb", endpoint)
    before = ask(endpoint, "counts").get("Scan", 0)
    with pytest.raises(ClientError, match="does not speak Scan"):
        client.scan(TableName="hot")
    assert ask(endpoint, "counts")["Scan"] == before + 1
