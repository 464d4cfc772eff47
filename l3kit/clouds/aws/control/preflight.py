"""Preflight check: ask IAM, before any change, whether the caller has the permissions listed in the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from l3kit.clouds.aws.control.calls import code_of
from l3kit.clouds.aws.control.operator_policy import Scope
from l3kit.clouds.aws.control.permissions import DEPLOYING, REQUIRED_PERMISSIONS, Grant
from l3kit.clouds.aws.unanswered import LOG_IN
from l3kit.errors import PermissionMissingError

if TYPE_CHECKING:
    from l3kit.clouds.aws.session import AwsSession
    from l3kit.twin.config import Twin

BATCH = 100
"""Maximum number of actions in one SimulatePrincipalPolicy call."""


def preflight(twin: Twin, session: AwsSession) -> tuple[str, ...]:
    """Ask IAM whether the caller may run plan, apply and destroy on resources with this twin's names.

    Returns: notes on what could not be checked, and on other missing permissions.
    Raises: PermissionMissingError without usable credentials, or listing every missing permission; nothing was made.
    """
    caller = _caller(session)
    scope = Scope(twin.name, session.account_id, session.region)
    try:
        denied = _denied(session.client("iam"), caller, scope)
    except ClientError as error:
        return (f"Permissions could not be checked beforehand (iam:SimulatePrincipalPolicy: {code_of(error)}).",)
    needed = [grant for grant in denied if set(grant.verbs) & set(DEPLOYING)]
    if needed:
        missing = list(dict.fromkeys(action for grant in needed for action in grant.actions))
        raise PermissionMissingError(
            f"deploying {twin.name}",
            f"{len(missing)} permissions are missing, nothing was made: {', '.join(missing)}",
            f"Grant them to {caller}; `l3kit permissions aws --twin {twin.name} --json` prints a policy",
        )
    return (_note(caller, denied),) if denied else ()


def _note(caller: str, denied: Sequence[Grant]) -> str:
    actions = ", ".join(dict.fromkeys(action for grant in denied for action in grant.actions))
    verbs = ", ".join(dict.fromkeys(verb for grant in denied for verb in grant.verbs))
    return f"{caller} may deploy, but not {actions}: needed for {verbs}."


def _caller(session: AwsSession) -> str:
    try:
        return str(session.client("sts").get_caller_identity()["Arn"])
    except ClientError as error:
        cause = f"cannot be used ({code_of(error)}); nothing was done"
        raise PermissionMissingError("AWS credentials", cause, LOG_IN) from None


def _denied(iam: Any, caller: str, scope: Scope) -> list[Grant]:
    """Return the rows with denied actions, reduced to those actions; conditional rows are not checked."""
    principal = _principal(iam, caller)
    asked: dict[tuple[str, str], list[str]] = {}
    always = [grant for grant in REQUIRED_PERMISSIONS if not grant.only and grant.on != "oneself"]
    for grant in always:
        asked.setdefault((scope.arns(grant.on)[0], grant.passed_to), []).extend(grant.actions)
    refused = {
        (resource, action)
        for (resource, passed_to), actions in asked.items()
        for action in _refused(iam, principal, resource, passed_to, list(dict.fromkeys(actions)))
    }
    found = []
    for grant in always:
        resource = scope.arns(grant.on)[0]
        if its := tuple(action for action in grant.actions if (resource, action) in refused):
            found.append(Grant(grant.on, its, grant.why, grant.verbs, grant.passed_to))
    return found


def _refused(iam: Any, principal: str, resource: str, passed_to: str, actions: list[str]) -> list[str]:
    """Return the actions that the principal may not do on the resource."""
    context = []
    if passed_to:
        key = {"ContextKeyName": "iam:PassedToService", "ContextKeyValues": [passed_to], "ContextKeyType": "string"}
        context.append(key)
    refused: list[str] = []
    for start in range(0, len(actions), BATCH):
        answer = iam.simulate_principal_policy(
            PolicySourceArn=principal,
            ActionNames=actions[start : start + BATCH],
            ResourceArns=[resource],
            ContextEntries=context,
            MaxItems=BATCH,
        )
        refused += [r["EvalActionName"] for r in answer["EvaluationResults"] if r["EvalDecision"] != "allowed"]
    return refused


def _principal(iam: Any, arn: str) -> str:
    """Return the role of an assumed-role session: IAM simulates roles and users, not sessions."""
    if ":assumed-role/" not in arn:
        return arn
    prefix, _, rest = arn.partition(":assumed-role/")
    name = rest.split("/")[0]
    try:
        return str(iam.get_role(RoleName=name)["Role"]["Arn"])  # with its path, which the session's ARN omits
    except ClientError:
        return f"{prefix.replace(':sts:', ':iam:')}:role/{name}"
