"""What the deploying person needs to be allowed, per layer, and the check before anything is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from l3kit.clouds.aws.provisioning.calls import code_of
from l3kit.clouds.aws.provisioning.context import Context
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
            "ListTags",
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
            "TagResource",
            "ListTagsForResource",
        ),
    }
}
OBJECT_ACTIONS = frozenset({"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload"})
BATCH = 100
"""Actions in one SimulatePrincipalPolicy."""


def preflight(twin: Twin, session: Session) -> tuple[str, ...]:
    """Ask IAM whether the caller may do all that plan, apply and destroy do, to resources named as this twin's.

    Returns: notes on what could not be checked.
    Raises: PermissionMissingError without usable credentials, or listing every missing permission; nothing was made.
    """
    if session.target == "sandbox":
        return ("The sandbox enforces no permissions, so none were checked.",)
    caller = _caller(session)
    try:
        denied = _denied(session.aws.client("iam"), caller, Context(session.aws, session.aws_names(twin)))
    except (ClientError, BotoCoreError) as error:
        code = code_of(error) if isinstance(error, ClientError) else type(error).__name__
        return (f"Permissions could not be checked beforehand (iam:SimulatePrincipalPolicy: {code}).",)
    if denied:
        raise PermissionMissingError(
            f"deploying {twin.name}",
            f"{len(denied)} permissions are missing, nothing was made: {', '.join(denied)}",
            f"Grant them to {caller}",
        )
    return ()


def _caller(session: Session) -> str:
    try:
        return str(session.aws.client("sts").get_caller_identity()["Arn"])
    except (ClientError, BotoCoreError) as error:
        code = code_of(error) if isinstance(error, ClientError) else str(error)
        raise PermissionMissingError(
            "AWS credentials",
            f"cannot be used ({code}); nothing was done",
            "Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in with `aws sso login`",
        ) from None


def _denied(iam: Any, caller: str, context: Context) -> list[str]:
    """The actions of `REQUIRED_PERMISSIONS` that IAM would refuse, in their order there."""
    principal = _principal(iam, caller)
    actions = [f"{service}:{name}" for service, names in REQUIRED_PERMISSIONS["layer_3"].items() for name in names]
    by_resource: dict[str, list[str]] = {}
    for action in actions:
        by_resource.setdefault(example_resource(action, context), []).append(action)
    refused: set[str] = set()
    for resource, its in by_resource.items():
        for start in range(0, len(its), BATCH):
            answer = iam.simulate_principal_policy(
                PolicySourceArn=principal,
                ActionNames=its[start : start + BATCH],
                ResourceArns=[resource],
                ContextEntries=[PASSED_TO_LAMBDA],
                MaxItems=BATCH,
            )
            refused |= {r["EvalActionName"] for r in answer["EvaluationResults"] if r["EvalDecision"] != "allowed"}
    return [action for action in actions if action in refused]


PASSED_TO_LAMBDA = {
    "ContextKeyName": "iam:PassedToService",
    "ContextKeyValues": ["lambda.amazonaws.com"],
    "ContextKeyType": "string",
}
"""Deployers are often allowed to pass roles to named services only."""


def example_resource(action: str, context: Context) -> str:
    """A resource of this twin that the action is about; a policy that allows only those must pass the check."""
    names = context.names
    mover = "hot-to-cold-mover"
    bucket = f"arn:aws:s3:::{names.cold_s3_bucket()}"
    group = f"l3kit-{names.twin_name}"
    of_schedules = action.startswith("scheduler:") and action.endswith("Schedule")
    return {
        "sts": "*",
        "dynamodb": context.arn("dynamodb", f"table/{names.hot_dynamodb_table()}"),
        "s3": f"{bucket}/object" if action in OBJECT_ACTIONS else bucket,
        "iam": context.arn("iam", f"role/{names.role(mover)}", regional=False),
        "lambda": context.arn("lambda", f"function:{names.function(mover)}"),
        "scheduler": context.arn(
            "scheduler", f"schedule/{group}/{names.schedule(mover)}" if of_schedules else f"schedule-group/{group}"
        ),
        "logs": context.arn(
            "logs", f"log-group:{'*' if action == 'logs:DescribeLogGroups' else names.log_group(mover)}"
        ),
    }[action.split(":")[0]]


def _principal(iam: Any, arn: str) -> str:
    """The role behind an assumed-role session: IAM simulates roles and users, not sessions."""
    if ":assumed-role/" not in arn:
        return arn
    prefix, _, rest = arn.partition(":assumed-role/")
    name = rest.split("/")[0]
    try:
        return str(iam.get_role(RoleName=name)["Role"]["Arn"])  # with its path, which the session's ARN leaves out
    except (ClientError, BotoCoreError):
        return f"{prefix.replace(':sts:', ':iam:')}:role/{name}"
