"""Parsing and validation of policy documents; what cannot be evaluated is refused when it is stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from l3kit.sandbox.aws.iam.condition_keys import is_known
from l3kit.sandbox.aws.iam.conditions import Absence, Condition, ConditionError, all_hold, parse_conditions
from l3kit.sandbox.aws.iam.matching import has_wildcard, matches
from l3kit.sandbox.aws.iam.principals import Principals, parse_principals
from l3kit.sandbox.aws.iam.variables import Context, UnknownVariableError, fill, keys_of, literal

Kind = Literal["identity", "resource", "trust"]
VERSIONS = ("2008-10-17", "2012-10-17")
_STATEMENT = frozenset(
    (
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    )
)


class MalformedPolicyError(ValueError):
    """A document that IAM or this sandbox cannot evaluate; the message names the problem."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement. With `not_...` set, it applies to everything except the listed values.

    Attributes:
        actions, action_patterns: in lower case, without and with wildcards.
    """

    sid: str
    allow: bool
    actions: frozenset[str]
    action_patterns: tuple[str, ...]
    not_actions: bool
    resources: tuple[str, ...]
    not_resources: bool
    principals: Principals | None
    conditions: tuple[Condition | Absence, ...]

    def covers(self, action: str, resource: str, context: Context) -> bool:
        """Whether it applies to this action, resource and context, regardless of its principals."""
        name = action.lower()
        listed = name in self.actions or any(matches(one, name) for one in self.action_patterns)
        if listed is self.not_actions:
            return False
        return self._covers_resource(resource, context) and all_hold(self.conditions, context)

    def _covers_resource(self, resource: str, context: Context) -> bool:
        if not self.resources:
            return True  # a trust policy has no Resource element
        try:
            text = literal(resource)
            found = any(matches(fill(one, context), text) for one in self.resources)
        except UnknownVariableError:
            return False
        return found is not self.not_resources


@dataclass(frozen=True, slots=True)
class Policy:
    """A parsed document with its name for refusals and simulations."""

    name: str
    statements: tuple[Statement, ...]

    def applying(self, action: str, resource: str, context: Context) -> list[Statement]:
        """The statements that apply to this action on this resource."""
        return [one for one in self.statements if one.covers(action, resource, context)]


def parse_policy(text: str | bytes | Mapping[str, Any], kind: Kind, name: str = "") -> Policy:
    """Parse a document from a request or from moto. Raises: MalformedPolicyError."""
    try:
        content = json.loads(text) if isinstance(text, str | bytes) else text
        statements = content["Statement"]
    except (ValueError, KeyError, TypeError):
        raise MalformedPolicyError("Syntax errors in policy.") from None
    if content.get("Version", VERSIONS[0]) not in VERSIONS:
        raise MalformedPolicyError("The policy must contain a valid version string")
    its = statements if isinstance(statements, list) else [statements]
    if not its:
        raise MalformedPolicyError("Policy statement must contain at least one statement.")
    variables = content.get("Version") == VERSIONS[1]
    return Policy(name, tuple(_statement(one, kind, variables) for one in its))


def _statement(content: Any, kind: Kind, variables: bool) -> Statement:
    if not isinstance(content, Mapping):
        raise MalformedPolicyError("Syntax errors in policy.")
    unknown = sorted(set(content) - _STATEMENT)
    if unknown:
        raise MalformedPolicyError(f"Syntax errors in policy: {', '.join(unknown)} is not an element of a statement.")
    if content.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicyError(f"Invalid effect: {content.get('Effect')}")
    actions = _either(content, "Action", "Policy statement must contain actions.")
    for action in actions:
        if action != "*" and ":" not in action:
            raise MalformedPolicyError(f"Actions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: {action}")
    resources: tuple[str, ...] = ()
    if kind != "trust":
        resources = _either(content, "Resource", "Policy statement must contain resources.")
    elif "Resource" in content or "NotResource" in content:
        raise MalformedPolicyError("Has prohibited field Resource")
    try:
        conditions = parse_conditions(content["Condition"]) if "Condition" in content else ()
    except ConditionError as error:
        raise MalformedPolicyError(f"Syntax errors in policy: {error}.") from None
    _check_variables(resources, variables)
    return Statement(
        sid=str(content.get("Sid", "")),
        allow=content["Effect"] == "Allow",
        actions=frozenset(one.lower() for one in actions if not has_wildcard(one)),
        action_patterns=tuple(one.lower() for one in actions if has_wildcard(one)),
        not_actions="NotAction" in content,
        resources=resources,
        not_resources="NotResource" in content,
        principals=_principals(content, kind),
        conditions=conditions,
    )


def _principals(content: Mapping[str, Any], kind: Kind) -> Principals | None:
    named = [name for name in ("Principal", "NotPrincipal") if name in content]
    if kind == "identity":
        if named:
            raise MalformedPolicyError("Policy document should not specify a principal.")
        return None
    if len(named) != 1:
        raise MalformedPolicyError("Missing required field Principal")
    try:
        return parse_principals(content[named[0]], excluded=named[0] == "NotPrincipal")
    except ValueError as error:
        raise MalformedPolicyError(f"Invalid principal in policy: {error}") from None


def _either(content: Mapping[str, Any], name: str, missing: str) -> tuple[str, ...]:
    """The values of `name` or `Not...`, exactly one of which is required."""
    if (name in content) is (f"Not{name}" in content):
        raise MalformedPolicyError(missing)
    value = content.get(name, content.get(f"Not{name}"))
    its = value if isinstance(value, list) else [value]
    if not its or not all(isinstance(one, str) and one for one in its):
        raise MalformedPolicyError(missing)
    return tuple(its)


def _check_variables(texts: tuple[str, ...], allowed: bool) -> None:
    for name in {name for text in texts for name in keys_of(text)}:
        if not allowed or not is_known(name):
            raise MalformedPolicyError(
                f"Syntax errors in policy: the l3kit sandbox cannot evaluate the variable {name}."
            )
