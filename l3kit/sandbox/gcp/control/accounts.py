"""The service accounts of a project, as other parts of the double ask for them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from l3kit.sandbox.gcp.control.project import Project

_AGENT = re.compile(r"service-(\d+)@gcp-sa-([a-z-]+)\.iam\.gserviceaccount\.com")


def _always(service: str) -> float:
    return float("-inf")


@dataclass(slots=True)
class Account:
    """A service account.

    Attributes:
        made: seconds since 1970.
    """

    email: str
    unique_id: str
    made: float
    etag: str
    fields: dict[str, Any]
    disabled: bool = False


@dataclass(slots=True)
class Accounts:
    """All of them, by email; the deleted ones too, by unique id.

    Attributes:
        enabled_since: returns when an API was enabled, in seconds since 1970.
    """

    project: Project
    enabled_since: Callable[[str], float] = _always
    there: dict[str, Account] = field(default_factory=dict)
    deleted: dict[str, Account] = field(default_factory=dict)

    def is_own(self, email: str) -> bool:
        """Return whether this is the email of an account that this project's IAM makes."""
        return email.endswith(f"@{self.project.id}.iam.gserviceaccount.com")

    def find(self, email: str) -> Account | None:
        """Return an account for IAM itself, where it is known at once."""
        return self.there.get(email)

    def exists(self, email: str) -> bool:
        """Return whether an account exists, known or not: one whose tokens are valid. Google's own ones do."""
        if self.is_own(email):
            account = self.there.get(email)
            return account is not None and not account.disabled
        return True

    def is_known(self, email: str) -> bool:
        """Return whether other services know this account yet; those of other projects they know."""
        agent = _AGENT.fullmatch(email)
        if agent is not None and agent[1] == self.project.number:
            since = self.enabled_since(f"{agent[2]}.googleapis.com")
            return self.project.clock() >= since + self.project.settings.unknown_agent_seconds
        if not self.is_own(email):
            return True
        account = self.there.get(email)
        if account is None:
            return False
        return self.project.clock() >= account.made + self.project.settings.unknown_account_seconds
