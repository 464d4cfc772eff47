"""Preflight check: ask IAM, before any change, whether the caller has the permissions listed in the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from l3kit.clouds.aws.control.calls import code_of
from l3kit.clouds.aws.control.grants import On
from l3kit.clouds.aws.control.operator_policy import Scope, condition_of
from l3kit.clouds.aws.control.permissions import REQUIRED_PERMISSIONS
from l3kit.clouds.aws.unanswered import LOG_IN
from l3kit.clouds.ports.operator_permissions import DEPLOYING, Verb
from l3kit.errors import PermissionMissingError

if TYPE_CHECKING:
    from l3kit.clouds.aws.session import AwsSession
    from l3kit.twin.config import Twin

BATCH = 1000
"""Maximum number of results, one for each action and resource, in an answer of SimulatePrincipalPolicy."""


@dataclass(frozen=True, slots=True)
class _Missing:
    """A missing permission: its actions, the resources if only some of them are allowed, and the verbs that need it."""

    actions: tuple[str, ...]
    verbs: tuple[Verb, ...]


def preflight(twin: Twin, session: AwsSession) -> tuple[str, ...]:
    """Ask IAM whether the caller may run plan, apply and destroy on resources with this twin's names.

    Returns: notes on what could not be checked, and on other missing permissions.
    Raises: PermissionMissingError without usable credentials, or listing every missing permission; nothing was created.
    """
    caller = _caller(session)
    scope = Scope(twin.name, session.account_id, session.region)
    try:
        denied = _denied(session.client("iam"), caller, scope)
    except ClientError as error:
        return (f"Permissions could not be checked beforehand (iam:SimulatePrincipalPolicy: {code_of(error)}).",)
    needed = [row for row in denied if set(row.verbs) & set(DEPLOYING)]
    if needed:
        missing = list(dict.fromkeys(action for row in needed for action in row.actions))
        raise PermissionMissingError(
            f"deploying {twin.name}",
            f"{len(missing)} permissions are missing, nothing was created: {', '.join(missing)}",
            f"Grant them to {caller}; `l3kit permissions aws --twin {twin.name} --json` prints a policy",
        )
    return (_note(caller, denied),) if denied else ()


def _note(caller: str, denied: Sequence[_Missing]) -> str:
    actions = ", ".join(dict.fromkeys(action for row in denied for action in row.actions))
    verbs = ", ".join(dict.fromkeys(verb for row in denied for verb in row.verbs))
    return f"{caller} may deploy, but not {actions}: needed for {verbs}."


def _caller(session: AwsSession) -> str:
    try:
        return str(session.client("sts").get_caller_identity()["Arn"])
    except ClientError as error:
        cause = f"cannot be used ({code_of(error)}); nothing was done"
        raise PermissionMissingError("AWS credentials", cause, LOG_IN) from None


def _denied(iam: Any, caller: str, scope: Scope) -> list[_Missing]:
    """Return the denied part of each row, on any of the twin's resources; conditional rows are not checked."""
    principal = _principal(iam, caller)
    asked: dict[tuple[On, str], list[str]] = {}
    always = [grant for grant in REQUIRED_PERMISSIONS if not grant.only and grant.on != "oneself"]
    for grant in always:
        asked.setdefault((grant.on, grant.passed_to), []).extend(grant.actions)
    refused = {
        (on, action): f"{action}{where}"
        for (on, passed_to), actions in asked.items()
        for action, where in _refused(
            iam, principal, _arns(scope, on), condition_of(on, passed_to), list(dict.fromkeys(actions))
        )
    }
    found = (
        (tuple(refused[grant.on, one] for one in grant.actions if (grant.on, one) in refused), grant.verbs)
        for grant in always
    )
    return [_Missing(actions, verbs) for actions, verbs in found if actions]


def _arns(scope: Scope, on: On) -> tuple[str, ...]:
    """Return the ARNs to ask about: of log groups the form without `:*`, since actions differ in which one counts."""
    arns = scope.arns(on)
    return tuple(arn for arn in arns if not arn.endswith(":*")) if on == "log groups" else arns


def _refused(
    iam: Any, principal: str, resources: Sequence[str], condition: Mapping[str, str], actions: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield the actions that are denied to the principal; with the resources, if they are allowed on others."""
    context = [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
        for key, value in condition.items()
    ]
    at_once = BATCH // len(resources)
    for start in range(0, len(actions), at_once):
        denied: dict[str, list[str]] = {}
        for action, resource in _simulated(iam, principal, resources, context, actions[start : start + at_once]):
            denied.setdefault(action, []).append(resource.rpartition(":")[2])
        for action, names in denied.items():
            yield action, f" on {', '.join(names)}" if len(names) < len(resources) else ""


def _simulated(
    iam: Any, principal: str, resources: Sequence[str], context: Sequence[Any], actions: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield each denied pair of action and resource."""
    asked = {"PolicySourceArn": principal, "ActionNames": list(actions), "ResourceArns": list(resources)}
    more: dict[str, str] = {}
    while True:
        answer = iam.simulate_principal_policy(**asked, ContextEntries=context, MaxItems=BATCH, **more)
        for result in answer["EvaluationResults"]:
            # One result for each pair, or one for each action with its resources: IAM's reference allows both.
            whole = {
                "EvalResourceName": result.get("EvalResourceName", ""),
                "EvalResourceDecision": result["EvalDecision"],
            }
            for one in result.get("ResourceSpecificResults") or [whole]:
                if one["EvalResourceDecision"] != "allowed":
                    yield result["EvalActionName"], one["EvalResourceName"]
        if not answer.get("IsTruncated"):
            return
        more = {"Marker": answer["Marker"]}


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
