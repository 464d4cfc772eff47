"""Who is judged, by which policies, and how each service says no."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from l3kit.clouds.aws.control.preflight import preflight
from l3kit.sandbox import SandboxState
from l3kit.sandbox.aws.account import ACCOUNT_ID, REGION
from tests.integration.sandbox.aws.callers import PUTTER, make_function, make_role, refusal
from tests.integration.sandbox.aws.calls import Aws
from tests.support import aws_callers as callers
from tests.support.aws_callers import Caller, allow, deny, document, table_arn

pytestmark = pytest.mark.sandbox


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
    foreign = refusal(lambda: operator.client("dynamodb").delete_table(TableName="somebody-elses"))
    assert "no identity-based policy allows" in foreign[2]
    assert refusal(lambda: operator.client("iam").create_user(UserName="x"))[1] == "AccessDenied"
    taken = {"UserName": "l3kit-operator", "PolicyName": "taken-away"}
    aws("iam").put_user_policy(**taken, PolicyDocument=document(deny("dynamodb:DescribeTable", table_arn(of_a_twin))))
    try:
        assert described(of_a_twin).endswith("with an explicit deny in an identity-based policy")
    finally:
        aws("iam").delete_user_policy(**taken)
    assert described(of_a_twin) == ""


def test_the_operator_is_told_beforehand_that_it_lacks_nothing(sandbox: SandboxState) -> None:
    session = SimpleNamespace(client=callers.operator(sandbox).client, account_id=ACCOUNT_ID, region=REGION)
    assert preflight(cast(Any, SimpleNamespace(name="plant")), cast(Any, session)) == ()


def test_simulations_say_what_the_judge_would(aws: Aws, sandbox: SandboxState) -> None:
    condition = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    passing = allow("iam:PassRole", Condition=condition)
    _, arn = make_role(aws, allow("s3:Get*", "arn:aws:s3:::b/*"), deny("s3:GetObjectAcl"), passing)
    name, _ = callers.user(sandbox, allow("s3:PutObject"))

    def simulate(source: str, *actions: str, **more: Any) -> list[str]:
        answer = aws("iam").simulate_principal_policy(
            PolicySourceArn=source,
            ActionNames=list(actions),
            ResourceArns=["arn:aws:s3:::b/k"],
            **{"ContextEntries": [], "MaxItems": 100, **more},
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
    many = {"ActionNames": ["s3:GetObject", "s3:PutObject"], "ResourceArns": ["*"], "MaxItems": 1}
    assert "one page" in refusal(lambda: aws("iam").simulate_principal_policy(PolicySourceArn=arn, **many))[2]
    custom = {"PolicyInputList": [document(allow("s3:*"))], "ActionNames": ["s3:PutObject"]}
    assert "SimulateCustomPolicy" in refusal(lambda: aws("iam").simulate_custom_policy(**custom))[2]
    assert "sts:AssumeRole" in refusal(lambda: aws("sts").assume_role(RoleArn=arn, RoleSessionName="test"))[2]
