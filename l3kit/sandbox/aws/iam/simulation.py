"""SimulatePrincipalPolicy, answered by the evaluator of real requests."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from xml.sax.saxutils import escape

from aiohttp import web

from l3kit.sandbox.aws.iam import refusals
from l3kit.sandbox.aws.iam.condition_keys import OF_EVERY_REQUEST
from l3kit.sandbox.aws.iam.directory import Directory, Role, User
from l3kit.sandbox.aws.iam.enforcement import AccessRequest
from l3kit.sandbox.aws.iam.evaluation import Decision, Identity, Need, evaluate
from l3kit.sandbox.aws.iam.principals import Principal

OPERATION = "SimulatePrincipalPolicy"
PARAMETERS = re.compile(r"Action|Version|PolicySourceArn|MaxItems|(?:ActionNames|ResourceArns|ContextEntries)(?:\..*)?")
MOST = 1000
"""Maximum of `MaxItems` (IAM API Reference); the answer is one page."""


class Simulation:
    """Simulation of the permissions that a principal's own policies grant; resource policies are not considered."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def answer(self, access: AccessRequest) -> web.Response:
        """Answer SimulatePrincipalPolicy; other operations are not supported."""
        form = access.call.form
        strange = [name for name in form if not PARAMETERS.fullmatch(name)]
        if form["Action"] != OPERATION or strange:
            text = f"The l3kit sandbox does not support {form['Action']} {' '.join(strange)}".rstrip()
            return refusals.query_error(400, "InvalidInput", text)
        identity = await self._identity(form.get("PolicySourceArn", ""))
        if identity is None:
            return refusals.query_error(404, "NoSuchEntity", f"{form.get('PolicySourceArn')} cannot be found.")
        context = {**OF_EVERY_REQUEST, **_entries(form)}
        pairs = [
            (action, arn) for action in _members(form, "ActionNames") for arn in _members(form, "ResourceArns") or ["*"]
        ]
        if len(pairs) > min(int(form.get("MaxItems") or MOST), MOST):
            return refusals.query_error(400, "InvalidInput", "The l3kit sandbox answers simulations in one page only")
        return _page([_result(action, arn, evaluate(identity, Need(action, arn, context))) for action, arn in pairs])

    async def _identity(self, source: str) -> Identity | None:
        """Return a user or role; None if it does not exist."""
        kind, _, path = source.rpartition(":")[2].partition("/")
        name = path.rsplit("/", 1)[-1]
        found: Role | User | None = None
        if kind in ("role", "user"):
            found = await (self._directory.role(name) if kind == "role" else self._directory.user(name))
        if found is None or found.arn != source:
            return None
        role = found.arn if kind == "role" else ""
        principal = Principal("role" if role else "user", found.arn, name, role, unique_id=found.unique_id)
        return Identity(principal, found.policies, found.boundary)


def _page(results: list[str]) -> web.Response:
    text = (
        f'<{OPERATION}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><{OPERATION}Result>'
        f"<EvaluationResults>{''.join(results)}</EvaluationResults><IsTruncated>false</IsTruncated></{OPERATION}Result>"
        f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata></{OPERATION}Response>"
    )
    return web.Response(text=text, content_type="text/xml")


def _result(action: str, arn: str, decision: Decision) -> str:
    verdict = "allowed" if decision.allowed else "explicitDeny" if decision.explicit else "implicitDeny"
    matched = "".join(
        f"<member><SourcePolicyId>{escape(policy)}</SourcePolicyId></member>" for policy, _ in decision.statements
    )
    return (
        f"<member><EvalActionName>{escape(action)}</EvalActionName><EvalResourceName>{escape(arn)}</EvalResourceName>"
        f"<EvalDecision>{verdict}</EvalDecision><MatchedStatements>{matched}</MatchedStatements>"
        "<MissingContextValues/></member>"
    )


def _entries(form: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The condition keys that the request sets."""
    found: dict[str, tuple[str, ...]] = {}
    number = 1
    while f"ContextEntries.member.{number}.ContextKeyName" in form:
        at = f"ContextEntries.member.{number}"
        found[form[f"{at}.ContextKeyName"].lower()] = tuple(_members(form, f"{at}.ContextKeyValues"))
        number += 1
    return found


def _members(form: Mapping[str, str], name: str) -> list[str]:
    found = [
        (int(match[1]), value)
        for key, value in form.items()
        if (match := re.fullmatch(rf"{re.escape(name)}\.member\.(\d+)", key))
    ]
    return [value for _, value in sorted(found)]
