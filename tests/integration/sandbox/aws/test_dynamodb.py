"""DynamoDB in two emulators behind one endpoint, and what no request may end."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from l3kit import sandbox as l3kit_sandbox
from l3kit.sandbox import SandboxState
from tests.integration.sandbox.aws.calls import Aws, code_of

pytestmark = pytest.mark.sandbox


def create_table(client: Any, name: str) -> None:
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("iotDeviceId", "id")],
        KeySchema=[{"AttributeName": "iotDeviceId", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "l3kit:twin", "Value": "t"}],
        DeletionProtectionEnabled=False,
    )


def test_a_table_has_data_settings_and_tags_behind_one_endpoint(aws: Aws) -> None:
    client = aws("dynamodb")
    create_table(client, "both")
    described = client.describe_table(TableName="both")["Table"]
    assert described["TableStatus"] == "ACTIVE"
    items = [
        {"iotDeviceId": {"S": "d"}, "id": {"S": f"{n:03d}"}, "v": {"N": "0.10000000000000000001"}} for n in range(25)
    ]
    client.batch_write_item(RequestItems={"both": [{"PutRequest": {"Item": item}} for item in items]})
    page = client.query(
        TableName="both",
        KeyConditionExpression="iotDeviceId = :d AND id BETWEEN :a AND :b",
        ExpressionAttributeValues={":d": {"S": "d"}, ":a": {"S": "003"}, ":b": {"S": "007"}},
    )
    assert page["Items"] == items[3:8]
    client.update_continuous_backups(
        TableName="both", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    backups = client.describe_continuous_backups(TableName="both")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    tags = client.list_tags_of_resource(ResourceArn=described["TableArn"])["Tags"]
    assert tags == [{"Key": "l3kit:twin", "Value": "t"}]
    with pytest.raises(ClientError) as caught:
        client.batch_write_item(
            RequestItems={"both": [{"PutRequest": {"Item": i}} for i in [*items, items[0] | {"id": {"S": "x"}}]]}
        )
    assert code_of(caught) == (400, "ValidationException")
    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        client.put_item(TableName="both", Item=items[0], ConditionExpression="attribute_not_exists(id)")


def test_a_table_is_created_and_deleted_in_both_or_neither(aws: Aws) -> None:
    client = aws("dynamodb")
    create_table(client, "twice")
    with pytest.raises(client.exceptions.ResourceInUseException):
        create_table(client, "twice")
    with pytest.raises(ClientError) as caught:  # moto takes this name, dynalite does not
        create_table(client, "bad name")
    assert code_of(caught) == (400, "ValidationException")
    assert "bad name" not in client.list_tables()["TableNames"]
    client.put_item(TableName="twice", Item={"iotDeviceId": {"S": "d"}, "id": {"S": "1"}})
    client.delete_table(TableName="twice")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.put_item(TableName="twice", Item={"iotDeviceId": {"S": "d"}, "id": {"S": "1"}})
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.delete_table(TableName="twice")
    create_table(client, "twice")
    assert client.scan(TableName="twice")["Items"] == []


def test_a_refused_condition_brings_the_item_along_when_asked_to(aws: Aws) -> None:
    client = aws("dynamodb")
    create_table(client, "refusing")
    item = {"iotDeviceId": {"S": "d"}, "id": {"S": "1"}, "version": {"N": "7"}}
    client.put_item(TableName="refusing", Item=item)
    for more in ({}, {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}):
        with pytest.raises(client.exceptions.ConditionalCheckFailedException) as caught:
            client.put_item(
                TableName="refusing",
                Item={**item, "version": {"N": "9"}},
                ConditionExpression="version = :v",
                ExpressionAttributeValues={":v": {"N": "8"}},
                **more,
            )
        assert caught.value.response.get("Item") == (item if more else None)
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as caught:
        client.delete_item(
            TableName="refusing",
            Key={"iotDeviceId": {"S": "d"}, "id": {"S": "none"}},
            ConditionExpression="attribute_exists(id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert "Item" not in caught.value.response


def test_transactions_are_refused_with_a_reason(aws: Aws) -> None:
    with pytest.raises(ClientError, match="dynamodb:TransactWriteItems needs, so it refuses it"):
        aws("dynamodb").transact_write_items(TransactItems=[{"Delete": {"TableName": "t", "Key": {"k": {"S": "1"}}}}])


SIGNED = (
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n"
    "X-Amz-Target: DynamoDB_20120810.{operation}\r\nX-Amz-Date: 20250101T000000Z\r\nContent-Length: {length}\r\n"
    "Authorization: AWS4-HMAC-SHA256 Credential=x/20250101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, "
    "Signature=0\r\n\r\n"
)


def sent(sandbox: SandboxState, operation: str, body: bytes, length: int | None = None) -> int:
    """The status of an answer to a request; 0 where only a part of its body was sent and the connection closed."""
    place = urlsplit(sandbox.gateway)
    head = SIGNED.format(operation=operation, length=len(body) if length is None else length)
    with socket.create_connection((place.hostname, place.port), 10) as connection:
        connection.sendall(head.encode() + body)
        if length is not None:
            return 0
        return int(connection.recv(4096).split(b" ", 2)[1])


@pytest.mark.parametrize(
    "operation", ["BatchWriteItem", "PutItem", "Query", "BatchExecuteStatement", "CreateTable", "ListTables"]
)
def test_half_a_request_ends_nothing(aws: Aws, sandbox: SandboxState, operation: str) -> None:
    client, name = aws("dynamodb"), f"half-{operation}"
    create_table(client, name)
    item = {"iotDeviceId": {"S": "d"}, "id": {"S": "1"}}
    client.put_item(TableName=name, Item=item)
    body = json.dumps({"TableName": name, "Item": {**item, "v": {"S": "x" * 100_000}}}).encode()
    for part in (0, 1, len(body) // 2, len(body) - 1):
        assert sent(sandbox, operation, body[:part], len(body)) == 0
    assert client.scan(TableName=name)["Items"] == [item]
    assert l3kit_sandbox.status(sandbox.home) is not None


@pytest.mark.parametrize(
    "operation", ["PutItem", "Query", "BatchGetItem", "BatchWriteItem", "BatchExecuteStatement", "CreateTable"]
)
def test_a_request_of_any_form_is_answered_and_ends_nothing(aws: Aws, sandbox: SandboxState, operation: str) -> None:
    odd = [
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"{",
        b"\xff",
        b"[" * 100_000,
        b"{}",
        b'{"TableName": {"a": 1}, "Statements": 7}',
    ]
    odd += [
        b'{"RequestItems": {"t": null}, "Key": [], "Statements": [null]}',
        b'{"RequestItems": {"t": [{"PutRequest": 1}]}}',
    ]
    for body in odd:
        assert sent(sandbox, operation, body) in (400, 403, 500), body[:40]
    assert aws("dynamodb").list_tables()["TableNames"] is not None


def test_a_text_with_half_of_a_surrogate_pair_is_stored_compared_and_given_back(aws: Aws) -> None:
    client = aws("dynamodb")
    create_table(client, "half-pair")
    item = {"iotDeviceId": {"S": "d"}, "id": {"S": "1"}, "t": {"S": "\ud83c"}}
    client.put_item(TableName="half-pair", Item=item)
    text = 'DELETE FROM "half-pair" WHERE "iotDeviceId"=? AND "id"=? AND "t"=? RETURNING ALL OLD *'
    told = client.batch_execute_statement(Statements=[{"Statement": text, "Parameters": list(item.values())}])
    assert told["Responses"] == [{"Item": item, "TableName": "half-pair"}]


def test_what_partiql_is_not_offered_is_refused_with_what_is(aws: Aws) -> None:
    client = aws("dynamodb")
    create_table(client, "partiql")
    where = '"iotDeviceId"=? AND "id"=?'
    statements = (
        f'SELECT * FROM "partiql" WHERE {where}',
        f'UPDATE "partiql" SET "a"=? WHERE {where}',
        f'DELETE FROM "partiql" WHERE {where} OR "a"=?',
        f'DELETE FROM "partiql" WHERE {where} AND "a">?',
        f'DELETE FROM "partiql" WHERE {where} AND "a"=1',
        f'DELETE FROM "partiql" WHERE {where} AND "a"."b"=?',
        f"DELETE FROM partiql WHERE {where}",
        f'DELETE FROM "partiql" WHERE {where} AND ("a"=?)',
        f'DELETE FROM "partiql" WHERE {where} AND begins_with("a", ?)',
    )
    told = client.batch_execute_statement(Statements=[{"Statement": statement} for statement in statements])
    for answer in told["Responses"]:
        assert "l3kit sandbox" in answer["Error"]["Message"]
        assert "It supports DELETE FROM" in answer["Error"]["Message"]
    with pytest.raises(ClientError, match="dynamodb:ExecuteStatement needs, so it refuses it"):
        client.execute_statement(Statement=statements[0])
