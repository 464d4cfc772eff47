"""The table of permissions that each verb of an operator needs."""

from __future__ import annotations

from l3kit.clouds.aws.control.permissions import REQUIRED_PERMISSIONS, grants_for
from l3kit.clouds.aws.control.preflight import preflight
from l3kit.clouds.aws.names import AwsNames
from l3kit.clouds.ports.operator_permissions import DEPLOYING
from l3kit.tiering.settings.function_table import FUNCTIONS
from tests.unit.clouds.aws.control.answering_iam import ACCOUNT, AnyTwin, Iam, session_with


def test_deploying_needs_put_role_policy_and_the_function_url_calls() -> None:
    needed = {action for grant in grants_for(DEPLOYING) for action in grant.actions}
    assert "iam:PutRolePolicy" in needed
    assert {"lambda:CreateFunctionUrlConfig", "lambda:DeleteFunctionUrlConfig", "lambda:GetFunctionUrlConfig"} <= needed


def test_every_action_is_asked_for_a_resource_named_as_the_twins() -> None:
    iam = Iam(set())
    preflight(AnyTwin(), session_with(iam))  # type: ignore[arg-type]
    needed = {action for grant in REQUIRED_PERMISSIONS if not grant.only for action in grant.actions}
    assert set(iam.asked) == needed - {"iam:SimulatePrincipalPolicy"}  # which asks
    everywhere = {action for action, its in iam.asked.items() if not all("plant" in resource for resource in its)}
    assert everywhere == {
        "cloudwatch:DescribeAlarms",
        "cloudwatch:PutMetricData",
        "iot:ListTopicRules",
        "logs:DescribeLogGroups",
        "sns:Unsubscribe",
    }
    assert all(resource.endswith("/*") for resource in iam.asked["s3:DeleteObject"])
    assert {resource.split(":function:")[1] for resource in iam.asked["lambda:CreateFunction"]} == {
        AwsNames("plant", ACCOUNT, "us-east-1").function(function) for function in FUNCTIONS
    }
    assert all(":schedule/l3kit-plant/" in resource for resource in iam.asked["scheduler:UpdateSchedule"])
    assert all(":schedule-group/l3kit-plant" in resource for resource in iam.asked["scheduler:CreateScheduleGroup"])
    names = AwsNames("plant", ACCOUNT, "us-east-1")
    roles = {names.scheduler_role(), names.topic_rule_role(), *map(names.role, FUNCTIONS)}
    assert iam.asked["iam:PassRole"] == {f"arn:aws:iam::{ACCOUNT}:role/{role}" for role in roles}
    assert iam.passed_to == {"iot.amazonaws.com", "lambda.amazonaws.com", "scheduler.amazonaws.com"}
