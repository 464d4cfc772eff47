"""Parsing and validation of policy documents; what cannot be evaluated is refused when it is stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from l3kit.sandbox.aws.iam.condition_keys import Context
from l3kit.sandbox.aws.iam.conditions import Condition, ConditionError, all_hold, parse_conditions
from l3kit.sandbox.aws.iam.matching import has_wildcard, matches
from l3kit.sandbox.aws.iam.principals import Principals, parse_principals

Kind = Literal["identity", "resource", "trust"]
VERSIONS = ("2008-10-17", "2012-10-17")
_STATEMENT = frozenset(("Sid", "Effect", "Principal", "Action", "Resource", "Condition"))


class MalformedPolicyError(ValueError):
    """A document that IAM or this sandbox cannot evaluate; the message names the problem."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    Attributes:
        actions, action_patterns: in lower case, without and with wildcards.
    """

    sid: str
    allow: bool
    actions: frozenset[str]
    action_patterns: tuple[str, ...]
    resources: tuple[str, ...]
    principals: Principals | None
    conditions: tuple[Condition, ...]

    def covers(self, action: str, resource: str, context: Context) -> bool:
        """Return whether the statement applies to this action, resource and context, regardless of its principals."""
        name = action.lower()
        if name not in self.actions and not any(matches(one, name) for one in self.action_patterns):
            return False
        # The statements of a trust policy have no resource: it is the role they belong to.
        covered = not self.resources or any(matches(one, resource) for one in self.resources)
        return covered and all_hold(self.conditions, context)


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
    return Policy(name, tuple(_statement(one, kind) for one in its))


def _statement(content: Any, kind: Kind) -> Statement:
    if not isinstance(content, Mapping):
        raise MalformedPolicyError("Syntax errors in policy.")
    unknown = sorted(set(content) - _STATEMENT)
    if unknown:
        raise MalformedPolicyError(f"Syntax errors in policy: the l3kit sandbox cannot judge {', '.join(unknown)}.")
    if content.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicyError(f"Invalid effect: {content.get('Effect')}")
    actions = _texts(content, "Action", "Policy statement must contain actions.")
    for action in actions:
        if action != "*" and ":" not in action:
            raise MalformedPolicyError(f"Actions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: {action}")
    resources: tuple[str, ...] = ()
    if kind != "trust":
        resources = _texts(content, "Resource", "Policy statement must contain resources.")
    elif "Resource" in content:
        raise MalformedPolicyError("Has prohibited field Resource")
    try:
        conditions = parse_conditions(content["Condition"]) if "Condition" in content else ()
    except ConditionError as error:
        raise MalformedPolicyError(f"Syntax errors in policy: {error}.") from None
    if any("${" in one for one in resources):
        raise MalformedPolicyError("Syntax errors in policy: the l3kit sandbox cannot judge variables.")
    return Statement(
        sid=str(content.get("Sid", "")),
        allow=content["Effect"] == "Allow",
        actions=frozenset(one.lower() for one in actions if not has_wildcard(one)),
        action_patterns=tuple(one.lower() for one in actions if has_wildcard(one)),
        resources=resources,
        principals=_principals(content, kind),
        conditions=conditions,
    )


def _principals(content: Mapping[str, Any], kind: Kind) -> Principals | None:
    if kind == "identity":
        if "Principal" in content:
            raise MalformedPolicyError("Policy document should not specify a principal.")
        return None
    if "Principal" not in content:
        raise MalformedPolicyError("Missing required field Principal")
    try:
        return parse_principals(content["Principal"])
    except ValueError as error:
        raise MalformedPolicyError(f"Invalid principal in policy: {error}") from None


def _texts(content: Mapping[str, Any], name: str, missing: str) -> tuple[str, ...]:
    """The text or texts of a required element."""
    value = content.get(name)
    its = value if isinstance(value, list) else [value]
    if not its or not all(isinstance(one, str) and one for one in its):
        raise MalformedPolicyError(missing)
    return tuple(its)
