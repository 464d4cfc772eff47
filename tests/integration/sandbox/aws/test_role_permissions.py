"""Functions and schedules are judged by their roles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from l3kit import sandbox as l3kit_sandbox
from l3kit.errors import SandboxError
from l3kit.sandbox import SandboxState
from l3kit.sandbox.aws.account import ACCOUNT_ID
from tests.integration.sandbox.aws.callers import KEY, PUTTER, give, make_function, make_role, refusal
from tests.integration.sandbox.aws.calls import Aws
from tests.integration.sandbox.conftest import trust
from tests.support import aws_callers as callers
from tests.support.aws_callers import allow, deny, document, table_arn
from tests.support.waiting import wait_until

pytestmark = pytest.mark.sandbox


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
    at = {"Arn": target, "RoleArn": arn, "Input": "{}"}
    aws("scheduler").create_schedule(Name=function, Target=at, **settings)
    assert l3kit_sandbox.fire_schedule(function, home=sandbox.home).result() == 1
    give(aws, role)
    with pytest.raises(SandboxError, match="not authorized to perform: lambda:InvokeFunction"):
        l3kit_sandbox.fire_schedule(function, home=sandbox.home)
    aws("iam").update_assume_role_policy(RoleName=role, PolicyDocument=trust("lambda"))
    with pytest.raises(SandboxError, match="must allow AWS EventBridge Scheduler"):
        l3kit_sandbox.fire_schedule(function, home=sandbox.home)
    status, code, message = refusal(lambda: aws("scheduler").update_schedule(Name=function, Target=at, **settings))
    assert (status, code) == (400, "ValidationException")
    assert "must allow AWS EventBridge Scheduler to assume the role" in message
