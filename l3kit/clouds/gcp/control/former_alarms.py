"""Alarms that a twin may have had: looked for where that is allowed, since a twin without any needs no such right."""

from __future__ import annotations

from dataclasses import dataclass

from l3kit.clouds.gcp.control.place import PROJECTS, Place
from l3kit.clouds.ports.control import Refusal
from l3kit.clouds.ports.resources import Finding, Resource
from l3kit.errors import PermissionMissingError

LISTING = ("monitoring.alertPolicies.list", "monitoring.notificationChannels.list", "logging.logMetrics.list")
"""Permissions with which former alarms are found."""


@dataclass(frozen=True)
class FormerAlarms:
    """A resource that exists only to be removed, and that counts as gone where nobody may look for it."""

    resource: Resource

    @property
    def kind(self) -> str:
        return self.resource.kind

    @property
    def name(self) -> str:
        return self.resource.name

    @property
    def holds_data(self) -> bool:
        return self.resource.holds_data

    def compare(self) -> Finding:
        try:
            return self.resource.compare()
        except PermissionMissingError:
            return Finding(False)

    def create(self) -> None:
        """Do nothing: this resource exists only to be removed."""

    def update(self) -> None:
        """Do nothing: this resource exists only to be removed."""

    def delete(self) -> None:
        self.resource.delete()


def unseen_alarms(place: Place, twin_name: str) -> tuple[str, ...]:
    """Return a note if whoever runs this may not look for former alarms; none where that cannot be asked."""
    path = f"v3/projects/{place.project}:testIamPermissions"
    try:
        held = place.control.post(PROJECTS, path, {"permissions": list(LISTING)}).get("permissions", ())
    except Refusal:
        return ()
    if not (lacking := [name for name in LISTING if name not in held]):
        return ()
    return (
        f"Whoever runs this may not look for alarms ({', '.join(lacking)}): {twin_name} has none now, and any that it"
        " had before stay.",
    )
