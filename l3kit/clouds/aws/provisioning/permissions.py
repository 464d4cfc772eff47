"""What the deploying person needs to be allowed, per layer, and the check before anything is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from l3kit.errors import PermissionMissingError

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin import Twin

REQUIRED_PERMISSIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "layer_3": {
        "sts": ("GetCallerIdentity",),
        "dynamodb": (
            "CreateTable",
            "DescribeTable",
            "UpdateTable",
            "DeleteTable",
            "ListTagsOfResource",
            "TagResource",
            "DescribeContinuousBackups",
            "UpdateContinuousBackups",
            "DescribeTimeToLive",
            "UpdateTimeToLive",
        ),
        "s3": (
            "CreateBucket",
            "ListBucket",
            "ListBucketVersions",
            "ListBucketMultipartUploads",
            "DeleteBucket",
            "DeleteObject",
            "DeleteObjectVersion",
            "AbortMultipartUpload",
            "GetBucketTagging",
            "PutBucketTagging",
            "GetBucketPublicAccessBlock",
            "PutBucketPublicAccessBlock",
            "GetEncryptionConfiguration",
            "PutEncryptionConfiguration",
            "GetBucketPolicy",
            "PutBucketPolicy",
            "GetLifecycleConfiguration",
            "PutLifecycleConfiguration",
        ),
        "iam": (
            "CreateRole",
            "GetRole",
            "DeleteRole",
            "TagRole",
            "ListRoleTags",
            "UpdateAssumeRolePolicy",
            "PutRolePolicy",
            "GetRolePolicy",
            "DeleteRolePolicy",
            "ListRolePolicies",
            "ListAttachedRolePolicies",
            "DetachRolePolicy",
            "PassRole",
        ),
        "lambda": (
            "CreateFunction",
            "GetFunction",
            "GetFunctionConfiguration",
            "UpdateFunctionCode",
            "UpdateFunctionConfiguration",
            "DeleteFunction",
            "TagResource",
            "CreateFunctionUrlConfig",
            "GetFunctionUrlConfig",
            "UpdateFunctionUrlConfig",
            "DeleteFunctionUrlConfig",
            "AddPermission",
            "RemovePermission",
            "GetPolicy",
            "InvokeFunction",
        ),
        "scheduler": (
            "CreateScheduleGroup",
            "GetScheduleGroup",
            "DeleteScheduleGroup",
            "TagResource",
            "ListTagsForResource",
            "CreateSchedule",
            "GetSchedule",
            "UpdateSchedule",
            "DeleteSchedule",
        ),
        "logs": (
            "CreateLogGroup",
            "DescribeLogGroups",
            "DeleteLogGroup",
            "PutRetentionPolicy",
            "TagLogGroup",
            "ListTagsLogGroup",
        ),
    }
}
BATCH = 100
"""Actions in one SimulatePrincipalPolicy."""


def preflight(twin: Twin, session: Session) -> tuple[str, ...]:
    """Ask IAM whether the caller may do all that plan, apply and destroy do.

    Returns: notes on what could not be checked.
    Raises: PermissionMissingError listing every missing permission; nothing has been made.
    """
    actions = [f"{service}:{name}" for service, names in REQUIRED_PERMISSIONS["layer_3"].items() for name in names]
    if session.target == "sandbox":
        return ("The sandbox enforces no permissions, so none were checked.",)
    try:
        caller = session.aws.client("sts").get_caller_identity()["Arn"]
        denied = _denied(session, _principal(caller), actions)
    except (ClientError, BotoCoreError) as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        return (f"Permissions could not be checked beforehand (iam:SimulatePrincipalPolicy: {code}).",)
    if denied:
        raise PermissionMissingError(
            f"deploying {twin.name}",
            f"{len(denied)} permissions are missing, nothing was made: {', '.join(denied)}",
            f"Grant them to {caller}",
        )
    return ()


def _denied(session: Session, principal: str, actions: list[str]) -> list[str]:
    iam = session.aws.client("iam")
    denied: list[str] = []
    for start in range(0, len(actions), BATCH):
        answer = iam.simulate_principal_policy(
            PolicySourceArn=principal, ActionNames=actions[start : start + BATCH], MaxItems=BATCH
        )
        denied += [r["EvalActionName"] for r in answer["EvaluationResults"] if r["EvalDecision"] != "allowed"]
    return denied


def _principal(arn: str) -> str:
    """The role behind an assumed-role session: IAM simulates roles and users, not sessions."""
    if ":assumed-role/" not in arn:
        return arn
    prefix, _, rest = arn.partition(":assumed-role/")
    return f"{prefix.replace(':sts:', ':iam:')}:role/{rest.split('/')[0]}"
