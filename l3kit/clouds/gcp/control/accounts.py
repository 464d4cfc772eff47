"""Service accounts: the identities of functions, of builds, and of what starts functions from outside."""

from __future__ import annotations

from dataclasses import dataclass, field

from l3kit.clouds.gcp.control.place import IAM, Place, already_there, description, is_described_as
from l3kit.clouds.gcp.control.refusals import explained, is_taken, unless_missing
from l3kit.clouds.ports.changes import Difference
from l3kit.clouds.ports.control import Refusal
from l3kit.clouds.ports.resources import Finding

ROLE = "roles/iam.serviceAccountAdmin on the project"
SEEN_LIMIT = 180.0
"""Maximum seconds until a new account is found; reports of more than 60."""
GOOD_READS = 3
"""Reads in a row that must find it, since several servers answer."""


@dataclass(frozen=True)
class ServiceAccount:
    """One account. It has no labels: its description names its owner."""

    place: Place
    account: str
    twin_name: str
    purpose: str
    kind: str = field(default="service account", init=False)
    holds_data: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        return self.account

    def compare(self) -> Finding:
        with explained(f"service account {self.account}", ROLE):
            there = unless_missing(lambda: self.place.control.get(IAM, self._path))
        if there is None:
            return Finding.missing({"for": self.purpose})
        found = [Difference("it is switched off")] if there.get("disabled") else []
        return Finding.of(is_described_as(self.twin_name, there.get("description")), found)

    def create(self) -> None:
        """Create the account; returns once it is found. Another one of that name, now deleted, was another identity."""
        about = {"displayName": self.account, "description": description(self.twin_name, self.purpose)}
        with explained(f"service account {self.account}", ROLE):
            try:
                self.place.control.post(IAM, self._parent, {"accountId": self.account, "serviceAccount": about})
            except Refusal as refusal:
                if is_taken(refusal):
                    raise already_there(self.place, f"service account {self.account}", self._is_there) from None
                raise
            self._wait_until_seen()

    def update(self) -> None:
        with explained(f"service account {self.account}", ROLE):
            self._wait_until_seen()
            if self.place.control.get(IAM, self._path).get("disabled"):
                self.place.control.post(IAM, f"{self._path}:enable", {})

    def delete(self) -> None:
        """Delete the account; its permissions were removed before it."""
        with explained(f"service account {self.account}", ROLE):
            unless_missing(lambda: self.place.control.delete(IAM, self._path))

    def _wait_until_seen(self) -> None:
        reads = []

        def seen() -> bool:
            reads.append(self._is_there())
            return len(reads) >= GOOD_READS and all(reads[-GOOD_READS:])

        self.place.patience.wait(seen, f"service account {self.account} is found everywhere", SEEN_LIMIT)

    def _is_there(self) -> bool:
        return unless_missing(lambda: self.place.control.get(IAM, self._path)) is not None

    @property
    def _parent(self) -> str:
        return f"v1/projects/{self.place.project}/serviceAccounts"

    @property
    def _path(self) -> str:
        return f"{self._parent}/{self.place.email(self.account)}"
