"""From a device through an IoT topic rule to a Lambda function, and back; what the function does not take is kept."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from l3kit.sandbox import SandboxState
from l3kit.sandbox.aws.account import ACCOUNT_ID, REGION
from l3kit.sandbox.aws.rule_errors import DATE, UNIQUE
from l3kit.sandbox.aws.rule_sql import OFFERED, VERSION
from l3kit.sandbox.faults.arranged import arm
from l3kit.sandbox.messages.client import wait_until_delivered
from tests.integration.sandbox.aws.calls import Aws, Deploy, code_of
from tests.integration.sandbox.conftest import trust
from tests.integration.sandbox.messages.device import PAYLOADS, Device
from tests.support.waiting import wait_until

pytestmark = pytest.mark.sandbox
WRITE = """
import json, os
def handler(event, context):
    with open(os.environ["OUT"], "a") as out:
        out.write(json.dumps([context.aws_request_id, event]) + "\\n")
    if os.path.exists(os.environ["OUT"] + ".broken"):
        raise ValueError("broken")
"""
Written = Callable[[], list[tuple[str, dict[str, Any]]]]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def written(out: Path) -> Written:
    """`written()` -> request id and event of each run of the function."""

    def read() -> list[tuple[str, dict[str, Any]]]:
        lines = out.read_text().splitlines() if out.exists() else []
        return [tuple(json.loads(line)) for line in lines]

    return read


@pytest.fixture
def function(deploy: Deploy, out: Path) -> str:
    return deploy(WRITE, Environment={"Variables": {"OUT": str(out)}})


@pytest.fixture
def rule(aws: Aws, twin: str, function: str) -> str:
    """A rule that hands the twin's messages to the function."""
    name = twin.replace("-", "_")
    make_rule(aws, name, twin, function)
    allow(aws, function, name)
    return name


def make_rule(aws: Aws, name: str, twin: str, function: str, **more: Any) -> None:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{function}"
    payload = {
        "sql": OFFERED.replace("TOPIC FILTER", f"{twin}/+/telemetry"),
        "awsIotSqlVersion": VERSION,
        "actions": [{"lambda": {"functionArn": arn}}],
        **more,
    }
    aws("iot").create_topic_rule(ruleName=name, topicRulePayload=payload, tags="twin=" + twin)


def allow(aws: Aws, function: str, rule: str) -> None:
    aws("lambda").add_permission(
        FunctionName=function,
        StatementId="iot",
        Action="lambda:InvokeFunction",
        Principal="iot.amazonaws.com",
        SourceAccount=ACCOUNT_ID,
        SourceArn=f"arn:aws:iot:{REGION}:{ACCOUNT_ID}:rule/{rule}",
    )


def delivered(sandbox: SandboxState) -> None:
    assert wait_until_delivered(sandbox.gateway, 60)


def test_every_payload_arrives_byte_by_byte(
    sandbox: SandboxState, device: Device, twin: str, rule: str, written: Written
) -> None:
    for name, payload in PAYLOADS.items():
        device.publish(f"{twin}/{name}/telemetry", payload)
    device.publish(f"{twin}/x/other", b"of no rule")
    delivered(sandbox)
    events = [event for _, event in written()]
    found = {event["topic"].split("/")[1]: base64.b64decode(event["payload"]) for event in events}
    assert found == PAYLOADS
    assert len(events) == len(PAYLOADS)
    assert {event["client"] for event in events} == {device.name}
    assert all(isinstance(event["received"], int) for event in events)


def test_a_message_over_the_limit_ends_its_senders_connection_and_reaches_nobody(
    sandbox: SandboxState, device: Device, twin: str, rule: str, written: Written
) -> None:
    device.client.publish(f"{twin}/d/telemetry", b"x" * 131_073, 1)
    assert device.gone.wait(30)
    delivered(sandbox)
    assert written() == []


@pytest.mark.slow
def test_a_failing_function_runs_three_times_with_one_request_id_and_its_event_goes_to_the_bucket(
    sandbox: SandboxState, aws: Aws, device: Device, twin: str, rule: str, function: str, out: Path, written: Written
) -> None:
    bucket = f"letters-{uuid.uuid4().hex[:8]}"
    aws("s3").create_bucket(Bucket=bucket)
    destination = {"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}}
    aws("lambda").put_function_event_invoke_config(FunctionName=function, DestinationConfig=destination)
    out.with_name("out.broken").touch()
    device.publish(f"{twin}/d/telemetry", b'{"value": 1.10}')
    delivered(sandbox)
    ((request_id, event), *again) = written()
    assert again == [(request_id, event)] * 2
    (stored,) = aws("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert stored["Key"].startswith(f"aws/lambda/async/{function}/")
    record = json.loads(aws("s3").get_object(Bucket=bucket, Key=stored["Key"])["Body"].read())
    assert record["requestPayload"] == event
    context = {"condition": "RetriesExhausted", "approximateInvokeCount": 3, "requestId": request_id}
    assert context.items() <= record["requestContext"].items()
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"]["errorType"] == "ValueError"


@pytest.mark.slow
def test_a_delivery_can_be_repeated_after_a_later_one(
    sandbox: SandboxState, device: Device, twin: str, rule: str, function: str, written: Written
) -> None:
    armed = arm(sandbox.gateway, f"source-of-{function}", "deliver_again", at=1, after=1)
    for number in (b"1", b"2"):
        device.publish(f"{twin}/d/telemetry", number)
        delivered(sandbox)
    wait_until(lambda: armed.delivered() == 1, 30)
    armed.disarm()
    assert [base64.b64decode(event["payload"]) for _, event in written()] == [b"1", b"2", b"1"]


@pytest.mark.slow
def test_a_lost_answer_lets_the_function_run_again(
    sandbox: SandboxState, device: Device, twin: str, rule: str, function: str, written: Written
) -> None:
    armed = arm(sandbox.gateway, f"source-of-{function}", "lose_answer", at=1)
    device.publish(f"{twin}/d/telemetry", b"1")
    delivered(sandbox)
    armed.disarm()
    assert len(written()) == 2


def test_without_the_functions_permission_the_message_is_dropped_and_the_log_tells_why(
    sandbox: SandboxState, aws: Aws, device: Device, twin: str, function: str, written: Written
) -> None:
    name = twin.replace("-", "_")
    make_rule(aws, name, twin, function)
    allow(aws, function, f"{name}_other")
    device.publish(f"{twin}/d/telemetry", b"1")
    delivered(sandbox)
    assert written() == []
    log = (sandbox.home / "logs" / "functions" / f"{function}.log").read_text()
    assert f"{name} could not deliver a message: no statement of the function's policy allows iot.amazonaws.com" in log


def test_what_cannot_be_delivered_goes_to_the_rules_error_action(
    sandbox: SandboxState, aws: Aws, device: Device, twin: str
) -> None:
    iam, name, bucket = aws("iam"), twin.replace("-", "_"), f"letters-{uuid.uuid4().hex[:8]}"
    aws("s3").create_bucket(Bucket=bucket)
    role = iam.create_role(RoleName=twin, AssumeRolePolicyDocument=trust("iot"))["Role"]["Arn"]
    error = {"s3": {"roleArn": role, "bucketName": bucket, "key": f"aws/iot/{DATE}/{UNIQUE}.json"}}
    with pytest.raises(ClientError, match="unable to assume the role"):
        make_rule(aws, name, twin, "nowhere", errorAction={"s3": {**error["s3"], "roleArn": f"{role}-other"}})
    make_rule(aws, name, twin, "nowhere", errorAction=error)
    assert aws("iot").get_topic_rule(ruleName=name)["rule"]["errorAction"] == error
    device.publish(f"{twin}/d/telemetry", b"refused")
    delivered(sandbox)
    statement = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/aws/iot/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=twin, PolicyName="put", PolicyDocument=policy)
    device.publish(f"{twin}/d/telemetry", b"\0kept")
    delivered(sandbox)
    (stored,) = aws("s3").list_objects_v2(Bucket=bucket)["Contents"]
    told = json.loads(aws("s3").get_object(Bucket=bucket, Key=stored["Key"])["Body"].read())
    assert base64.b64decode(told["base64OriginalPayload"]) == b"\0kept"
    assert (told["ruleName"], told["topic"], told["clientId"]) == (name, f"{twin}/d/telemetry", device.name)
    assert [failure["failedAction"] for failure in told["failures"]] == ["LambdaAction"]


def test_a_rule_is_read_back_switched_off_and_deleted(
    sandbox: SandboxState, aws: Aws, device: Device, twin: str, rule: str, written: Written
) -> None:
    iot = aws("iot")
    told = iot.get_topic_rule(ruleName=rule)
    assert iot.list_tags_for_resource(resourceArn=told["ruleArn"])["tags"] == [{"Key": "twin", "Value": twin}]
    assert rule in [one["ruleName"] for one in iot.list_topic_rules()["rules"]]
    assert told["rule"]["ruleDisabled"] is False
    with pytest.raises(ClientError) as caught:
        iot.create_topic_rule(ruleName=rule, topicRulePayload={"sql": "SELECT 1", "actions": []})
    assert code_of(caught) == (409, "ResourceAlreadyExistsException")
    iot.disable_topic_rule(ruleName=rule)
    device.publish(f"{twin}/d/telemetry", b"1")
    delivered(sandbox)
    assert written() == []
    iot.delete_topic_rule(ruleName=rule)
    with pytest.raises(ClientError) as caught:
        iot.get_topic_rule(ruleName=rule)
    assert code_of(caught) == (401, "UnauthorizedException")


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        ({"sql": "SELECT * FROM 'a'"}, "SqlParseException", "of this form only"),
        ({"sql": OFFERED.replace("TOPIC FILTER", "a+/b")}, "SqlParseException", "whole level"),
        ({"awsIotSqlVersion": "2015-10-08"}, "InvalidRequestException", VERSION),
        ({"actions": [{"sns": {"targetArn": "a", "roleArn": "b"}}]}, "InvalidRequestException", "one action, lambda"),
    ],
)
def test_what_is_not_offered_of_a_rule_is_refused_in_words(
    aws: Aws, twin: str, change: dict[str, Any], kind: str, text: str
) -> None:
    payload = {
        "sql": OFFERED.replace("TOPIC FILTER", "a/+/telemetry"),
        "awsIotSqlVersion": VERSION,
        "actions": [{"lambda": {"functionArn": "arn:aws:lambda:us-east-1:123456789012:function:f"}}],
        **change,
    }
    with pytest.raises(ClientError, match=text) as caught:
        aws("iot").create_topic_rule(ruleName=twin.replace("-", "_"), topicRulePayload=payload)
    assert code_of(caught) == (400, kind)


def test_a_function_answers_a_device_only_with_the_permission_to_publish(
    sandbox: SandboxState, aws: Aws, device: Device, twin: str, deploy: Deploy
) -> None:
    topic = f"{twin}/a%2Fb/feedback"
    device.subscribe(topic)
    aws("iot-data").publish(topic=topic, qos=1, payload=bytes(range(256)))
    assert device.received.get(timeout=30) == (topic, bytes(range(256)))
    iam = aws("iam")
    iam.create_user(UserName=twin)
    key = iam.create_access_key(UserName=twin)["AccessKey"]
    import boto3

    stranger = boto3.client(
        "iot-data",
        endpoint_url=sandbox.gateway,
        region_name=REGION,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    with pytest.raises(ClientError, match="iot:Publish") as caught:
        stranger.publish(topic=topic, payload=b"1")
    assert code_of(caught) == (403, "ForbiddenException")
