"""Routing: DynamoDB in two emulators, S3 as strict as S3, schedules checked and fired by hand."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from botocore.exceptions import ClientError

from l3kit import sandbox as l3kit_sandbox
from l3kit.errors import SandboxError
from l3kit.sandbox import SandboxState
from l3kit.twin.schedule_expressions import problem_with

pytestmark = pytest.mark.sandbox

Aws = Callable[[str], Any]
Deploy = Callable[..., str]


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> tuple[int, str]:
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def create_table(client: Any, name: str) -> None:
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("iotDeviceId", "id")],
        KeySchema=[{"AttributeName": "iotDeviceId", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "l3kit:twin", "Value": "t"}],
        DeletionProtectionEnabled=False,
    )


# --- DynamoDB


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
    with pytest.raises(ClientError, match="sandbox does not support"):
        aws("dynamodb").transact_write_items(TransactItems=[{"Delete": {"TableName": "t", "Key": {"k": {"S": "1"}}}}])


SIGNED = (
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n"
    "X-Amz-Target: DynamoDB_20120810.{operation}\r\nX-Amz-Date: 20250101T000000Z\r\nContent-Length: {length}\r\n"
    "Authorization: AWS4-HMAC-SHA256 Credential=x/20250101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, "
    "Signature=0\r\n\r\n"
)


def sent(sandbox: SandboxState, operation: str, body: bytes, length: int | None = None) -> int:
    """The status of an answer to a request; 0 where only a part of its body was sent and the connection closed."""
    place = urlsplit(sandbox.aws_endpoint)
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


@pytest.mark.parametrize("operation", ["PutItem", "Query", "BatchWriteItem", "BatchExecuteStatement", "CreateTable"])
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
    gone = client.execute_statement(Statement=text, Parameters=list(item.values()))
    assert gone["Items"] == [item]


def test_what_partiql_is_not_offered_is_refused_with_what_is(aws: Aws) -> None:
    client = aws("dynamodb")
    create_table(client, "partiql")
    where = "\"iotDeviceId\"='d' AND \"id\"='1'"
    for statement in (
        f'SELECT * FROM "partiql" WHERE {where}',
        f'UPDATE "partiql" SET "a"=1 WHERE {where}',
        f'DELETE FROM "partiql" WHERE {where} OR "a"=1',
        f'DELETE FROM "partiql" WHERE {where} AND "a">1',
        f'DELETE FROM "partiql" WHERE {where} AND "a"."b"=1',
        f"DELETE FROM partiql WHERE {where}",
        f'DELETE FROM "partiql" WHERE {where} AND "a"=1 AND "a"=2',
        f'DELETE FROM "partiql" WHERE {where} AND ("a"=1)',
        f'DELETE FROM "partiql" WHERE {where} AND begins_with("a", \'x\')',
    ):
        with pytest.raises(ClientError, match=r"does not support|not supported by the l3kit sandbox"):
            client.execute_statement(Statement=statement)


# --- S3


@pytest.fixture(scope="module")
def bucket(aws: Aws) -> str:
    aws("s3").create_bucket(Bucket="sandbox-tests")
    return "sandbox-tests"


def test_an_object_comes_back_with_its_metadata_class_and_checksum(aws: Aws, bucket: str) -> None:
    client, key = aws("s3"), "dév ice/2026-01-01T00:00:00Z-x/chunk-00000.json"
    digest = base64.b64encode(hashlib.sha256(b"[1]").digest()).decode()
    client.put_object(
        Bucket=bucket, Key=key, Body=b"[1]", ChecksumSHA256=digest, StorageClass="STANDARD_IA",
        Metadata={"sha256": "abc", "items": "1"}, ContentEncoding="gzip",
    )  # fmt: skip
    head = client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    assert head["Metadata"] == {"sha256": "abc", "items": "1"}
    assert (head["StorageClass"], head["ContentEncoding"], head["ContentLength"]) == ("STANDARD_IA", "gzip", 3)
    assert head["ChecksumSHA256"] == digest
    assert client.get_object(Bucket=bucket, Key=key)["Body"].read() == b"[1]"


def test_a_new_bucket_has_no_tags_of_a_deleted_one_of_that_name(aws: Aws) -> None:
    s3, name = aws("s3"), "l3kit-tagged-and-gone"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_bucket(Bucket=name)
    s3.create_bucket(Bucket=name)
    with pytest.raises(ClientError, match="NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=name)


def test_a_wrong_digest_is_refused_and_nothing_is_stored(aws: Aws, bucket: str) -> None:
    client = aws("s3")
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    wrong_md5 = base64.b64encode(hashlib.md5(b"other", usedforsecurity=False).digest()).decode()
    for digest in ({"ChecksumSHA256": wrong}, {"ContentMD5": wrong_md5}):
        with pytest.raises(ClientError) as caught:
            client.put_object(Bucket=bucket, Key="digest", Body=b"body", **digest)
        assert code_of(caught) == (400, "BadDigest")
    with pytest.raises(ClientError) as caught:
        client.head_object(Bucket=bucket, Key="digest")
    assert code_of(caught)[0] == 404


def test_a_large_body_with_a_digest_passes(aws: Aws, bucket: str) -> None:
    body = b"0123456789abcdef" * (40 * 1024 * 1024 // 16)
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    aws("s3").put_object(Bucket=bucket, Key="large", Body=body, ChecksumSHA256=digest)
    assert (
        hashlib.sha256(aws("s3").get_object(Bucket=bucket, Key="large")["Body"].read()).hexdigest()
        == base64.b64decode(digest).hex()
    )
    aws("s3").delete_object(Bucket=bucket, Key="large")


def test_conditional_writes_copies_multipart_and_deletes(aws: Aws, bucket: str) -> None:
    client = aws("s3")
    etag = client.put_object(Bucket=bucket, Key="cond", Body=b"1", IfNoneMatch="*")["ETag"]
    source = {"Bucket": bucket, "Key": "cond"}
    upload = client.create_multipart_upload(Bucket=bucket, Key="cond")["UploadId"]
    part = client.upload_part(Bucket=bucket, Key="cond", UploadId=upload, PartNumber=1, Body=b"2")["ETag"]
    parts = {"Parts": [{"ETag": part, "PartNumber": 1}]}
    for refused in (
        lambda: client.put_object(Bucket=bucket, Key="cond", Body=b"2", IfNoneMatch="*"),
        lambda: client.put_object(Bucket=bucket, Key="cond", Body=b"2", IfMatch='"0"'),
        lambda: client.copy_object(
            Bucket=bucket, Key="cond", CopySource=source, IfNoneMatch="*", StorageClass="GLACIER"
        ),
        lambda: client.complete_multipart_upload(
            Bucket=bucket, Key="cond", UploadId=upload, MultipartUpload=parts, IfNoneMatch="*"
        ),
        lambda: client.delete_object(Bucket=bucket, Key="cond", IfMatch='"0"'),
    ):
        with pytest.raises(ClientError) as caught:
            refused()
        assert code_of(caught) == (412, "PreconditionFailed")
    assert client.get_object(Bucket=bucket, Key="cond")["Body"].read() == b"1"
    client.copy_object(Bucket=bucket, Key="cond-copy", CopySource=source, IfNoneMatch="*", StorageClass="DEEP_ARCHIVE")
    client.delete_object(Bucket=bucket, Key="cond", IfMatch=etag)
    with pytest.raises(ClientError):
        client.head_object(Bucket=bucket, Key="cond")


def test_one_of_many_conditional_creates_wins(aws: Aws, bucket: str) -> None:
    results: list[int] = []

    def create(number: int) -> None:
        try:
            aws("s3").put_object(Bucket=bucket, Key="race", Body=b"%d" % number, IfNoneMatch="*")
            results.append(200)
        except ClientError as error:
            results.append(error.response["ResponseMetadata"]["HTTPStatusCode"])

    threads = [threading.Thread(target=create, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [200] + [412] * 7


def test_an_archived_object_must_be_restored_first(aws: Aws, bucket: str) -> None:
    client = aws("s3")
    client.put_object(Bucket=bucket, Key="deep", Body=b"[1]", StorageClass="DEEP_ARCHIVE", Metadata={"sha256": "x"})
    with pytest.raises(ClientError) as caught:
        client.get_object(Bucket=bucket, Key="deep")
    assert code_of(caught) == (403, "InvalidObjectState")
    assert client.head_object(Bucket=bucket, Key="deep")["Metadata"] == {"sha256": "x"}
    client.restore_object(Bucket=bucket, Key="deep", RestoreRequest={"Days": 1})
    assert 'ongoing-request="false"' in client.head_object(Bucket=bucket, Key="deep")["Restore"]
    assert client.get_object(Bucket=bucket, Key="deep")["Body"].read() == b"[1]"


def test_a_policy_against_plain_http_is_kept_and_shuts_nobody_out(aws: Aws) -> None:
    client = aws("s3")
    client.create_bucket(Bucket="tls-only")
    with pytest.raises(ClientError) as caught:
        client.get_bucket_policy(Bucket="tls-only")
    assert code_of(caught) == (404, "NoSuchBucketPolicy")
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::tls-only", "arn:aws:s3:::tls-only/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client.put_bucket_policy(Bucket="tls-only", Policy=policy)
    assert client.get_bucket_policy(Bucket="tls-only")["Policy"] == policy
    client.put_object(Bucket="tls-only", Key="k", Body=b"1")
    assert client.get_object(Bucket="tls-only", Key="k")["Body"].read() == b"1"
    for wrong in ("{", json.dumps({"Statement": [statement | {"Resource": "arn:aws:s3:::other/*"}]})):
        with pytest.raises(ClientError) as caught:
            client.put_bucket_policy(Bucket="tls-only", Policy=wrong)
        assert code_of(caught) == (400, "MalformedPolicy")
    client.delete_bucket_policy(Bucket="tls-only")
    with pytest.raises(ClientError) as caught:
        client.get_bucket_policy(Bucket="tls-only")
    assert code_of(caught) == (404, "NoSuchBucketPolicy")


def test_a_presigned_address_works(aws: Aws, bucket: str) -> None:
    aws("s3").put_object(Bucket=bucket, Key="a b/ü.json", Body=b"{}")
    address = aws("s3").generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b/ü.json"})
    assert requests.get(address, timeout=60).content == b"{}"


# --- schedules


@pytest.fixture
def make_schedule(aws: Aws, role: str) -> Callable[..., None]:
    def make(name: str, function: str, **more: Any) -> None:
        _make_schedule(aws, role, name, function, **more)

    return make


def _make_schedule(aws: Aws, role: str, name: str, function: str, **more: Any) -> None:
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
    target = {"Arn": arn, "RoleArn": role, **more.pop("Target", {})}
    settings = {"ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"}, **more}
    aws("scheduler").create_schedule(Name=name, Target=target, **settings)


def test_a_schedule_fired_by_hand_invokes_its_target_with_its_input(
    make_schedule: Callable[..., None], deploy: Deploy, sandbox: SandboxState
) -> None:
    function = deploy("def handler(event, context):\n    return event\n")
    text = json.dumps({"time": "<aws.scheduler.scheduled-time>", "by": "<aws.scheduler.schedule-arn>", "n": 1})
    make_schedule("nightly", function, Target={"Input": text})
    fired = l3kit_sandbox.fire_schedule("nightly", time="2026-11-23T04:00:00+02:00", home=sandbox.home)
    assert fired.function == function
    assert fired.function_error is None
    assert fired.result()["time"] == "2026-11-23T02:00:00Z"
    assert fired.result()["by"].endswith("schedule/default/nightly")
    make_schedule("plain", function)
    assert l3kit_sandbox.fire_schedule("plain", home=sandbox.home).result()["source"] == "aws.scheduler"


def test_a_disabled_missing_or_lost_target_is_told(make_schedule: Callable[..., None], sandbox: SandboxState) -> None:
    make_schedule("off", "no-such-function", State="DISABLED")
    make_schedule("lost", "no-such-function")
    for name, told in (("off", "disabled"), ("lost", "no-such-function"), ("unknown", "no schedule")):
        with pytest.raises(SandboxError, match=told):
            l3kit_sandbox.fire_schedule(name, home=sandbox.home)
    with pytest.raises(SandboxError, match="Invalid isoformat"):
        l3kit_sandbox.fire_schedule("lost", time="tomorrow", home=sandbox.home)


def test_admin_calls_without_the_header_are_refused(sandbox: SandboxState) -> None:
    assert requests.post(f"{sandbox.aws_endpoint}/_sandbox/stop", timeout=60).status_code == 403


def test_a_nonsense_expression_is_refused(make_schedule: Callable[..., None]) -> None:
    for more in ({"ScheduleExpression": "every now and then"}, {"ScheduleExpressionTimezone": "Mars/Base"}):
        with pytest.raises(ClientError) as caught:
            make_schedule("nonsense", "f", **more)
        assert code_of(caught) == (400, "ValidationException")


@pytest.mark.parametrize(
    "expression",
    ["rate(1 hour)", "rate(15 minutes)", "cron(0 2 * * ? *)", "cron(0/15 8-17 ? * MON-FRI *)", "cron(0 0 L * ? 2027)",
     "cron(0 9 ? JAN-MAR,DEC 6#3 *)", "cron(0 9 15W * ? *)", "at(2026-12-01T00:00:00)"],
)  # fmt: skip
def test_expressions_aws_takes(expression: str) -> None:
    assert problem_with(expression) is None


@pytest.mark.parametrize(
    "expression",
    ["", None, "rate(0 hours)", "rate(1 hours)", "rate(2 hour)", "rate(5 weeks)", "cron(0 2 * * * *)",
     "cron(0 2 ? * ? *)", "cron(60 2 * * ? *)", "cron(0 2 * * ?)", "cron(0 2 * FOO ? *)", "cron(0/0 2 * * ? *)",
     "at(tomorrow)"],
)  # fmt: skip
def test_expressions_aws_refuses(expression: str | None) -> None:
    assert problem_with(expression) is not None
