"""IAM: the service accounts of the project."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from l3kit.sandbox.gcp.control.accounts import Account, Accounts
from l3kit.sandbox.gcp.control.answers import RefusedError, invalid, missing, taken
from l3kit.sandbox.gcp.control.calls import Answer, Call, Method, Methods, changed, check_etag, page
from l3kit.sandbox.gcp.control.iam import Policies
from l3kit.sandbox.gcp.control.project import Project

_ID = re.compile(r"[a-z](?:[-a-z0-9]{4,28}[a-z0-9])")
_EDITABLE = ("displayName", "description")


@dataclass(slots=True)
class ServiceAccounts:
    """Makes, shows and deletes them. One that was deleted is another than the next of its id."""

    project: Project
    accounts: Accounts
    policies: Policies

    def methods(self) -> Methods:
        prefix = "iam.projects.serviceAccounts"
        return {
            **self.policies.methods(prefix, "iam.serviceAccounts", self._resource),
            f"{prefix}.create": Method(self._create, "iam.serviceAccounts.create"),
            f"{prefix}.get": Method(self._get, "iam.serviceAccounts.get"),
            f"{prefix}.list": Method(self._list, "iam.serviceAccounts.list"),
            f"{prefix}.patch": Method(self._patch, "iam.serviceAccounts.update"),
            f"{prefix}.delete": Method(self._delete, "iam.serviceAccounts.delete"),
            f"{prefix}.enable": Method(self._enable, "iam.serviceAccounts.enable"),
            f"{prefix}.disable": Method(self._disable, "iam.serviceAccounts.disable"),
        }

    def check_acts_as(self, caller: str, email: str) -> None:
        """Refuse to let a caller run something as an account. Raises: RefusedError."""
        resource = f"{self.project.name}/serviceAccounts/{email}"
        permission = "iam.serviceAccounts.actAs"
        if self.policies.refusal(caller, permission, resource) is not None:
            message = (
                f"Caller {caller} is missing permission '{permission}' on service account {resource} (or it may not "
                f"exist). Grant the role 'roles/iam.serviceAccountUser' to {caller} on the service account."
            )
            raise RefusedError("PERMISSION_DENIED", message)

    def check_known(self, email: str, code: str = "NOT_FOUND") -> None:
        """Refuse an account that other services do not know, or not yet. Raises: RefusedError."""
        if not self.accounts.is_known(email):
            raise RefusedError(code, f"Service account projects/-/serviceAccounts/{email} was not found.")

    def _create(self, call: Call) -> Answer:
        one = str(call.body.get("accountId") or "")
        if not _ID.fullmatch(one):
            raise invalid(
                f"Service account ID {one!r} has 6 to 30 lower-case letters, digits and hyphens.", "account_id"
            )
        email = f"{one}@{self.project.id}.iam.gserviceaccount.com"
        if self.accounts.find(email) is not None:
            raise taken(f"Service account {one} already exists within project {self.project.name}.")
        self.project.check_quota("serviceAccounts", len(self.accounts.there))
        fields = changed({}, call.body.get("serviceAccount") or {}, _EDITABLE)
        made = Account(email, self.project.digits(), self.project.clock(), self.project.etag(), fields)
        self.accounts.there[email] = made
        return self._shown(made)

    def _get(self, call: Call) -> Answer:
        return self._shown(self._there(call))

    def _list(self, call: Call) -> Answer:
        found = [self._shown(one) for _, one in sorted(self.accounts.there.items()) if self._is_read(one)]
        return page(call, found, "accounts", 20)

    def _patch(self, call: Call) -> Answer:
        account = self._there(call)
        given = call.body.get("serviceAccount") or {}
        check_etag(given.get("etag"), account.etag)
        mask = tuple(path for path in call.mask(*given) if path in _EDITABLE)
        account.fields = changed(account.fields, given, mask)
        account.etag = self.project.etag()
        return self._shown(account)

    def _delete(self, call: Call) -> Answer:
        account = self._there(call)
        del self.accounts.there[account.email]
        self.accounts.deleted[account.unique_id] = account
        self.policies.drop(self._name(account))
        self.policies.drop_member(account.email, account.unique_id)
        return {}

    def _enable(self, call: Call) -> Answer:
        self._there(call).disabled = False
        return {}

    def _disable(self, call: Call) -> Answer:
        self._there(call).disabled = True
        return {}

    def _there(self, call: Call) -> Account:
        """Return an account by its email or unique id. Raises: RefusedError."""
        given = call.name.rpartition("/")[2]
        account = self.accounts.find(given) or next(
            (one for one in self.accounts.there.values() if one.unique_id == given), None
        )
        if account is None or not self._is_read(account):
            raise missing("Unknown service account")
        return account

    def _is_read(self, account: Account) -> bool:
        return self.project.clock() >= account.made + self.project.settings.unread_seconds

    def _resource(self, call: Call) -> str:
        return self._name(self._there(call))

    def _name(self, account: Account) -> str:
        return f"{self.project.name}/serviceAccounts/{account.email}"

    def _shown(self, account: Account) -> dict[str, Any]:
        return {
            "name": self._name(account),
            "projectId": self.project.id,
            "uniqueId": account.unique_id,
            "email": account.email,
            "etag": account.etag,
            "oauth2ClientId": account.unique_id,
            **account.fields,
            **({"disabled": True} if account.disabled else {}),
        }
