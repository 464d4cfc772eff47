"""Least privilege: exact actions on exact ARNs; and the deploying person's permissions, listed and checked."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from l3kit.clouds.aws.provisioning.context import Context
from l3kit.clouds.aws.provisioning.permissions import REQUIRED_PERMISSIONS, preflight
from l3kit.clouds.aws.provisioning.policies import function_policy, scheduler_policy, trust
from l3kit.clouds.aws.session import AwsSession
from l3kit.errors import PermissionMissingError
from l3kit.naming import AwsNames
from l3kit.session import Session
from l3kit.tiering.settings import FUNCTIONS

ACCOUNT = "123456789012"
CONTEXT = Context(AwsSession("us-east-1", ACCOUNT, None, None), AwsNames("plant", ACCOUNT, "us-east-1"))


@pytest.mark.parametrize("remote", [False, True])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_action_and_no_resource_is_a_wildcard(function: str, remote: bool) -> None:
    for statement in function_policy(function, CONTEXT, remote=remote)["Statement"]:
        assert statement["Effect"] == "Allow"
        assert not any("*" in action for action in statement["Action"])
        resource = statement["Resource"]
        assert "plant" in resource
        assert resource.count("*") <= 1
        assert resource.endswith("*") or "*" not in resource
        assert resource.split(":")[4] in ("", ACCOUNT)


def actions(function: str, *, remote: bool = False) -> set[str]:
    return {a for s in function_policy(function, CONTEXT, remote=remote)["Statement"] for a in s["Action"]}


def test_a_mover_that_sends_abroad_may_not_write_to_a_bucket() -> None:
    assert "s3:PutObject" in actions("hot-to-cold-mover")
    assert not any(action.startswith("s3:") for action in actions("hot-to-cold-mover", remote=True))


def test_readers_only_read_and_writers_only_write() -> None:
    logs = {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert actions("hot-reader") == {"dynamodb:Query", *logs}
    assert actions("cold-writer") == {"s3:PutObject", "s3:GetObject", "s3:ListBucket", *logs}
    assert not any("Delete" in action for action in actions("hot-reader-last-entry"))


def test_the_cold_to_archive_mover_never_deletes_from_the_archive() -> None:
    for statement in function_policy("cold-to-archive-mover", CONTEXT, remote=False)["Statement"]:
        if any("Delete" in action for action in statement["Action"]):
            assert "cold-iot-data" in statement["Resource"]


def test_the_scheduler_may_start_these_functions_of_this_account_and_nothing_else() -> None:
    (statement,) = scheduler_policy(CONTEXT, ["hot-to-cold-mover"])["Statement"]
    assert statement["Action"] == ["lambda:InvokeFunction"]
    assert statement["Resource"] == [f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:plant-hot-to-cold-mover"]
    (trusted,) = trust("scheduler.amazonaws.com", CONTEXT)["Statement"]
    assert trusted["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


class Iam:
    """Answers the two calls of the preflight; the real services cannot be had here."""

    def __init__(self, denied: set[str], arn: str = f"arn:aws:iam::{ACCOUNT}:user/op", refuse: bool = False) -> None:
        self.denied, self.arn, self.refuse, self.principals = denied, arn, refuse, set[str]()
        self.asked: dict[str, str] = {}
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
    ) -> Any:
        if self.refuse:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "SimulatePrincipalPolicy")
        self.principals.add(PolicySourceArn)
        self.asked |= dict.fromkeys(ActionNames, ResourceArns[0])
        decisions = [(name, "implicitDeny" if name in self.denied else "allowed") for name in ActionNames]
        return {"EvaluationResults": [{"EvalActionName": n, "EvalDecision": d} for n, d in decisions]}


def session_with(iam: Iam) -> Session:
    clients = {(name, 60.0, 6): iam for name in ("iam", "sts")}
    return Session("aws", AwsSession("us-east-1", ACCOUNT, None, None, clients))


class AnyTwin:
    name = "plant"


def test_layer_3_needs_put_role_policy_and_the_function_url_calls() -> None:
    needed = REQUIRED_PERMISSIONS["layer_3"]
    assert "PutRolePolicy" in needed["iam"]
    assert {"CreateFunctionUrlConfig", "DeleteFunctionUrlConfig", "GetFunctionUrlConfig"} <= set(needed["lambda"])


def test_every_missing_permission_is_listed_before_anything_is_made() -> None:
    iam = Iam({"iam:PutRolePolicy", "s3:CreateBucket"})
    with pytest.raises(PermissionMissingError) as caught:
        preflight(AnyTwin(), session_with(iam))  # type: ignore[arg-type]
    assert "2 permissions are missing, nothing was made: s3:CreateBucket, iam:PutRolePolicy" in str(caught.value)


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
    needed = {f"{service}:{name}" for service, names in REQUIRED_PERMISSIONS["layer_3"].items() for name in names}
    assert set(iam.asked) == needed
    everywhere = {action for action, resource in iam.asked.items() if "plant" not in resource}
    assert everywhere == {"sts:GetCallerIdentity", "logs:DescribeLogGroups"}
    assert iam.asked["s3:DeleteObject"].endswith("/object")
    assert ":schedule/l3kit-plant/" in iam.asked["scheduler:UpdateSchedule"]
    assert ":schedule-group/l3kit-plant" in iam.asked["scheduler:CreateScheduleGroup"]
    assert iam.asked["iam:PassRole"] == f"arn:aws:iam::{ACCOUNT}:role/plant-hot-to-cold-mover"


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
