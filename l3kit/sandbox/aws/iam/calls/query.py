"""IAM and SNS, services of the query protocol: the operation is the parameter `Action`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from l3kit.sandbox.aws.account import ACCOUNT_ID, REGION
from l3kit.sandbox.aws.iam.calls.request import Call, UnmappedError
from l3kit.sandbox.aws.iam.evaluation import Need

ArnOf = Callable[[str, str], Awaitable[str]]
"""Returns the ARN, with its path, of a `role` or `user` by name."""
_NAMED = {"GroupName": "group", "PolicyArn": "", "InstanceProfileName": "instance-profile"}
_LISTS = {
    "ListRoles": "role/",
    "ListUsers": "user/",
    "ListGroups": "group/",
    "ListPolicies": "policy/",
}


async def iam_needs(call: Call, arn_of: ArnOf) -> list[Need]:
    """Permissions of an IAM request. Raises: UnmappedError without an operation."""
    form = call.form
    operation = form.get("Action", "")
    if not operation:
        raise UnmappedError("iam: a request without Action")
    found = [call.need(f"iam:{operation}", await _iam_resource(form, operation, arn_of))]
    if operation in ("CreateRole", "CreateUser", "CreatePolicy") and "Tags.member.1.Key" in form:
        found.append(call.need(f"iam:Tag{operation.removeprefix('Create')}", found[0].resource))
    return found


def sns_needs(call: Call) -> list[Need]:
    """Permissions of an SNS request. Raises: UnmappedError without an operation."""
    form = call.form
    operation = form.get("Action", "")
    if not operation:
        raise UnmappedError("sns: a request without Action")
    if operation in ("Unsubscribe", "ListTopics", "ListSubscriptions"):  # know no resources
        return [call.need(f"sns:{operation}")]
    made = f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:{form.get('Name', '')}"
    arn = made if operation == "CreateTopic" else form.get("TopicArn") or form.get("ResourceArn") or "*"
    tags = operation == "CreateTopic" and "Tags.member.1.Key" in form
    return [call.need(f"sns:{operation}", arn), *([call.need("sns:TagResource", arn)] if tags else [])]


async def _iam_resource(form: dict[str, str], operation: str, arn_of: ArnOf) -> str:
    path = form.get("Path", "/")
    if operation in _LISTS:
        return _iam_arn(_LISTS[operation])
    if operation == "CreateRole":
        return _iam_arn(f"role{path}{form.get('RoleName', '')}")
    if operation == "CreateUser":
        return _iam_arn(f"user{path}{form.get('UserName', '')}")
    if operation == "CreatePolicy":
        return _iam_arn(f"policy{path}{form.get('PolicyName', '')}")
    if "PolicySourceArn" in form:
        return form["PolicySourceArn"]
    if "RoleName" in form:
        return await arn_of("role", form["RoleName"])
    if "UserName" in form:
        return await arn_of("user", form["UserName"])
    for key, kind in _NAMED.items():
        if key in form:
            return _iam_arn(f"{kind}/{form[key]}") if kind else form[key]
    return "*"


def _iam_arn(resource: str) -> str:
    return f"arn:aws:iam::{ACCOUNT_ID}:{resource}"
