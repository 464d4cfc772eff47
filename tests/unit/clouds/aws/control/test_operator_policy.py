"""Policies for an operator: on this twin's resources alone, cut to what IAM takes."""

from __future__ import annotations

from typing import Any

import pytest

from l3kit.clouds.aws.control.operator_permissions import PERMISSIONS
from l3kit.clouds.aws.control.operator_policy import Scope, managed_policies, operator_policy
from l3kit.clouds.aws.control.permissions import REQUIRED_PERMISSIONS, permission_table
from l3kit.clouds.aws.control.policy_limits import MANAGED_POLICY, ROLE_POLICIES, compact
from l3kit.clouds.ports.operator_permissions import VERBS, PolicyScope
from tests.unit.clouds.aws.control.answering_iam import ACCOUNT


def test_a_policy_of_the_table_names_no_action_by_a_pattern_and_few_resources_of_no_twin() -> None:
    policy = operator_policy(Scope("plant", ACCOUNT, "eu-west-1"))
    allowed = {
        (action, arn)
        for statement in policy["Statement"]
        for action in statement["Action"]
        for arn in statement["Resource"]
        if arn == "*" or arn.split(":")[2] == action.split(":")[0]
    }
    assert not any("*" in action for action, _ in allowed)
    of_no_twin = {action for action, resource in allowed if "plant" not in resource}
    assert of_no_twin == {
        "cloudwatch:DescribeAlarms",
        "cloudwatch:PutMetricData",
        "iam:SimulatePrincipalPolicy",
        "iot:ListTopicRules",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:GenerateDataKey",
        "logs:DescribeLogGroups",
        "sns:Unsubscribe",
    }


@pytest.mark.parametrize("verb", VERBS)
def test_a_policy_for_one_verb_holds_its_rows_and_no_other(verb: Any) -> None:
    policy = operator_policy(Scope("plant", source="readings", called=("alarm",)), (verb,))
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert allowed == {action for grant in REQUIRED_PERMISSIONS if verb in grant.verbs for action in grant.actions}
    assert all(f"{verb}" in line for line in permission_table((verb,)).splitlines()[2:])


def test_functions_that_events_call_are_in_the_policy_alone_if_they_are_named() -> None:
    def looking(*called: str) -> list[Any]:
        statements = operator_policy(Scope("plant", ACCOUNT, "eu-west-1", called=called), ("plan",))["Statement"]
        return [
            one
            for one in statements
            if one["Action"] == ["lambda:GetFunction"] and any("alarm" in arn for arn in one["Resource"])
        ]

    assert looking() == []
    (statement,) = looking("alarm", "other")
    assert statement["Action"] == ["lambda:GetFunction"]
    assert statement["Resource"] == [f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{one}" for one in ("alarm", "other")]


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


def test_the_policy_of_a_twin_leaves_room_in_a_roles_inline_policies_for_rows_to_come() -> None:
    assert len(compact(operator_policy(Scope("plant")))) <= ROLE_POLICIES - 500


def test_what_fits_where_is_told_by_the_length_of_the_policy() -> None:
    scope = PolicyScope("plant", ACCOUNT, "eu-west-1")
    notes = [PERMISSIONS.policy(scope, verbs).note for verbs in (VERBS, ("destroy",), ("query",))]
    assert [note.partition(": ")[2].partition(" ")[2].partition(" (")[0] for note in notes[:2]] == [
        "neither a role's inline policies",
        "a role's inline policies",
    ]
    assert notes[2] == ""


def test_buckets_of_an_unknown_account_are_named_but_for_their_suffix() -> None:
    assert Scope("plant").arns("buckets") == (
        "arn:aws:s3:::plant-cold-iot-data-*",
        "arn:aws:s3:::plant-archive-iot-data-*",
        "arn:aws:s3:::plant-dead-letters-*",
    )
