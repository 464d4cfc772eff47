"""The person who deploys: what is needed is in one table, and is asked of IAM before anything is made."""

from __future__ import annotations

import re

import pytest
from botocore.exceptions import ClientError

from l3kit.clouds.aws.control.preflight import preflight
from l3kit.errors import PermissionMissingError
from tests.unit.clouds.aws.control.answering_iam import ACCOUNT, AnyTwin, Iam, session_with


def test_every_missing_permission_is_listed_before_anything_is_made() -> None:
    iam = Iam({"iam:PutRolePolicy", "s3:CreateBucket", "dynamodb:Query"})
    with pytest.raises(PermissionMissingError) as caught:
        preflight(AnyTwin(), session_with(iam))  # type: ignore[arg-type]
    assert "2 permissions are missing, nothing was created: s3:CreateBucket, iam:PutRolePolicy" in str(caught.value)
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
    assert re.search(f"^1 permissions are missing, nothing was created: {told}", caught.value.cause), caught.value.cause


def test_what_is_missing_for_other_verbs_is_noted_and_does_not_stop_the_plan() -> None:
    iam = Iam({"dynamodb:Query", "s3:RestoreObject"})
    (note,) = preflight(AnyTwin(), session_with(iam))  # type: ignore[arg-type]
    assert "may deploy, but not dynamodb:Query, s3:RestoreObject" in note
    assert note.endswith("needed for query, tiers, explain, runs, verify, erase, restore.")


def test_a_session_of_a_role_is_checked_as_the_role() -> None:
    iam = Iam(set(), f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/me")
    assert preflight(AnyTwin(), session_with(iam)) == ()  # type: ignore[arg-type]
    assert iam.principals == {f"arn:aws:iam::{ACCOUNT}:role/deployer"}


def test_the_path_of_a_role_is_looked_up_where_that_is_allowed() -> None:
    iam = Iam(set(), f"arn:aws:sts::{ACCOUNT}:assumed-role/Operators/me")
    iam.roles["Operators"] = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/Operators"
    preflight(AnyTwin(), session_with(iam))  # type: ignore[arg-type]
    assert iam.principals == {f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/Operators"}


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
