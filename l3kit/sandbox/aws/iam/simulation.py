"""SimulatePrincipalPolicy and SimulateCustomPolicy, answered by the same evaluation as real requests."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from xml.sax.saxutils import escape

from aiohttp import web

from l3kit.sandbox.aws.iam import refusals
from l3kit.sandbox.aws.iam.directory import Directory, Role, User
from l3kit.sandbox.aws.iam.documents import MalformedPolicyError, Policy, parse_policy
from l3kit.sandbox.aws.iam.enforcement import AccessRequest, Enforcement
from l3kit.sandbox.aws.iam.evaluation import Decision, Identity, Need, evaluate
from l3kit.sandbox.aws.iam.principals import Principal

DEFAULT_ITEMS = 100


class Simulation:
    """Simulated evaluation of a principal's and the request's policies; resource policies are not looked up."""

    def __init__(self, enforcement: Enforcement, directory: Directory) -> None:
        self._enforcement = enforcement
        self._directory = directory

    async def answer(self, access: AccessRequest) -> web.Response:
        """Answer either operation."""
        form = access.call.form
        try:
            identity = await self._identity(form)
            given = form.get("ResourcePolicy")
            resource = parse_policy(given, "resource", "ResourcePolicy") if given else None
        except MalformedPolicyError as error:
            return refusals.query_error(400, "PolicyEvaluation", str(error))
        if identity is None:
            return refusals.query_error(404, "NoSuchEntity", f"{form.get('PolicySourceArn')} cannot be found.")
        context = self._enforcement.context(identity.principal) | _entries(form)
        pairs = [
            (action, arn) for action in _members(form, "ActionNames") for arn in _members(form, "ResourceArns") or ["*"]
        ]
        start, size = int(form.get("Marker") or 0), int(form.get("MaxItems") or DEFAULT_ITEMS)
        results = [
            _result(action, arn, evaluate(identity, Need(action, arn, context), resource))
            for action, arn in pairs[start : start + size]
        ]
        return _page(form["Action"], results, start + size if start + size < len(pairs) else None)

    async def _identity(self, form: Mapping[str, str]) -> Identity | None:
        """The identity to simulate; None if the user or role does not exist. Raises: MalformedPolicyError."""
        given = [parse_policy(text, "identity", f"PolicyInputList.{number}") for number, text in _inputs(form)]
        source = form.get("PolicySourceArn", "")
        if not source:
            caller = form.get("CallerArn", "")
            return Identity(Principal("user", caller, caller.rsplit("/", 1)[-1]), tuple(given))
        kind, _, path = source.rpartition(":")[2].partition("/")
        name = path.rsplit("/", 1)[-1]
        found: Role | User | None = None
        if kind in ("role", "user"):
            found = await (self._directory.role(name) if kind == "role" else self._directory.user(name))
        if found is None or found.arn != source:
            return None
        policies: tuple[Policy, ...] = (*found.policies, *given)
        role = found.arn if kind == "role" else ""
        principal = Principal("role" if role else "user", found.arn, name, role, unique_id=found.unique_id)
        return Identity(principal, policies, found.boundary)


def _page(operation: str, results: list[str], marker: int | None) -> web.Response:
    more = f"<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>" if marker else "<IsTruncated>false</IsTruncated>"
    text = (
        f'<{operation}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><{operation}Result>'
        f"<EvaluationResults>{''.join(results)}</EvaluationResults>{more}</{operation}Result>"
        f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata></{operation}Response>"
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


def _inputs(form: Mapping[str, str]) -> list[tuple[int, str]]:
    return list(enumerate(_members(form, "PolicyInputList"), 1))


def _members(form: Mapping[str, str], name: str) -> list[str]:
    found = [
        (int(match[1]), value)
        for key, value in form.items()
        if (match := re.fullmatch(rf"{re.escape(name)}\.member\.(\d+)", key))
    ]
    return [value for _, value in sorted(found)]
