"""Custom roles of a project: exactly the permissions that functions need, where Google's own roles have more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from l3kit.clouds.gcp.control.place import IAM, Place, already_there, description, is_described_as
from l3kit.clouds.gcp.control.refusals import explained, unless_missing
from l3kit.clouds.ports.changes import Difference, list_changes
from l3kit.clouds.ports.control import Refusal
from l3kit.clouds.ports.resources import Finding
from l3kit.errors import ProvisioningError

ROLE = "roles/iam.roleAdmin on the project"
RESTING = "was deleted more than 7 days ago and cannot be used again until about 37 days after that"


@dataclass(frozen=True)
class CustomRole:
    """One role. Deleted, it rests for 7 days, in which it is undeleted instead of made."""

    place: Place
    role: str
    twin_name: str
    purpose: str
    permissions: tuple[str, ...]
    kind: str = field(default="role", init=False)
    holds_data: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        return self.role

    def compare(self) -> Finding:
        with explained(f"role {self.role}", ROLE):
            there = self._read()
        if there is None or (there.get("deleted") and self._is_ours(there)):
            return Finding.missing({"permissions": ", ".join(self.permissions)})
        return Finding.of(self._is_ours(there), self._differences(there))

    def create(self) -> None:
        with explained(f"role {self.role}", ROLE):
            there = self._read()
            if there is not None and there.get("deleted"):
                self._revive()
                return
            try:
                self.place.control.post(IAM, self._parent, {"roleId": self.role, "role": self._wanted()})
            except Refusal as refusal:
                if refusal.status == 409:
                    raise already_there(self.place, f"role {self.role}", self._is_there) from None
                if refusal.status == 400 and "delet" in refusal.message:
                    remedy = "Wait, or deploy a twin of another name"
                    raise ProvisioningError(f"role {self.role}", RESTING, remedy) from None
                raise

    def update(self) -> None:
        with explained(f"role {self.role}", ROLE):
            self._revive()

    def delete(self) -> None:
        """Delete the role, which Google Cloud keeps for 7 days."""
        with explained(f"role {self.role}", ROLE):
            there = self._read()
            if there is not None and not there.get("deleted"):
                unless_missing(lambda: self.place.control.delete(IAM, self._path))

    def _revive(self) -> None:
        """Undelete the role if it rests, then give it what is wanted."""
        there = self._read()
        if there is not None and there.get("deleted"):
            self.place.control.post(IAM, f"{self._path}:undelete", {})
        mask = "title,description,includedPermissions,stage"
        self.place.control.patch(IAM, self._path, self._wanted(), {"updateMask": mask})

    def _read(self) -> dict[str, Any] | None:
        return unless_missing(lambda: self.place.control.get(IAM, self._path))

    def _is_there(self) -> bool:
        return self._read() is not None

    def _is_ours(self, there: dict[str, Any]) -> bool:
        return is_described_as(self.twin_name, there.get("description"))

    def _wanted(self) -> dict[str, Any]:
        return {
            "title": f"l3kit {self.twin_name}: {self.purpose}"[:100],
            "description": description(self.twin_name, self.purpose),
            "includedPermissions": list(self.permissions),
            "stage": "GA",
        }

    def _differences(self, there: dict[str, Any]) -> list[Difference]:
        had, wanted = set(there.get("includedPermissions", ())), set(self.permissions)
        found = []
        if had != wanted:
            words = f"has {', '.join(sorted(had)) or 'no permission'}, not {', '.join(sorted(wanted))}"
            found.append(Difference(words, list_changes("permission", had, wanted)))
        if there.get("stage") == "DISABLED":
            found.append(Difference("it is switched off"))
        return found

    @property
    def _parent(self) -> str:
        return f"v1/projects/{self.place.project}/roles"

    @property
    def _path(self) -> str:
        return f"{self._parent}/{self.role}"
