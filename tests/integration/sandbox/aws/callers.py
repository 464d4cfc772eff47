"""Roles and functions of callers, and the words of a refusal."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.sandbox.aws.calls import Aws
from tests.integration.sandbox.conftest import RUNTIME, make_zip, trust
from tests.support.aws_callers import allow, document

KEY = {"id": {"S": "a"}}
LOGS = allow("logs:*")


def refusal(call: Callable[[], Any]) -> tuple[int, str, str]:
    """Status, code and message of a call that must fail."""
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error.get("Message", "")


def make_table(aws: Aws) -> str:
    name = f"t-{uuid.uuid4().hex[:8]}"
    aws("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
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
