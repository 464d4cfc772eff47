"""Refusals in the sandbox, through boto3: who is judged, by which policies, and how each service says no."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from l3kit import sandbox as l3kit_sandbox
from l3kit.errors import SandboxError
from l3kit.sandbox import SandboxState
from l3kit.sandbox.state import ACCOUNT_ID
from tests.support import aws_callers as callers
from tests.support.aws_callers import Caller, allow, deny, document, table_arn
from tests.support.waiting import wait_until

from .conftest import RUNTIME, make_zip, trust

pytestmark = pytest.mark.sandbox

Aws = Callable[[str], Any]
KEY = {"id": {"S": "a"}}
LOGS = allow("logs:*")


def refusal(call: Callable[[], Any]) -> tuple[int, str, str]:
    """Status, code and message of a call that must fail."""
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error.get("Message", "")


@pytest.fixture(scope="module")
def table(aws: Aws) -> str:
    return make_table(aws)


def make_table(aws: Aws, **more: Any) -> str:
    name = f"t-{uuid.uuid4().hex[:8]}"
    aws("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )
    return name


@pytest.fixture
def bucket(aws: Aws) -> str:
    name = f"permissions-{uuid.uuid4().hex[:8]}"
    aws("s3").create_bucket(Bucket=name)
    aws("s3").put_object(Bucket=name, Key="k", Body=b"x")
    return name


def make_role(aws: Aws, *statements: Any, services: tuple[str, ...] = ("lambda",), **more: Any) -> tuple[str, str]:
    """A new role; name and ARN."""
    name = f"role-{uuid.uuid4().hex[:8]}"
    settings = {"AssumeRolePolicyDocument": trust(*services), **more}
    arn = aws("iam").create_role(RoleName=name, **settings)["Role"]["Arn"]
    give(aws, name, *statements)
    return name, str(arn)


def give(aws: Aws, role: str, *statements: Any) -> None:
    """Let these statements be all that a role may do."""
    aws("iam").put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=document(*statements, LOGS))


def make_function(aws: Aws, role_arn: str, source: str) -> str:
    name = f"f-{uuid.uuid4().hex[:8]}"
    code = {"ZipFile": make_zip(source)}
    aws("lambda").create_function(FunctionName=name, Runtime=RUNTIME, Role=role_arn, Handler="app.handler", Code=code)
    return name


PUTTER = """
import http.client, json, os
from urllib.parse import urlsplit

def handler(event, context):
    place = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    answers = []
    for operation, content in event:
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
        connection.request("POST", "/", json.dumps(content), {
            "X-Amz-Target": "DynamoDB_20120810." + operation, "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Date": "20250101T000000Z", "X-Amz-Security-Token": os.environ["AWS_SESSION_TOKEN"],
            "Authorization": f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}"
                "/20250101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"})
        answer = connection.getresponse()
        answers.append([answer.status, json.loads(answer.read() or b"{}")])
    return answers
"""


# --- functions and their roles


def test_a_function_is_judged_by_its_role_as_it_is_at_that_moment(
    aws: Aws, table: str, invoke: Callable[..., Any]
) -> None:
    role, arn = make_role(aws, allow("dynamodb:PutItem", table_arn(table)))
    function = make_function(aws, arn, PUTTER)
    put = ["PutItem", {"TableName": table, "Item": KEY}]
    assert invoke(function, [put, ["GetItem", {"TableName": table, "Key": KEY}]])[0][0][0] == 200
    status, content = invoke(function, [["GetItem", {"TableName": table, "Key": KEY}]])[0][0]
    assert status == 400
    assert content == {
        "__type": "com.amazon.coral.service#AccessDeniedException",
        "Message": f"User: arn:aws:sts::{ACCOUNT_ID}:assumed-role/{role}/{function} is not authorized to perform: "
        f"dynamodb:GetItem on resource: {table_arn(table)} because no identity-based policy allows the "
        "dynamodb:GetItem action",
    }
    give(aws, role)  # in the midst of its life, the instance stays
    assert invoke(function, [put])[0][0][0] == 400
    give(aws, role, allow("dynamodb:*"))
    assert invoke(function, [put])[0][0][0] == 200
    aws("iam").attach_role_policy(
        RoleName=role,
        PolicyArn=aws("iam").create_policy(PolicyName=f"no-{role}", PolicyDocument=document(deny("dynamodb:Put*")))[
            "Policy"
        ]["Arn"],
    )
    assert "with an explicit deny in an identity-based policy" in invoke(function, [put])[0][0][1]["Message"]


def test_another_role_counts_from_the_moment_it_is_configured_and_none_is_no_identity(
    aws: Aws, sandbox: SandboxState, table: str
) -> None:
    _, without = make_role(aws)
    role, able = make_role(aws, allow("dynamodb:GetItem"))
    function = make_function(aws, without, PUTTER)
    client = callers.function(sandbox, function).client("dynamodb")
    assert refusal(lambda: client.get_item(TableName=table, Key=KEY))[1] == "AccessDeniedException"
    aws("lambda").update_function_configuration(FunctionName=function, Role=able)
    client.get_item(TableName=table, Key=KEY)
    aws("iam").delete_role_policy(RoleName=role, PolicyName="own")
    aws("iam").delete_role(RoleName=role)
    assert refusal(lambda: client.get_item(TableName=table, Key=KEY))[1] == "UnrecognizedClientException"
    aws("lambda").delete_function(FunctionName=function)
    assert refusal(lambda: client.get_item(TableName=table, Key=KEY))[1] == "UnrecognizedClientException"


def test_lambda_takes_a_role_only_as_its_trust_policy_says(aws: Aws) -> None:
    _, arn = make_role(aws, services=("scheduler",))
    for role in (arn, f"arn:aws:iam::{ACCOUNT_ID}:role/there-is-none"):
        status, code, message = refusal(lambda role=role: make_function(aws, role, PUTTER))
        assert (status, code) == (400, "InvalidParameterValueException")
        assert message == "The role defined for the function cannot be assumed by Lambda."


def test_log_lines_reach_cloudwatch_only_with_the_roles_permission(aws: Aws, invoke: Callable[..., Any]) -> None:
    def lines(function: str) -> list[Any]:
        group = f"/aws/lambda/{function}"
        try:
            found: list[Any] = aws("logs").filter_log_events(logGroupName=group)["events"]
        except aws("logs").exceptions.ResourceNotFoundException:
            return []
        return found

    silent_role, silent_arn = make_role(aws)
    aws("iam").put_role_policy(
        RoleName=silent_role, PolicyName="own", PolicyDocument=document(allow("logs:CreateLog*"))
    )
    _, loud_arn = make_role(aws)
    silent, loud = (
        make_function(aws, arn, "def handler(event, context): return 1\n") for arn in (silent_arn, loud_arn)
    )
    invoke(silent)
    invoke(loud)  # its lines come behind those of the other
    assert wait_until(lambda: bool(lines(loud)))
    assert lines(silent) == []


# --- schedules


def test_a_schedule_fires_with_its_role(aws: Aws, sandbox: SandboxState) -> None:
    _, function_role = make_role(aws)
    function = make_function(aws, function_role, "def handler(event, context): return 1\n")
    target = f"arn:aws:lambda:us-east-1:{ACCOUNT_ID}:function:{function}"
    role, arn = make_role(aws, allow("lambda:InvokeFunction", target), services=("scheduler",))
    settings = {"ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"}}
    aws("scheduler").create_schedule(Name=function, Target={"Arn": target, "RoleArn": arn}, **settings)
    assert l3kit_sandbox.fire_schedule(function, home=sandbox.home).result() == 1
    give(aws, role)
    with pytest.raises(SandboxError, match="not authorized to perform: lambda:InvokeFunction"):
        l3kit_sandbox.fire_schedule(function, home=sandbox.home)
    aws("iam").update_assume_role_policy(RoleName=role, PolicyDocument=trust("lambda"))
    with pytest.raises(SandboxError, match="must allow AWS EventBridge Scheduler"):
        l3kit_sandbox.fire_schedule(function, home=sandbox.home)
    status, code, message = refusal(
        lambda: aws("scheduler").update_schedule(Name=function, Target={"Arn": target, "RoleArn": arn}, **settings)
    )
    assert (status, code) == (400, "ValidationException")
    assert "must allow AWS EventBridge Scheduler to assume the role" in message


# --- how services refuse


def test_each_service_refuses_in_its_own_form(aws: Aws, sandbox: SandboxState, table: str, bucket: str) -> None:
    name, ann = callers.user(sandbox)
    who = f"User: arn:aws:iam::{ACCOUNT_ID}:user/{name} is not authorized to perform: "
    cases: list[tuple[Callable[[], Any], tuple[int, str], str]] = [
        (lambda: ann.client("dynamodb").describe_table(TableName=table), (400, "AccessDeniedException"),
         f"dynamodb:DescribeTable on resource: {table_arn(table)} because no identity-based policy allows the "
         "dynamodb:DescribeTable action"),
        (lambda: ann.client("s3").get_object(Bucket=bucket, Key="k"), (403, "AccessDenied"),
         f's3:GetObject on resource: "arn:aws:s3:::{bucket}/k" because no identity-based policy allows the '
         "s3:GetObject action"),
        (lambda: ann.client("lambda").get_function(FunctionName="f"), (403, "AccessDeniedException"),
         f"lambda:GetFunction on resource: arn:aws:lambda:us-east-1:{ACCOUNT_ID}:function:f because"),
        (lambda: ann.client("scheduler").get_schedule(Name="s", GroupName="g"), (403, "AccessDeniedException"),
         f"scheduler:GetSchedule on resource: arn:aws:scheduler:us-east-1:{ACCOUNT_ID}:schedule/g/s because"),
        (lambda: ann.client("logs").describe_log_groups(), (400, "AccessDeniedException"),
         f"logs:DescribeLogGroups on resource: arn:aws:logs:us-east-1:{ACCOUNT_ID}:log-group::log-stream: because"),
        (lambda: ann.client("iam").get_role(RoleName="r"), (403, "AccessDenied"),
         f"iam:GetRole on resource: arn:aws:iam::{ACCOUNT_ID}:role/r because"),
        (lambda: ann.client("sns").create_topic(Name="t"), (403, "AccessDenied"),
         f"sns:CreateTopic on resource: arn:aws:sns:us-east-1:{ACCOUNT_ID}:t because"),
    ]  # fmt: skip
    for call, expected, about in cases:
        status, code, message = refusal(call)
        assert (status, code) == expected
        assert message.startswith(who + about)


def test_keys_that_belong_to_nobody_are_refused(aws: Aws, sandbox: SandboxState) -> None:
    stranger = Caller(sandbox, "AKIAUNKNOWN")
    codes = {
        "dynamodb": refusal(stranger.client("dynamodb").list_tables)[:2],
        "s3": refusal(stranger.client("s3").list_buckets)[:2],
        "lambda": refusal(stranger.client("lambda").list_functions)[:2],
        "sts": refusal(stranger.client("sts").get_caller_identity)[:2],
    }
    assert codes == {
        "dynamodb": (400, "UnrecognizedClientException"),
        "s3": (403, "InvalidAccessKeyId"),
        "lambda": (403, "UnrecognizedClientException"),
        "sts": (403, "InvalidClientTokenId"),
    }
    name, ann = callers.user(sandbox, allow("s3:ListAllMyBuckets"))
    ann.client("s3").list_buckets()
    key = aws("iam").list_access_keys(UserName=name)["AccessKeyMetadata"][0]["AccessKeyId"]
    aws("iam").update_access_key(UserName=name, AccessKeyId=key, Status="Inactive")
    assert refusal(ann.client("s3").list_buckets)[1] == "InvalidAccessKeyId"


def test_passing_a_role_on_is_a_permission_of_its_own(aws: Aws, sandbox: SandboxState) -> None:
    _, arn = make_role(aws, services=("lambda", "scheduler"))
    to_lambda = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    _, ann = callers.user(sandbox, allow(["lambda:*", "scheduler:*"]), allow("iam:PassRole", arn, Condition=to_lambda))
    function = make_function(ann.client, arn, PUTTER)
    target = {"Arn": f"arn:aws:lambda:us-east-1:{ACCOUNT_ID}:function:{function}", "RoleArn": arn}
    scheduler = ann.client("scheduler")
    settings = {"ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"}}
    status, code, message = refusal(lambda: scheduler.create_schedule(Name=function, Target=target, **settings))
    assert (status, code) == (403, "AccessDeniedException")
    assert f"iam:PassRole on resource: {arn} because" in message


# --- roles that somebody takes


def test_a_role_is_taken_as_its_trust_policy_says_and_limited_by_the_sessions_policy(
    aws: Aws, sandbox: SandboxState, table: str
) -> None:
    name, ann = callers.user(sandbox)
    named = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:user/{name}"},
        "Action": "sts:AssumeRole",
    }
    role, arn = make_role(aws, allow("dynamodb:*"), AssumeRolePolicyDocument=document(named))
    taken = callers.take_role(ann, sandbox, arn)
    assert taken.client("sts").get_caller_identity()["Arn"] == f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{role}/test"
    taken.client("dynamodb").put_item(TableName=table, Item=KEY)
    limited = callers.take_role(ann, sandbox, arn, Policy=document(allow("dynamodb:Get*"))).client("dynamodb")
    limited.get_item(TableName=table, Key=KEY)
    message = refusal(lambda: limited.put_item(TableName=table, Item=KEY))[2]
    assert message.endswith("because no session policy allows the dynamodb:PutItem action")
    for other in (callers.user(sandbox)[1], callers.root(sandbox)):
        assert refusal(lambda other=other: callers.take_role(other, sandbox, arn))[:2] == (403, "AccessDenied")
    delegating = {**named, "Principal": {"AWS": ACCOUNT_ID}}
    aws("iam").update_assume_role_policy(RoleName=role, PolicyDocument=document(delegating))
    assert refusal(lambda: callers.take_role(ann, sandbox, arn))[1] == "AccessDenied"
    callers.take_role(callers.user(sandbox, allow("sts:AssumeRole", arn))[1], sandbox, arn)


# --- tables


def test_a_tables_policy_decides_with_the_identitys(aws: Aws, sandbox: SandboxState) -> None:
    name, ann = callers.user(sandbox)
    mine = {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:user/{name}"}
    past = {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
    made = make_table(aws, ResourcePolicy=document(allow("dynamodb:GetItem", "*", Principal=mine, Condition=past)))
    arn, client = table_arn(made), ann.client("dynamodb")
    client.get_item(TableName=made, Key=KEY)
    assert refusal(lambda: client.put_item(TableName=made, Item=KEY))[1] == "AccessDeniedException"
    future = {"DateGreaterThan": {"aws:CurrentTime": "2999-01-01T00:00:00Z"}}
    aws("dynamodb").put_resource_policy(
        ResourceArn=arn, Policy=document(allow("dynamodb:GetItem", "*", Principal=mine, Condition=future))
    )
    assert refusal(lambda: client.get_item(TableName=made, Key=KEY))[1] == "AccessDeniedException"
    no_deletes = document(deny("dynamodb:Delete?tem", arn, Principal="*"))
    revision = aws("dynamodb").put_resource_policy(ResourceArn=arn, Policy=no_deletes)["RevisionId"]
    message = refusal(lambda: aws("dynamodb").delete_item(TableName=made, Key=KEY))[2]  # the root too
    assert message.endswith("with an explicit deny in a resource-based policy")
    assert aws("dynamodb").get_resource_policy(ResourceArn=arn) | {"ResponseMetadata": 0} == {
        "Policy": no_deletes, "RevisionId": revision, "ResponseMetadata": 0,
    }  # fmt: skip
    stale = {"ResourceArn": arn, "ExpectedRevisionId": "1"}
    assert refusal(lambda: aws("dynamodb").delete_resource_policy(**stale))[1] == "PolicyNotFoundException"
    aws("dynamodb").delete_resource_policy(ResourceArn=arn)
    aws("dynamodb").delete_item(TableName=made, Key=KEY)
    assert refusal(lambda: aws("dynamodb").get_resource_policy(ResourceArn=arn))[1] == "PolicyNotFoundException"


# --- buckets


def test_a_missing_object_is_told_to_those_who_may_list(aws: Aws, sandbox: SandboxState, bucket: str) -> None:
    objects, listing = (
        allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"),
        allow("s3:ListBucket", f"arn:aws:s3:::{bucket}"),
    )
    blind, seeing = (callers.user(sandbox, *s)[1].client("s3") for s in ((objects,), (objects, listing)))
    assert blind.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    for client, status, code in ((blind, 403, "AccessDenied"), (seeing, 404, "NoSuchKey")):
        assert refusal(lambda client=client: client.head_object(Bucket=bucket, Key="none"))[0] == status
        assert refusal(lambda client=client: client.get_object(Bucket=bucket, Key="none"))[:2] == (status, code)
    assert refusal(lambda: blind.head_bucket(Bucket=bucket))[0] == 403
    assert refusal(lambda: blind.head_bucket(Bucket="there-is-none-of-this-name"))[0] == 404


def test_a_batch_of_deletes_is_judged_key_by_key(aws: Aws, sandbox: SandboxState, bucket: str) -> None:
    aws("s3").put_object(Bucket=bucket, Key="tmp/<a>&b", Body=b"x")
    _, ann = callers.user(sandbox, allow("s3:DeleteObject", f"arn:aws:s3:::{bucket}/tmp/*"))
    wanted = {"Objects": [{"Key": "k"}, {"Key": "tmp/<a>&b"}]}
    answer = ann.client("s3").delete_objects(Bucket=bucket, Delete=wanted)
    assert [deleted["Key"] for deleted in answer["Deleted"]] == ["tmp/<a>&b"]
    assert [(error["Key"], error["Code"]) for error in answer["Errors"]] == [("k", "AccessDenied")]
    none = ann.client("s3").delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]})
    assert ("Deleted" in none, len(none["Errors"])) == (False, 1)
    assert [found["Key"] for found in aws("s3").list_objects_v2(Bucket=bucket)["Contents"]] == ["k"]


def test_a_copy_needs_both_ends(aws: Aws, sandbox: SandboxState, bucket: str) -> None:
    source, target = (
        allow("s3:GetObject", f"arn:aws:s3:::{bucket}/k"),
        allow("s3:PutObject", f"arn:aws:s3:::{bucket}/c"),
    )
    listing = allow("s3:ListBucket")
    copy = {"Bucket": bucket, "Key": "c", "CopySource": {"Bucket": bucket, "Key": "k"}}
    _, ann = callers.user(sandbox, source, target)
    ann.client("s3").copy_object(**copy)
    for statements, action in (((source,), "s3:PutObject"), ((target, listing), "s3:GetObject")):
        client = callers.user(sandbox, *statements)[1].client("s3")
        assert f"to perform: {action} on" in refusal(lambda client=client: client.copy_object(**copy))[2]
    aws("s3").put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert "s3:GetObjectTagging" in refusal(lambda: ann.client("s3").copy_object(**copy))[2]
    ann.client("s3").copy_object(**copy, TaggingDirective="REPLACE")


def test_a_bucket_that_takes_only_new_objects(aws: Aws, sandbox: SandboxState, bucket: str) -> None:
    create_only = deny(
        "s3:PutObject", f"arn:aws:s3:::{bucket}/*", Principal="*",
        Condition={"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}},
    )  # fmt: skip
    no_http = deny(
        "s3:*", f"arn:aws:s3:::{bucket}/*", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}}
    )
    aws("s3").put_bucket_policy(Bucket=bucket, Policy=document(create_only, no_http))
    s3 = aws("s3")
    assert refusal(lambda: s3.put_object(Bucket=bucket, Key="n", Body=b"1"))[:2] == (403, "AccessDenied")
    s3.put_object(Bucket=bucket, Key="n", Body=b"1", IfNoneMatch="*")
    assert refusal(lambda: s3.put_object(Bucket=bucket, Key="n", Body=b"2", IfNoneMatch="*"))[0] == 412
    assert refusal(lambda: s3.copy_object(Bucket=bucket, Key="m", CopySource=f"{bucket}/n"))[0] == 403
    upload = s3.create_multipart_upload(Bucket=bucket, Key="u")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="u", UploadId=upload, PartNumber=1, Body=b"1")["ETag"]
    done = {
        "Bucket": bucket,
        "Key": "u",
        "UploadId": upload,
        "MultipartUpload": {"Parts": [{"ETag": part, "PartNumber": 1}]},
    }
    assert refusal(lambda: s3.complete_multipart_upload(**done))[0] == 403
    s3.complete_multipart_upload(**done, IfNoneMatch="*")
    lock_out = document(deny("s3:*", [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"], Principal="*"))
    s3.put_bucket_policy(Bucket=bucket, Policy=lock_out)
    assert refusal(lambda: s3.get_object(Bucket=bucket, Key="n"))[2].endswith("in a resource-based policy")
    s3.delete_bucket_policy(Bucket=bucket)  # the root is never shut out for good
    s3.get_object(Bucket=bucket, Key="n")


def test_nobody_gets_what_a_bucket_opens_to_all_and_nothing_else(aws: Aws, sandbox: SandboxState, bucket: str) -> None:
    anybody = callers.nobody(sandbox, "s3")
    assert refusal(lambda: anybody.get_object(Bucket=bucket, Key="k"))[:2] == (403, "AccessDenied")
    aws("s3").put_bucket_policy(
        Bucket=bucket, Policy=document(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal="*"))
    )
    assert anybody.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    assert refusal(lambda: anybody.put_object(Bucket=bucket, Key="k", Body=b""))[1] == "AccessDenied"


def test_a_buckets_own_key_is_judged_for_whoever_writes_and_reads(aws: Aws, sandbox: SandboxState, bucket: str) -> None:
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    aws("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    name, ann = callers.user(sandbox, allow("s3:*"))
    s3 = ann.client("s3")
    message = refusal(lambda: s3.put_object(Bucket=bucket, Key="n", Body=b"1"))[2]
    assert f"kms:GenerateDataKey on resource: {key} because no identity-based policy" in message

    def let(*actions: str) -> None:
        statements = (allow("s3:*"), allow([f"kms:{action}" for action in actions], key))
        aws("iam").put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(*statements))

    let("GenerateDataKey")
    s3.put_object(Bucket=bucket, Key="n", Body=b"1")
    s3.head_object(Bucket=bucket, Key="n")
    assert "kms:Decrypt" in refusal(lambda: s3.get_object(Bucket=bucket, Key="n"))[2]
    let("Decrypt")
    s3.get_object(Bucket=bucket, Key="n")
    only_root = allow("kms:*", "*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT_ID}:user/somebody"})
    aws("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=document(only_root))
    assert "no resource-based policy allows" in refusal(lambda: s3.get_object(Bucket=bucket, Key="n"))[2]
    aws("s3").delete_bucket_encryption(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="n", Body=b"1")
    s3.get_object(Bucket=bucket, Key="n")


# --- documents


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (allow("s3:*", Condition={"StringResembles": {"s3:prefix": "a"}}), "StringResembles"),
        (allow("s3:*", Condition={"StringEquals": {"aws:ResourceTag/owner": "ann"}}), "aws:resourcetag/owner"),
    ],
)
def test_a_policy_that_cannot_be_judged_is_refused_when_it_is_put(
    aws: Aws, bucket: str, table: str, statement: Any, told: str
) -> None:
    role, _ = make_role(aws)
    at_resource = document({**statement, "Principal": "*", "Resource": f"arn:aws:s3:::{bucket}"})
    at_table = document({**statement, "Principal": "*", "Action": "dynamodb:*", "Resource": table_arn(table)})
    puts: list[tuple[Callable[[], Any], str]] = [
        (lambda: give(aws, role, statement), "MalformedPolicyDocument"),
        (lambda: aws("iam").create_policy(PolicyName="p", PolicyDocument=document(statement)),
         "MalformedPolicyDocument"),
        (lambda: aws("s3").put_bucket_policy(Bucket=bucket, Policy=at_resource), "MalformedPolicy"),
        (lambda: aws("dynamodb").put_resource_policy(ResourceArn=table_arn(table), Policy=at_table),
         "ValidationException"),
    ]  # fmt: skip
    for put, code in puts:
        _, found, message = refusal(put)
        assert (found, told in message) == (code, True)


def test_policies_too_long_for_iam_are_refused(aws: Aws) -> None:
    role, _ = make_role(aws)
    half = [allow("s3:GetObject", f"arn:aws:s3:::{'b' * 100}/{number}") for number in range(32)]
    assert 5120 < len(document(*half)) < 10_240
    aws("iam").put_role_policy(RoleName=role, PolicyName="one", PolicyDocument=document(*half))
    aws("iam").put_role_policy(RoleName=role, PolicyName="one", PolicyDocument=document(*half))  # in its own place
    second = refusal(
        lambda: aws("iam").put_role_policy(RoleName=role, PolicyName="two", PolicyDocument=document(*half))
    )
    assert second[:2] == (409, "LimitExceeded")
    assert "Maximum policy size of 10240 bytes exceeded" in second[2]


# --- the operator, and simulations


def test_the_operator_may_what_l3kit_lists_and_loses_what_is_taken_away(aws: Aws, sandbox: SandboxState) -> None:
    operator, of_a_twin = callers.operator(sandbox), f"t{uuid.uuid4().hex[:6]}-hot-iot-data"

    def described(table: str) -> str:
        """Why the operator is not shown a table; "" where only the table is missing."""
        _, code, message = refusal(lambda: operator.client("dynamodb").describe_table(TableName=table))
        return "" if code == "ResourceNotFoundException" else message

    assert operator.client("sts").get_caller_identity()["Arn"].endswith(":user/l3kit-operator")
    assert described(of_a_twin) == ""
    assert "no identity-based policy allows" in described("somebody-elses")
    assert refusal(lambda: operator.client("iam").create_user(UserName="x"))[1] == "AccessDenied"
    taken = {"UserName": "l3kit-operator", "PolicyName": "taken-away"}
    aws("iam").put_user_policy(**taken, PolicyDocument=document(deny("dynamodb:DescribeTable", table_arn(of_a_twin))))
    try:
        assert described(of_a_twin).endswith("with an explicit deny in an identity-based policy")
    finally:
        aws("iam").delete_user_policy(**taken)
    assert described(of_a_twin) == ""


def test_simulations_say_what_the_judge_would(aws: Aws, sandbox: SandboxState) -> None:
    condition = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    passing = allow("iam:PassRole", Condition=condition)
    _, arn = make_role(aws, allow("s3:Get*", "arn:aws:s3:::b/*"), deny("s3:GetObjectAcl"), passing)
    name, _ = callers.user(sandbox, allow("s3:PutObject"))

    def simulate(source: str, *actions: str, **more: Any) -> list[str]:
        answer = aws("iam").simulate_principal_policy(
            PolicySourceArn=source, ActionNames=list(actions), ResourceArns=["arn:aws:s3:::b/k"], **more
        )
        return [result["EvalDecision"] for result in answer["EvaluationResults"]]

    assert simulate(arn, "s3:GetObject", "s3:GetObjectAcl", "s3:PutObject") == [
        "allowed",
        "explicitDeny",
        "implicitDeny",
    ]
    assert simulate(f"arn:aws:iam::{ACCOUNT_ID}:user/{name}", "s3:PutObject") == ["allowed"]
    entry = {"ContextKeyName": "iam:PassedToService", "ContextKeyType": "string"}
    for service, verdict in (("lambda", "allowed"), ("ec2", "implicitDeny")):
        entries = [{**entry, "ContextKeyValues": [f"{service}.amazonaws.com"]}]
        assert simulate(arn, "iam:PassRole", ContextEntries=entries) == [verdict]
    assert refusal(lambda: simulate(f"{arn}-none", "s3:GetObject"))[1] == "NoSuchEntity"
    pages = aws("iam").get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=arn, ActionNames=["s3:GetObject", "s3:PutObject", "s3:GetObjectAcl"],
        ResourceArns=["arn:aws:s3:::b/k"], PaginationConfig={"PageSize": 2},
    )  # fmt: skip
    assert [len(page["EvaluationResults"]) for page in pages] == [2, 1]
    custom = aws("iam").simulate_custom_policy(PolicyInputList=[document(allow("s3:*"))], ActionNames=["s3:PutObject"])
    assert json.dumps(custom["EvaluationResults"]).count('"allowed"') == 1
