"""The policies of all resources, and the judge of every call: who may do what, now."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from l3kit.sandbox.gcp.control.accounts import Accounts
from l3kit.sandbox.gcp.control.answers import invalid
from l3kit.sandbox.gcp.control.bindings import CONDITIONAL, Binding, BindingRules
from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods, check_etag
from l3kit.sandbox.gcp.control.conditions import Resource, holds
from l3kit.sandbox.gcp.control.permissions import KNOWN
from l3kit.sandbox.gcp.control.project import Project
from l3kit.sandbox.gcp.control.roles import Roles

BUCKETS = "projects/_/buckets/"
_TEAMS = {"projectOwner": "roles/owner", "projectEditor": "roles/editor", "projectViewer": "roles/viewer"}
_TYPES = (
    (r"projects/_/buckets/[^/]+/objects/.+", "storage", "Object"),
    (r"projects/_/buckets/[^/]+", "storage", "Bucket"),
    (r"projects/[^/]+/databases/[^/]+", "firestore", "Database"),
    (r"projects/[^/]+/serviceAccounts/[^/]+", "iam", "ServiceAccount"),
    (r"projects/[^/]+/locations/[^/]+/services/[^/]+", "run", "Service"),
    (r"projects/[^/]+/locations/[^/]+/functions/[^/]+", "cloudfunctions", "Function"),
    (r"projects/[^/]+/locations/[^/]+/jobs/[^/]+", "cloudscheduler", "Job"),
    (r"projects/[^/]+/topics/[^/]+", "pubsub", "Topic"),
    (r"projects/[^/]+/subscriptions/[^/]+", "pubsub", "Subscription"),
    (r"projects/[^/]+", "cloudresourcemanager", "Project"),
)
_UNSEEN = re.compile(r"projects/[^/]+/locations/[^/]+/repositories/.+")
"""Resources without attributes: Artifact Registry is not among the services that conditions know."""
_PATTERNS = tuple((re.compile(pattern), service, kind) for pattern, service, kind in _TYPES)


Bindings = Sequence[tuple[str, Sequence[str]]]
"""Roles with their members."""


class Judge(Protocol):
    """Decides who may do what."""

    def refusal(self, email: str | None, permission: str, resource: str) -> str | None:
        """Return why somebody may not, in Google's words; None if they may.

        Args:
            email: None for somebody unknown.
            resource: full name, such as `projects/p/databases/d`, `projects/_/buckets/b/objects/o` or
                `projects/p/locations/r/services/s`.
        """


def _no_bindings(name: str) -> Bindings | None:
    return None


@dataclass(slots=True)
class Grant:
    """One member's role on one resource; `since` and `until` are seconds since 1970."""

    since: float
    until: float | None = None


@dataclass(slots=True)
class Policy:
    """A resource's policy, and what follows from it and from its former states.

    Attributes:
        is_set: whether somebody has ever set it.
    """

    etag: str
    bindings: tuple[Binding, ...] = ()
    grants: dict[tuple[str, str, str], Grant] = field(default_factory=dict)
    is_set: bool = False

    def replace(self, bindings: tuple[Binding, ...], now: float, late: float) -> None:
        """Set the bindings; each change takes effect after `late` seconds."""
        self.bindings = bindings
        wanted = {(one.role, member, one.expression) for one in bindings for member in one.members}
        for key in wanted:
            grant = self.grants.setdefault(key, Grant(now + late))
            grant.until = None
        for key, grant in list(self.grants.items()):
            if key not in wanted and grant.until is None:
                grant.until = now + late
            if grant.until is not None and (grant.until <= now or grant.since > now):
                del self.grants[key]

    def resource(self, version: int) -> dict[str, Any]:
        """Return it as a reader of this policy version gets it."""
        if not self.bindings:
            return {"version": 1, "etag": self.etag} if self.is_set else {"etag": self.etag}
        conditional = any(one.condition for one in self.bindings) and version >= CONDITIONAL
        shown = [one.resource(version) for one in self.bindings]
        return {"version": CONDITIONAL if conditional else 1, "etag": self.etag, "bindings": shown}


@dataclass(slots=True)
class Policies:
    """All policies of a project, by their resources' full names; it is the judge.

    Attributes:
        first_bindings: returns those of a resource that is there without a policy; None if it is not there.
    """

    project: Project
    accounts: Accounts
    roles: Roles
    first_bindings: Callable[[str], Bindings | None] = _no_bindings
    _all: dict[str, Policy] = field(default_factory=dict)

    def refusal(self, email: str | None, permission: str, resource: str) -> str | None:
        name = self.project.own(resource)
        if email is None or self.accounts.exists(email):
            seen = seen_by_conditions(name)
            if any(self._gives(policy, email, permission, seen) for policy in self._above(name)):
                return None
        return f"Permission '{permission}' denied on resource '{name}' (or it may not exist)."

    def get(self, resource: str) -> Policy:
        """Return a resource's policy, which is empty at first."""
        name = self.project.own(resource)
        if name not in self._all:
            self._begin_if_new(name)
        if name not in self._all:
            self._all[name] = Policy("ACAB")
        return self._all[name]

    def set(self, resource: str, given: Mapping[str, Any], *, bucket: bool = False) -> Policy:
        """Set a resource's policy. Raises: RefusedError."""
        policy = self.get(resource)
        check_etag(str(given.get("etag") or ""), policy.etag)
        rules = BindingRules(self.accounts, self.roles, self.project.settings.organization.public_members)
        bindings = rules.checked(given, policy.bindings, bucket=bucket)
        self._put(policy, bindings, self.project.settings.binding_seconds)
        policy.is_set = True
        return policy

    def begin(self, resource: str, bindings: Bindings) -> None:
        """Give a new resource its first bindings, which take effect at once."""
        made = sorted(Binding(role, (), tuple(sorted(members))) for role, members in bindings)
        policy = self._all.setdefault(self.project.own(resource), Policy("ACAB"))
        self._put(policy, tuple(made), 0.0)

    def drop(self, resource: str) -> None:
        """Forget the policy of a deleted resource, and those of what is below it."""
        name = self.project.own(resource)
        for one in [one for one in self._all if one == name or one.startswith(f"{name}/")]:
            del self._all[one]

    def drop_member(self, email: str, unique_id: str) -> None:
        """Mark a deleted account in all bindings; another one with its email has no part in them."""
        member, shown = f"serviceAccount:{email}", f"deleted:serviceAccount:{email}?uid={unique_id}"
        for policy in self._all.values():
            if any(member in binding.members for binding in policy.bindings):
                renamed = tuple(
                    Binding(one.role, one.condition, tuple(sorted(shown if m == member else m for m in one.members)))
                    for one in policy.bindings
                )
                policy.bindings = renamed
            policy.grants = {key: grant for key, grant in policy.grants.items() if key[1] != member}

    def allowed(self, email: str, permissions: Sequence[str], resource: str) -> list[str]:
        """Return those of the permissions that somebody has. Raises: RefusedError for one that does not exist."""
        for permission in permissions:
            if permission not in KNOWN:
                raise invalid(f"Permission {permission} is not valid for this resource.", "permissions")
        return [one for one in permissions if self.refusal(email, one, resource) is None]

    def methods(self, prefix: str, kind: str, check: Callable[[Call], str] | None = None) -> Methods:
        """Return the three methods on the policies of one kind of resource.

        Args:
            prefix: their ids before the method's own name.
            kind: their permissions before the verb.
            check: returns the full name of an existing resource. Raises: RefusedError.
        """

        def name_of(call: Call) -> str:
            return check(call) if check is not None else self.project.own(call.name)

        def get(call: Call) -> Answer:
            options = call.body.get("options") or {}
            asked = call.query.get("options.requestedPolicyVersion") or options.get("requestedPolicyVersion") or 0
            return self.get(name_of(call)).resource(int(asked))

        def put(call: Call) -> Answer:
            return self.set(name_of(call), call.body.get("policy") or {}).resource(CONDITIONAL)

        def test(call: Call) -> Answer:
            found = self.allowed(call.caller, call.body.get("permissions") or (), name_of(call))
            return {"permissions": found} if found else {}

        return {
            f"{prefix}.getIamPolicy": Method(get, f"{kind}.getIamPolicy"),
            f"{prefix}.setIamPolicy": Method(put, f"{kind}.setIamPolicy"),
            f"{prefix}.testIamPermissions": Method(test),
        }

    def _put(self, policy: Policy, bindings: tuple[Binding, ...], late: float) -> None:
        policy.replace(bindings, self.project.clock(), late)
        policy.etag = self.project.etag()

    def _above(self, name: str) -> Iterator[Policy]:
        """Iterate over the policies of a resource and of what it is in."""
        parts = name.split("/")
        for length in range(len(parts), 1, -1):
            above = "/".join(parts[:length])
            if above not in self._all:
                self._begin_if_new(above)
            if (policy := self._all.get(above)) is not None:
                yield policy
        if name.startswith("projects/_/"):
            yield self.get(self.project.name)

    def _begin_if_new(self, name: str) -> None:
        """Give a resource its first bindings that another service than the control plane made."""
        if (bindings := self.first_bindings(name)) is not None:
            self.begin(name, bindings)

    def _gives(self, policy: Policy, email: str | None, permission: str, seen: Resource) -> bool:
        now = self.project.clock()
        for (role, member, expression), grant in policy.grants.items():
            if grant.since > now or (grant.until is not None and grant.until <= now):
                continue
            if not self._is(email, member) or not self.roles.allows(role, permission):
                continue
            if not expression or holds(expression, seen, now):
                return True
        return False

    def _is(self, email: str | None, member: str) -> bool:
        if member == "allUsers" or (member == "allAuthenticatedUsers" and email is not None):
            return True
        if email is None:
            return False
        kind = member.partition(":")[0]
        if kind in _TEAMS:
            return (_TEAMS[kind], kind_of(email), "") in self.get(self.project.name).grants
        return member == kind_of(email)


def kind_of(email: str) -> str:
    """Return somebody as a member of a policy."""
    return f"serviceAccount:{email}" if email.endswith("gserviceaccount.com") else f"user:{email}"


def seen_by_conditions(name: str) -> Resource:
    """Return what conditions see of a resource; of what is in a database, the database."""
    if _UNSEEN.fullmatch(name):
        return Resource("", "", "")
    for pattern, service, kind in _PATTERNS:
        whole = pattern.fullmatch(name) or (pattern.match(name) if kind == "Database" else None)
        if whole is not None:
            host = f"{service}.googleapis.com"
            return Resource(whole[0], f"{host}/{kind}", host)
    return Resource(name, "", "")
