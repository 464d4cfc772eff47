"""What each kind of request needs: actions as IAM spells them, resources, condition keys."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from botocore.loaders import Loader
from multidict import CIMultiDict

from l3kit.sandbox.aws.iam.calls import dynamodb, query, rest, s3, targets
from l3kit.sandbox.aws.iam.calls.request import Call, UnmappedError
from l3kit.sandbox.aws.iam.condition_keys import is_known
from l3kit.sandbox.aws.iam.evaluation import Need

REGIONAL = "us-east-1:123456789012"
TABLE = f"arn:aws:dynamodb:{REGIONAL}:table/t"
FUNCTION = f"arn:aws:lambda:{REGIONAL}:function:f"
ACCOUNT = "arn:aws:iam::123456789012"
ROLE = "arn:aws:iam::123456789012:role/r"


def call(service: str, method: str, path: str, body: Any = b"", **headers: str) -> Call:
    route, _, text = path.partition("?")
    parts = [part.partition("=") for part in text.split("&") if part]
    return Call(
        service,
        method,
        route,
        quote(route, safe="/%"),
        {name: value for name, _, value in parts},
        CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()}),
        body if isinstance(body, bytes) else json.dumps(body).encode(),
    )


def shown(needs: list[Need]) -> list[tuple[str, str]]:
    return [(need.action, need.resource) for need in needs]


def on_dynamodb(operation: str, content: Any) -> list[Need]:
    return dynamodb.needs(call("dynamodb", "POST", "/", content, X_Amz_Target=f"DynamoDB_20120810.{operation}"))


@pytest.mark.parametrize(
    ("operation", "content", "expected"),
    [
        ("PutItem", {"TableName": "t"}, [("PutItem", TABLE)]),
        ("GetItem", {"TableName": TABLE}, [("GetItem", TABLE)]),
        ("Query", {"TableName": "t", "IndexName": "i"}, [("Query", f"{TABLE}/index/i")]),
        ("BatchGetItem", {"RequestItems": {"t": {"Keys": []}}}, [("BatchGetItem", TABLE)]),
        ("BatchWriteItem", {"RequestItems": {"t": [], "u": []}},
         [("BatchWriteItem", TABLE), ("BatchWriteItem", TABLE[:-1] + "u")]),
        ("CreateTable", {"TableName": "t", "Tags": [{}]}, [("CreateTable", TABLE), ("TagResource", TABLE)]),
        ("TagResource", {"ResourceArn": TABLE}, [("TagResource", TABLE)]),
        ("ListTables", {}, [("ListTables", "*")]),
    ],
)  # fmt: skip
def test_dynamodb(operation: str, content: Any, expected: list[tuple[str, str]]) -> None:
    assert shown(on_dynamodb(operation, content)) == [(f"dynamodb:{name}", arn) for name, arn in expected]


@pytest.mark.parametrize(
    ("statement", "action"),
    [('DELETE FROM"t" WHERE "id"=?', "PartiQLDelete"), ("INSERT INTO \"t\" VALUE {'id': ?}", "PartiQLInsert")],
)
def test_statements_of_a_batch(statement: str, action: str) -> None:
    need = dynamodb.statement_need(call("dynamodb", "POST", "/"), {"Statement": statement})
    assert need is not None
    assert shown([need]) == [(f"dynamodb:{action}", TABLE)]


BUCKET, OBJECT = "arn:aws:s3:::b", "arn:aws:s3:::b/a/k"


@pytest.mark.parametrize(
    ("request_line", "headers", "expected"),
    [
        ("GET /", {}, [("ListAllMyBuckets", "*")]),
        ("PUT /b", {}, [("CreateBucket", BUCKET)]),
        ("HEAD /b", {}, [("ListBucket", BUCKET)]),
        ("DELETE /b", {}, [("DeleteBucket", BUCKET)]),
        ("GET /b?list-type=2&prefix=a", {}, [("ListBucket", BUCKET)]),
        ("GET /b?versions=", {}, [("ListBucketVersions", BUCKET)]),
        ("GET /b?uploads=", {}, [("ListBucketMultipartUploads", BUCKET)]),
        ("GET /b?encryption=", {}, [("GetEncryptionConfiguration", BUCKET)]),
        ("DELETE /b?encryption=", {}, [("PutEncryptionConfiguration", BUCKET)]),
        ("PUT /b?lifecycle=", {}, [("PutLifecycleConfiguration", BUCKET)]),
        ("DELETE /b?lifecycle=", {}, [("PutLifecycleConfiguration", BUCKET)]),
        ("GET /b?publicAccessBlock=", {}, [("GetBucketPublicAccessBlock", BUCKET)]),
        ("PUT /b?versioning=", {}, [("PutBucketVersioning", BUCKET)]),
        ("DELETE /b?tagging=", {}, [("PutBucketTagging", BUCKET)]),
        ("DELETE /b?policy=", {}, [("DeleteBucketPolicy", BUCKET)]),
        ("GET /b/a/k", {}, [("GetObject", OBJECT)]),
        ("HEAD /b/a/k", {}, [("GetObject", OBJECT)]),
        ("GET /b/a/k?versionId=1", {}, [("GetObjectVersion", OBJECT)]),
        ("DELETE /b/a/k", {}, [("DeleteObject", OBJECT)]),
        ("DELETE /b/a/k?versionId=1", {}, [("DeleteObjectVersion", OBJECT)]),
        ("DELETE /b/a/k?uploadId=1", {}, [("AbortMultipartUpload", OBJECT)]),
        ("PUT /b/a/k", {}, [("PutObject", OBJECT)]),
        ("PUT /b/a/k", {"x_amz_copy_source": "/c/x%20y"}, [("GetObject", "arn:aws:s3:::c/x y"), ("PutObject", OBJECT)]),
        ("PUT /b/a/k", {"x_amz_copy_source": "c/x?versionId=7"},
         [("GetObjectVersion", "arn:aws:s3:::c/x"), ("PutObject", OBJECT)]),
        ("PUT /b/a/k?partNumber=1&uploadId=1", {}, [("PutObject", OBJECT)]),
        ("POST /b/a/k?uploads=", {}, [("PutObject", OBJECT)]),
        ("POST /b/a/k?uploadId=1", {}, [("PutObject", OBJECT)]),
        ("POST /b/a/k?restore=", {}, [("RestoreObject", OBJECT)]),
    ],
)  # fmt: skip
def test_s3(request_line: str, headers: dict[str, str], expected: list[tuple[str, str]]) -> None:
    method, path = request_line.split()
    assert shown(s3.needs(call("s3", method, path, **headers))) == [(f"s3:{name}", arn) for name, arn in expected]


def test_an_objects_creation_is_told_apart_from_its_parts_and_carries_its_conditions() -> None:
    def keys(request_line: str, **headers: str) -> dict[str, Any]:
        method, path = request_line.split()
        return dict(s3.needs(call("s3", method, path, **headers))[-1].context)

    put = keys("PUT /b/k", if_none_match="*")
    assert put["s3:if-none-match"] == ("*",)
    assert put["s3:objectcreationoperation"] == ("true",)
    assert keys("POST /b/k?uploadId=1")["s3:objectcreationoperation"] == ("true",)
    for begins in ("POST /b/k?uploads=", "PUT /b/k?partNumber=1&uploadId=1"):
        assert keys(begins)["s3:objectcreationoperation"] == ("false",)
    assert "s3:if-none-match" not in keys("PUT /b/k", x_amz_copy_source="c/x")


def test_every_condition_key_that_requests_have_is_one_that_policies_may_use() -> None:
    for method in ("PUT", "GET"):
        for need in s3.needs(call("s3", method, "/b/k", if_none_match="*")):
            assert [key for key in need.context if not is_known(key)] == []


@pytest.mark.parametrize(
    ("request_line", "content", "expected"),
    [
        ("POST /2015-03-31/functions", {"FunctionName": "f", "Role": ROLE, "Tags": {"a": "b"}},
         [("lambda:CreateFunction", FUNCTION), ("lambda:TagResource", FUNCTION), ("iam:PassRole", ROLE)]),
        ("GET /2015-03-31/functions", {}, [("lambda:ListFunctions", "*")]),
        ("GET /2015-03-31/functions/f", {}, [("lambda:GetFunction", FUNCTION)]),
        ("POST /2015-03-31/functions/f/invocations", {}, [("lambda:InvokeFunction", FUNCTION)]),
        ("PUT /2015-03-31/functions/f/code", {}, [("lambda:UpdateFunctionCode", FUNCTION)]),
        ("PUT /2015-03-31/functions/f/configuration", {"Role": ROLE},
         [("lambda:UpdateFunctionConfiguration", FUNCTION), ("iam:PassRole", ROLE)]),
        ("PUT /2015-03-31/functions/f/configuration", {}, [("lambda:UpdateFunctionConfiguration", FUNCTION)]),
        ("GET /2021-10-31/functions/f/url", {}, [("lambda:GetFunctionUrlConfig", FUNCTION)]),
        ("GET /2015-03-31/functions/f/policy", {}, [("lambda:GetPolicy", FUNCTION)]),
        (f"GET /2017-03-31/tags/{FUNCTION}", {}, [("lambda:ListTags", FUNCTION)]),
    ],
)  # fmt: skip
def test_lambda(request_line: str, content: Any, expected: list[tuple[str, str]]) -> None:
    method, path = request_line.split()
    assert shown(rest.lambda_needs(call("lambda", method, path, content))) == expected


@pytest.mark.parametrize(
    ("request_line", "content", "expected"),
    [
        ("POST /schedules/n", {"GroupName": "g", "Target": {"RoleArn": ROLE}},
         [("scheduler:CreateSchedule", "schedule/g/n"), ("iam:PassRole", ROLE)]),
        ("GET /schedules/n?groupName=g", {}, [("scheduler:GetSchedule", "schedule/g/n")]),
        ("DELETE /schedules/n", {}, [("scheduler:DeleteSchedule", "schedule/default/n")]),
        ("POST /schedule-groups/g", {"Tags": [{}]},
         [("scheduler:CreateScheduleGroup", "schedule-group/g"), ("scheduler:TagResource", "schedule-group/g")]),
        ("GET /schedules", {}, [("scheduler:ListSchedules", "schedule/*/*")]),
    ],
)  # fmt: skip
def test_scheduler(request_line: str, content: Any, expected: list[tuple[str, str]]) -> None:
    method, path = request_line.split()
    wanted = [(a, r if r == ROLE else f"arn:aws:scheduler:{REGIONAL}:{r}") for a, r in expected]
    needs = rest.scheduler_needs(call("scheduler", method, path, content))
    assert shown(needs) == wanted
    passed = [need.context["iam:passedtoservice"] for need in needs if need.action == "iam:PassRole"]
    assert passed == [("scheduler.amazonaws.com",)] * len(passed)


@pytest.mark.parametrize("service", ["lambda", "scheduler"])
def test_every_operation_of_the_rest_services_is_found_by_its_method_and_path(service: str) -> None:
    operations = Loader().load_service_model(service, "service-2")["operations"]
    for route in rest.routes(service):
        http = operations[route.operation]["http"]
        path = http["requestUri"].replace("{", "").replace("}", "").replace("+", "")
        first = next(one for one in rest.routes(service) if one.method == http["method"] and one.path.fullmatch(path))
        assert first.operation == route.operation


LOG_GROUP = f"arn:aws:logs:{REGIONAL}:log-group:/aws/lambda/f"


@pytest.mark.parametrize(
    ("operation", "content", "resource"),
    [
        ("PutLogEvents", {"logGroupName": "/aws/lambda/f", "logStreamName": "s"}, f"{LOG_GROUP}:log-stream:s"),
        ("DeleteLogGroup", {"logGroupName": "/aws/lambda/f"}, f"{LOG_GROUP}:log-stream:"),
        ("FilterLogEvents", {"logGroupName": "/aws/lambda/f"}, f"{LOG_GROUP}:log-stream:"),
        ("DescribeLogGroups", {"logGroupNamePrefix": "/a"}, f"arn:aws:logs:{REGIONAL}:log-group::log-stream:"),
        ("ListTagsForResource", {"resourceArn": f"{LOG_GROUP}:*"}, LOG_GROUP),
    ],
)
def test_logs(operation: str, content: Any, resource: str) -> None:
    needs = targets.logs_needs(call("logs", "POST", "/", content, X_Amz_Target=f"Logs_20140328.{operation}"))
    assert shown(needs) == [(f"logs:{operation}", resource)]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"Action": "GetRole", "RoleName": "r"}, [("iam:GetRole", "arn:role/r")]),
        ({"Action": "CreateRole", "RoleName": "r", "Path": "/p/", "Tags.member.1.Key": "a"},
         [("iam:CreateRole", f"{ACCOUNT}:role/p/r"), ("iam:TagRole", f"{ACCOUNT}:role/p/r")]),
        ({"Action": "SimulatePrincipalPolicy", "PolicySourceArn": ROLE}, [("iam:SimulatePrincipalPolicy", ROLE)]),
        ({"Action": "GetPolicy", "PolicyArn": "arn:p"}, [("iam:GetPolicy", "arn:p")]),
        ({"Action": "ListRoles"}, [("iam:ListRoles", f"{ACCOUNT}:role/")]),
    ],
)  # fmt: skip
def test_iam(form: dict[str, str], expected: list[tuple[str, str]]) -> None:
    async def arn_of(kind: str, name: str) -> str:
        return f"arn:{kind}/{name}"

    needs = asyncio.run(query.iam_needs(call("iam", "POST", "/", urlencode(form).encode()), arn_of))
    assert shown(needs) == expected


def test_an_operation_that_nobody_mapped_is_not_let_through() -> None:
    for operation in ("ExportTableToPointInTime", "TransactWriteItems", "ExecuteStatement", "PutResourcePolicy"):
        with pytest.raises(UnmappedError, match=operation):
            on_dynamodb(operation, {"TableArn": TABLE})
    with pytest.raises(UnmappedError, match="PutResourcePolicy"):
        on_dynamodb("CreateTable", {"TableName": "t", "ResourcePolicy": "{}"})
    lines = ("PATCH /b/k", "GET /b/k?tagging=", "PUT /b/k?acl=", "GET /b/k?uploadId=1", "GET /b?acl=", "PUT /b?acl=")
    for method, path in (line.split() for line in lines):
        with pytest.raises(UnmappedError, match=rf"{method} {path[:2]}"):
            s3.needs(call("s3", method, path))
    with pytest.raises(UnmappedError, match="x-amz-tagging"):
        s3.needs(call("s3", "PUT", "/b/k", x_amz_tagging="a=b"))
    with pytest.raises(UnmappedError):
        rest.lambda_needs(call("lambda", "POST", "/2042-01-01/unheard-of"))


def test_what_is_no_statement_is_for_dynamodb_to_refuse() -> None:
    made = call("dynamodb", "POST", "/")
    for statement in ('SELECT * FROM "t"', "EXISTS (SELECT 1)", "DELETE FROM", 7, None):
        assert dynamodb.statement_need(made, {"Statement": statement}) is None
        assert dynamodb.statement_need(made, statement) is None


ALARM = f"arn:aws:cloudwatch:{REGIONAL}:alarm:"
QUEUE, TOPIC = f"arn:aws:sqs:{REGIONAL}:q", f"arn:aws:sns:{REGIONAL}:t"


@pytest.mark.parametrize(
    ("operation", "content", "expected"),
    [
        ("DescribeAlarms", {"AlarmNames": ["a"]}, [("DescribeAlarms", f"{ALARM}*")]),
        ("PutMetricAlarm", {"AlarmName": "a"}, [("PutMetricAlarm", f"{ALARM}a")]),
        ("PutMetricAlarm", {"AlarmName": "a", "Tags": [{}]},
         [("PutMetricAlarm", f"{ALARM}a"), ("TagResource", f"{ALARM}a")]),
        ("DeleteAlarms", {"AlarmNames": ["a", "b"]}, [("DeleteAlarms", f"{ALARM}a"), ("DeleteAlarms", f"{ALARM}b")]),
        ("ListTagsForResource", {"ResourceARN": f"{ALARM}a"}, [("ListTagsForResource", f"{ALARM}a")]),
        ("PutMetricData", {"Namespace": "n"}, [("PutMetricData", "*")]),
    ],
)  # fmt: skip
def test_cloudwatch(operation: str, content: Any, expected: list[tuple[str, str]]) -> None:
    asked = call("monitoring", "POST", "/", content, X_Amz_Target=f"GraniteServiceVersion20100801.{operation}")
    needs = targets.monitoring_needs(asked)
    assert shown(needs) == [(f"cloudwatch:{name}", arn) for name, arn in expected]
    if operation == "PutMetricData":
        assert needs[0].context["cloudwatch:namespace"] == ("n",)
        assert is_known("cloudwatch:namespace")


@pytest.mark.parametrize(
    ("operation", "content", "expected"),
    [
        ("CreateQueue", {"QueueName": "q"}, ["CreateQueue"]),
        ("CreateQueue", {"QueueName": "q", "tags": {"a": "b"}}, ["CreateQueue", "TagQueue"]),
        ("DeleteQueue", {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q"}, ["DeleteQueue"]),
    ],
)
def test_sqs(operation: str, content: Any, expected: list[str]) -> None:
    needs = targets.sqs_needs(call("sqs", "POST", "/", content, X_Amz_Target=f"AmazonSQS.{operation}"))
    assert shown(needs) == [(f"sqs:{name}", QUEUE) for name in expected]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"Action": "CreateTopic", "Name": "t"}, [("CreateTopic", TOPIC)]),
        ({"Action": "CreateTopic", "Name": "t", "Tags.member.1.Key": "k"},
         [("CreateTopic", TOPIC), ("TagResource", TOPIC)]),
        ({"Action": "Subscribe", "TopicArn": TOPIC}, [("Subscribe", TOPIC)]),
        ({"Action": "ListTagsForResource", "ResourceArn": TOPIC}, [("ListTagsForResource", TOPIC)]),
        ({"Action": "Unsubscribe", "SubscriptionArn": f"{TOPIC}:1"}, [("Unsubscribe", "*")]),
    ],
)  # fmt: skip
def test_sns(form: dict[str, str], expected: list[tuple[str, str]]) -> None:
    needs = query.sns_needs(call("sns", "POST", "/", urlencode(form).encode()))
    assert shown(needs) == [(f"sns:{name}", arn) for name, arn in expected]


def test_requests_that_name_no_operation_or_resource_are_refused() -> None:
    for asked in (call("monitoring", "POST", "/", {}), call("sqs", "POST", "/", {}), call("sns", "POST", "/")):
        with pytest.raises(UnmappedError):
            {"monitoring": targets.monitoring_needs, "sqs": targets.sqs_needs, "sns": query.sns_needs}[asked.service](
                asked
            )
