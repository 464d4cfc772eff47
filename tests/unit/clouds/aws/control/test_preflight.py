"""The person who deploys: what is needed is in one table, and is asked of IAM before anything is made."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from l3kit.clouds.aws.control.operator_policy import Scope, managed_policies, operator_policy
from l3kit.clouds.aws.control.permissions import (
    DEPLOYING,
    REQUIRED_PERMISSIONS,
    VERBS,
    grants_for,
    permission_table,
)
from l3kit.clouds.aws.control.policy_limits import MANAGED_POLICY, ROLE_POLICIES, compact
from l3kit.clouds.aws.control.preflight import preflight
from l3kit.clouds.aws.names import AwsNames
from l3kit.clouds.aws.session import AwsSession
from l3kit.errors import PermissionMissingError
from l3kit.tiering.settings.function_table import FUNCTIONS

ACCOUNT = "123456789012"


class Iam:
    """Answers the two calls of the preflight; the real services cannot be had here."""

    def __init__(
        self,
        denied: set[str],
        arn: str = f"arn:aws:iam::{ACCOUNT}:user/op",
        refuse: bool = False,
        only_on: str = "",
        by_action: bool = False,
    ) -> None:
        self.denied, self.arn, self.refuse, self.principals = denied, arn, refuse, set[str]()
        self.only_on, self.by_action = only_on, by_action
        self.asked: dict[str, set[str]] = {}
        self.passed_to: set[str] = set()
        self.roles: dict[str, str] = {}

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": self.arn}

    def get_role(self, RoleName: str) -> Any:
        if RoleName not in self.roles:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetRole")
        return {"Role": {"Arn": self.roles[RoleName]}}

    def simulate_principal_policy(
        self,
        PolicySourceArn: str,
        ActionNames: list[str],
        ResourceArns: list[str],
        ContextEntries: list[dict[str, Any]],
        MaxItems: int,
        Marker: str = "",
    ) -> Any:
        """Answer in pages of one action."""
        if self.refuse:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "SimulatePrincipalPolicy")
        assert len(ActionNames) * len(ResourceArns) <= MaxItems
        self.principals.add(PolicySourceArn)
        for name in ActionNames:
            self.asked.setdefault(name, set()).update(ResourceArns)
        self.passed_to |= {value for entry in ContextEntries for value in entry["ContextKeyValues"]}
        at = int(Marker or 0)
        page: Any = {"EvaluationResults": self._results(ActionNames[at], ResourceArns)}
        last = at + 1 == len(ActionNames)
        return page | ({"IsTruncated": False} if last else {"IsTruncated": True, "Marker": str(at + 1)})

    def _results(self, action: str, resources: list[str]) -> list[dict[str, Any]]:
        denied = [action in self.denied and self.only_on in resource for resource in resources]
        words = ["implicitDeny" if one else "allowed" for one in denied]
        if self.by_action:
            each = [
                {"EvalResourceName": resource, "EvalResourceDecision": word}
                for resource, word in zip(resources, words, strict=True)
            ]
            return [{"EvalActionName": action, "EvalDecision": words[0], "ResourceSpecificResults": each}]
        return [
            {"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": word}
            for resource, word in zip(resources, words, strict=True)
        ]


def session_with(iam: Iam) -> AwsSession:
    clients = {(name, 60.0, 6): iam for name in ("iam", "sts")}
    return AwsSession("us-east-1", ACCOUNT, None, None, clients)


class AnyTwin:
    name = "plant"


def test_deploying_needs_put_role_policy_and_the_function_url_calls() -> None:
    needed = {action for grant in grants_for(DEPLOYING) for action in grant.actions}
    assert "iam:PutRolePolicy" in needed
    assert {"lambda:CreateFunctionUrlConfig", "lambda:DeleteFunctionUrlConfig", "lambda:GetFunctionUrlConfig"} <= needed


def test_every_missing_permission_is_listed_before_anything_is_made() -> None:
    iam = Iam({"iam:PutRolePolicy", "s3:CreateBucket", "dynamodb:Query"})
    with pytest.raises(PermissionMissingError) as caught:
        preflight(AnyTwin(), session_with(iam))  # type: ignore[arg-type]
    assert "2 permissions are missing, nothing was made: s3:CreateBucket, iam:PutRolePolicy" in str(caught.value)
    assert "l3kit permissions aws --twin plant --json" in str(caught.value)


@pytest.mark.parametrize("by_action", [False, True])
@pytest.mark.parametrize(
    ("action", "on", "told"),
    [
        ("s3:CreateBucket", "plant-dead-letters", "s3:CreateBucket on plant-dead-letters-[0-9a-z]+$"),
        ("lambda:CreateFunction", "plant-dispatcher", "lambda:CreateFunction on plant-dispatcher$"),
        ("iam:CreateRole", "plant-topic-rule", "iam:CreateRole on role/plant-topic-rule$"),
        ("logs:CreateLogGroup", "plant-persister", "logs:CreateLogGroup on /aws/lambda/plant-persister$"),
        ("iot:CreateTopicRule", "", "iot:CreateTopicRule$"),
    ],
)
def test_a_policy_that_leaves_out_resources_of_layers_1_and_2_is_told_with_them(
    action: str, on: str, told: str, by_action: bool
) -> None:
    iam = Iam({action}, only_on=on, by_action=by_action)
    with pytest.raises(PermissionMissingError) as caught:
        preflight(AnyTwin(), session_with(iam))  # type: ignore[arg-type]
    assert re.search(f"^1 permissions are missing, nothing was made: {told}", caught.value.cause), caught.value.cause


def test_what_is_missing_for_other_verbs_is_noted_and_does_not_stop_the_plan() -> None:
    iam = Iam({"dynamodb:Query", "s3:RestoreObject"})
    (note,) = preflight(AnyTwin(), session_with(iam))  # type: ignore[arg-type]
    assert "may deploy, but not dynamodb:Query, s3:RestoreObject" in note
    assert note.endswith("needed for query, tiers, explain, runs, verify, restore.")


def test_a_session_of_a_role_is_checked_as_the_role() -> None:
    iam = Iam(set(), f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/me")
    assert preflight(AnyTwin(), session_with(iam)) == ()  # type: ignore[arg-type]
    assert iam.principals == {f"arn:aws:iam::{ACCOUNT}:role/deployer"}


def test_the_path_of_a_role_is_looked_up_where_that_is_allowed() -> None:
    iam = Iam(set(), f"arn:aws:sts::{ACCOUNT}:assumed-role/Operators/me")
    iam.roles["Operators"] = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/Operators"
    preflight(AnyTwin(), session_with(iam))  # type: ignore[arg-type]
    assert iam.principals == {f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/Operators"}


def test_every_action_is_asked_for_a_resource_named_as_the_twins() -> None:
    iam = Iam(set())
    preflight(AnyTwin(), session_with(iam))  # type: ignore[arg-type]
    needed = {action for grant in REQUIRED_PERMISSIONS if not grant.only for action in grant.actions}
    assert set(iam.asked) == needed - {"iam:SimulatePrincipalPolicy"}  # which asks
    everywhere = {action for action, its in iam.asked.items() if not all("plant" in resource for resource in its)}
    assert everywhere == {"iot:ListTopicRules", "logs:DescribeLogGroups"}
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


def test_a_policy_of_the_table_allows_every_row_on_this_twins_resources_alone() -> None:
    policy = operator_policy(Scope("plant", ACCOUNT, "eu-west-1"))
    allowed = {(a, r) for statement in policy["Statement"] for a in statement["Action"] for r in statement["Resource"]}
    for grant in REQUIRED_PERMISSIONS:
        for action in grant.actions:
            assert {(action, arn) for arn in Scope("plant", ACCOUNT, "eu-west-1").arns(grant.on)} <= allowed
    assert not any("*" in action for action, _ in allowed)
    of_no_twin = {action for action, resource in allowed if "plant" not in resource}
    assert of_no_twin == {
        "iam:SimulatePrincipalPolicy",
        "iot:ListTopicRules",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:GenerateDataKey",
        "logs:DescribeLogGroups",
    }
    assert len(compact(policy)) < ROLE_POLICIES


@pytest.mark.parametrize("verb", VERBS)
def test_a_policy_for_one_verb_holds_its_rows_and_no_other(verb: Any) -> None:
    policy = operator_policy(Scope("plant", source="readings"), (verb,))
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert allowed == {action for grant in REQUIRED_PERMISSIONS if verb in grant.verbs for action in grant.actions}
    assert all(f"{verb}" in line for line in permission_table((verb,)).splitlines()[2:])


def test_a_table_to_copy_is_in_the_policy_alone_if_it_is_named() -> None:
    def reading(source: str) -> list[Any]:
        statements = operator_policy(Scope("plant", ACCOUNT, "eu-west-1", source), ("load",))["Statement"]
        return [one for one in statements if not any("plant" in arn for arn in one["Resource"])]

    assert reading("") == []
    (statement,) = reading("readings")
    assert statement["Action"] == ["dynamodb:DescribeTable", "dynamodb:Query", "dynamodb:Scan"]
    assert statement["Resource"] == [f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/readings"]


def test_a_policy_longer_than_a_managed_one_may_be_is_cut_between_statements() -> None:
    policy = operator_policy(Scope("p" * 28, ACCOUNT, "ap-southeast-1"))
    parts = managed_policies(policy)
    assert len(parts) > 1
    assert all(len(compact(part)) <= MANAGED_POLICY for part in parts)
    assert [statement for part in parts for statement in part["Statement"]] == policy["Statement"]


def test_buckets_of_an_unknown_account_are_named_but_for_their_suffix() -> None:
    assert Scope("plant").arns("buckets") == (
        "arn:aws:s3:::plant-cold-iot-data-*",
        "arn:aws:s3:::plant-archive-iot-data-*",
        "arn:aws:s3:::plant-dead-letters-*",
    )


def test_credentials_that_are_refused_stop_the_plan_with_what_to_set() -> None:
    class Refused(Iam):
        def get_caller_identity(self) -> dict[str, str]:
            raise ClientError({"Error": {"Code": "ExpiredToken", "Message": "old"}}, "GetCallerIdentity")

    with pytest.raises(
        PermissionMissingError, match=r"cannot be used \(ExpiredToken\); nothing was done. Set AWS_PROF"
    ):
        preflight(AnyTwin(), session_with(Refused(set())))  # type: ignore[arg-type]


def test_what_cannot_be_checked_is_said_and_does_not_stop_the_plan() -> None:
    (note,) = preflight(AnyTwin(), session_with(Iam(set(), refuse=True)))  # type: ignore[arg-type]
    assert note == "Permissions could not be checked beforehand (iam:SimulatePrincipalPolicy: AccessDenied)."
