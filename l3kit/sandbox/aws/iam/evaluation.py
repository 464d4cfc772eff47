"""Policy evaluation: an explicit deny overrides any allow, and without an allow a request is denied.

Within one account an allow of the identity's policies or of the resource's suffices; a boundary
limits both (IAM User Guide, "Policy evaluation for requests within a single account").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from l3kit.sandbox.aws.iam.condition_keys import Context
from l3kit.sandbox.aws.iam.documents import Policy, Statement
from l3kit.sandbox.aws.iam.principals import Grant, Principal


@dataclass(frozen=True, slots=True)
class Need:
    """A permission that a request needs.

    Attributes:
        action: `service:Name`.
        resource: an ARN, or `*`.
        context: the request's condition keys in lower case.
    """

    action: str
    resource: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Identity:
    """A principal with the policies that apply to it.

    Attributes:
        policies: inline, attached and of its groups.
        boundary: None without one.
    """

    principal: Principal
    policies: tuple[Policy, ...] = ()
    boundary: Policy | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Result of an evaluation, with the reason in the wording of AWS's refusals.

    Attributes:
        explicit: whether an explicit deny decided.
        reason: `because no ... allows the X action` or `with an explicit deny in ...`; "" if allowed.
        statements: policy and Sid of the deciding statements.
    """

    allowed: bool
    explicit: bool = False
    reason: str = ""
    statements: tuple[tuple[str, str], ...] = ()


def evaluate(identity: Identity, need: Need, resource: Policy | None = None, *, key_policy: bool = False) -> Decision:
    """Decide whether an identity has a permission.

    Args:
        resource: the resource's policy.
        key_policy: whether the resource's policy must grant access to the principal or its account, as for KMS keys and
            trust policies.
    """
    principal = identity.principal
    grants = _grants(resource, principal, need)
    parts: list[tuple[str, Sequence[Policy]]] = [
        ("an identity-based policy", identity.policies),
        ("a permissions boundary", [identity.boundary] if identity.boundary else []),
    ]
    for where, policies in parts:
        denied = _matching(policies, need, allow=False)
        if denied:
            return Decision(False, True, f"with an explicit deny in {where}", denied)
    denied = tuple((resource.name if resource else "", one.sid) for one, _ in grants if not one.allow)
    if denied:
        return Decision(False, True, "with an explicit deny in a resource-based policy", denied)
    granted = max((grant for one, grant in grants if one.allow), default=Grant.NONE)
    return _allowed(identity, need, granted, key_policy)


def _allowed(identity: Identity, need: Need, granted: Grant, key_policy: bool) -> Decision:
    kind = identity.principal.kind
    own = _matching(identity.policies, need, allow=True)
    if kind == "service":
        return Decision(True) if granted >= Grant.ROLE else _refused(need, "resource-based policy")
    if key_policy and granted == Grant.NONE:
        return _refused(need, "resource-based policy")
    if kind == "root":
        return Decision(True)
    if granted == Grant.EXACT:
        return Decision(True)
    if not own and granted < Grant.ROLE:
        return _refused(need, "identity-based policy")
    if identity.boundary and not _matching([identity.boundary], need, allow=True):
        return _refused(need, "permissions boundary")
    return Decision(True, statements=own)


def _refused(need: Need, what: str) -> Decision:
    return Decision(False, False, f"because no {what} allows the {need.action} action")


def _grants(policy: Policy | None, principal: Principal, need: Need) -> list[tuple[Statement, Grant]]:
    found = policy.applying(need.action, need.resource, need.context) if policy else []
    named = ((one, one.principals.grant_to(principal, allow=one.allow)) for one in found if one.principals)
    return [(one, grant) for one, grant in named if grant]


def _matching(policies: Sequence[Policy], need: Need, *, allow: bool) -> tuple[tuple[str, str], ...]:
    return tuple(
        (policy.name, one.sid)
        for policy in policies
        for one in policy.statements
        if one.allow is allow and one.covers(need.action, need.resource, need.context)
    )
