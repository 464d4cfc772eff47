"""The project's own roles, and what a role of any kind allows now."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from l3kit.sandbox.gcp.control.answers import invalid, missing, taken, unfulfilled
from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods, changed, check_etag, page
from l3kit.sandbox.gcp.control.permissions import KNOWN, predefined
from l3kit.sandbox.gcp.control.project import Project

DAY = 86_400.0
UNDELETABLE_DAYS, GONE_DAYS = 7, 37
"""Days after its deletion for which a role can be undeleted, and until its id is free again (IAM, custom roles)."""
_ID = re.compile(r"[a-zA-Z0-9_.]{3,64}")


@dataclass(slots=True)
class Role:
    """A custom role.

    Attributes:
        former: what it allowed before its last change.
        made: when it was made or undeleted, in seconds since 1970, as all times.
        changed: when its permissions were changed.
        deleted: when it was deleted; None if it is not.
    """

    name: str
    fields: dict[str, Any]
    etag: str
    made: float
    changed: float
    former: frozenset[str]
    deleted: float | None = None

    @property
    def permissions(self) -> frozenset[str]:
        return frozenset(self.fields.get("includedPermissions", ()))

    def resource(self, *, full: bool = True) -> dict[str, Any]:
        shown = {"name": self.name, **self.fields, "etag": self.etag}
        if not full:
            shown.pop("includedPermissions", None)
        return {**shown, "deleted": True} if self.deleted is not None else shown


@dataclass(slots=True)
class Roles:
    """All roles: the project's own ones, and Google's."""

    project: Project
    _own: dict[str, Role] = field(default_factory=dict)

    def allows(self, role: str, permission: str) -> bool:
        """Return whether a role has a permission by now."""
        allowed = predefined(role)
        if allowed is None:
            own = self._find(role)
            if own is None or own.deleted is not None or own.fields.get("stage") == "DISABLED":
                return False
            late = self.project.clock() < own.changed + self.project.settings.binding_seconds
            allowed = own.former if late else own.permissions
        return permission in allowed

    def problem(self, role: str) -> str:
        """Return why nobody can be given a role, in Google's words; empty if one can."""
        if predefined(role) is not None:
            return ""
        if role.startswith("roles/"):
            return f"Role {role} is not supported for this resource."
        own = self._find(role)
        known = self.project.clock() - self.project.settings.unknown_role_seconds
        if own is None or own.deleted is not None or own.made > known:
            return f"Role ({role}) does not exist in the resource's hierarchy."
        return ""

    def methods(self) -> Methods:
        prefix = "iam.projects.roles"
        return {
            f"{prefix}.create": Method(self._create, "iam.roles.create"),
            f"{prefix}.get": Method(self._get, "iam.roles.get"),
            f"{prefix}.list": Method(self._list, "iam.roles.list"),
            f"{prefix}.patch": Method(self._patch, "iam.roles.update"),
            f"{prefix}.delete": Method(self._delete, "iam.roles.delete"),
            f"{prefix}.undelete": Method(self._undelete, "iam.roles.undelete"),
            "iam.roles.get": Method(_get_predefined),
        }

    def _find(self, name: str) -> Role | None:
        """Return an own role unless its last traces are gone."""
        role = self._own.get(self.project.own(name))
        if role is not None and role.deleted is not None and self.project.clock() >= role.deleted + GONE_DAYS * DAY:
            del self._own[role.name]
            return None
        return role

    def _there(self, name: str) -> Role:
        role = self._find(name)
        if role is None or self._is_past_undeleting(role):
            raise missing(f"The role named {name} was not found.")
        return role

    def _is_past_undeleting(self, role: Role) -> bool:
        return role.deleted is not None and self.project.clock() >= role.deleted + UNDELETABLE_DAYS * DAY

    def _create(self, call: Call) -> Answer:
        one = str(call.body.get("roleId") or "")
        if not _ID.fullmatch(one):
            raise invalid(f"The role_id ({one}) is invalid: it must match {_ID.pattern}.", "role_id")
        name = f"{self.project.name}/roles/{one}"
        there = self._find(name)
        if there is not None and there.deleted is not None:
            raise unfulfilled(f"You can't create a role_id ({one}) which has been marked for deletion.")
        if there is not None:
            raise taken(f"A role named {one} in {self.project.name} already exists.")
        count = sum(role.deleted is None or not self._is_past_undeleting(role) for role in self._own.values())
        self.project.check_quota("roles", count)
        fields = _checked(dict(call.body.get("role") or {}))
        permissions = frozenset(fields.get("includedPermissions", ()))
        now = self.project.clock()
        self._own[name] = Role(name, fields, self.project.etag(), now, now, permissions)
        return self._own[name].resource()

    def _get(self, call: Call) -> Answer:
        return self._there(call.name).resource()

    def _list(self, call: Call) -> Answer:
        everything = call.query.get("showDeleted") == "true"
        roles = [self._find(name) for name in sorted(self._own)]
        shown = [role for role in roles if role is not None and not self._is_past_undeleting(role)]
        full = call.query.get("view") == "FULL"
        return page(call, [one.resource(full=full) for one in shown if everything or one.deleted is None], "roles", 300)

    def _patch(self, call: Call) -> Answer:
        role = self._there(call.name)
        check_etag(call.body.get("etag"), role.etag)
        if role.deleted is not None:
            raise unfulfilled(f"You can't modify the role {role.name}, which has been marked for deletion.")
        mask = tuple(path for path in call.mask() if path not in ("name", "etag", "deleted"))
        fields = _checked(changed(role.fields, call.body, mask))
        role.former = role.permissions
        role.fields, role.etag, role.changed = fields, self.project.etag(), self.project.clock()
        return role.resource()

    def _delete(self, call: Call) -> Answer:
        role = self._there(call.name)
        check_etag(call.query.get("etag"), role.etag)
        if role.deleted is None:
            role.deleted, role.etag = self.project.clock(), self.project.etag()
        return role.resource()

    def _undelete(self, call: Call) -> Answer:
        role = self._there(call.name)
        check_etag(call.body.get("etag"), role.etag)
        if role.deleted is None:
            raise unfulfilled(f"The role {role.name} is not deleted.")
        role.deleted, role.etag, role.made = None, self.project.etag(), self.project.clock()
        return role.resource()


def _get_predefined(call: Call) -> Answer:
    permissions = predefined(call.name)
    if permissions is None:
        raise missing(f"The role named {call.name} was not found.")
    return {"name": call.name, "includedPermissions": sorted(permissions), "stage": "GA", "etag": "AA=="}


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    for output in ("name", "etag", "deleted"):
        fields.pop(output, None)
    if len(str(fields.get("title", ""))) > 100:
        raise invalid("The role title is too long: at most 100 characters.", "role.title")
    if len(str(fields.get("description", ""))) > 300:
        raise invalid("The role description is too long: at most 300 characters.", "role.description")
    permissions = fields.get("includedPermissions") or []
    for one in permissions:
        if one not in KNOWN:
            raise invalid(f"Permission {one} is not valid.", "role.included_permissions")
    fields["includedPermissions"] = sorted(set(permissions))
    if not permissions:
        fields.pop("includedPermissions")
    return {name: value for name, value in fields.items() if value not in (None, "")}
