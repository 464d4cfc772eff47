"""The APIs that a project must have enabled. They are the project's: destroy leaves them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from l3kit.clouds.gcp.control.place import (
    FIRESTORE,
    FUNCTIONS,
    IAM,
    LOGGING,
    MONITORING,
    PROJECTS,
    PUBSUB,
    RUN,
    SCHEDULER,
    SERVICES,
    STORAGE,
    TOKENS,
    Place,
)
from l3kit.clouds.gcp.control.refusals import explained, is_disabled
from l3kit.clouds.ports.changes import Difference, list_changes
from l3kit.clouds.ports.control import Refusal
from l3kit.clouds.ports.resources import Finding

if TYPE_CHECKING:
    from l3kit.twin.config import Twin

NEEDED = (
    *("artifactregistry.googleapis.com", "cloudbuild.googleapis.com"),
    *(FUNCTIONS, PROJECTS, SCHEDULER, FIRESTORE, IAM, TOKENS, LOGGING, PUBSUB, RUN, STORAGE),
)
"""Cloud Functions builds with the first two."""
ROLE = "roles/serviceusage.serviceUsageAdmin on the project"
ENABLED_LIMIT = 300.0
EFFECT_LIMIT = 300.0
"""Maximum seconds until every API answers; enabling takes effect within minutes."""
PAGE = "200"


def needed_apis(twin: Twin) -> tuple[str, ...]:
    """Return the APIs of a twin's resources, Cloud Monitoring's where it has alarms."""
    return (*NEEDED, MONITORING) if twin.has_alarms else NEEDED


@dataclass(frozen=True)
class Apis:
    """The APIs of one project."""

    place: Place
    needed: tuple[str, ...] = NEEDED
    kind: str = field(default="APIs of project", init=False)
    holds_data: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        return self.place.project

    def compare(self) -> Finding:
        with explained(f"APIs of project {self.name}", ROLE):
            missing = sorted(set(self.needed) - self._enabled())
        if not missing:
            return Finding.of(True, [])
        return Finding.of(True, [Difference(f"{', '.join(missing)} not enabled", list_changes("API", (), missing))])

    def create(self) -> None:
        self.update()

    def update(self) -> None:
        """Enable what is missing, and wait until it answers."""
        control, project = self.place.control, f"projects/{self.name}"
        with explained(f"APIs of project {self.name}", ROLE):
            missing = sorted(set(self.needed) - self._enabled())
            if missing:
                begun = control.post(SERVICES, f"v1/{project}/services:batchEnable", {"serviceIds": missing})
                control.wait(SERVICES, begun, f"{', '.join(missing)} enabled in {project}", ENABLED_LIMIT)
            awaited = ", ".join(missing) or "all that were"
            self.place.patience.wait(self._answers, f"{awaited} enabled in {project} answer", EFFECT_LIMIT)

    def delete(self) -> None:
        """Do nothing: others in the project may use them."""

    def _enabled(self) -> set[str]:
        found: set[str] = set()
        query = {"filter": "state:ENABLED", "pageSize": PAGE}
        while True:
            page = self.place.control.get(SERVICES, f"v1/projects/{self.name}/services", query)
            found |= {str(one["name"]).rpartition("/")[2] for one in page.get("services", ())}
            if not page.get("nextPageToken"):
                return found
            query = {**query, "pageToken": str(page["nextPageToken"])}

    def _answers(self) -> bool:
        """Return whether those APIs that are asked first no longer call themselves disabled."""
        control, project, location = self.place.control, f"projects/{self.name}", self.place.location
        first = {
            FIRESTORE: f"v1/{project}/databases",
            IAM: f"v1/{project}/serviceAccounts",
            FUNCTIONS: f"v2/{location}/functions",
            SCHEDULER: f"v1/{location}/jobs",
            PUBSUB: f"v1/{project}/topics",
            PROJECTS: f"v3/{project}",
            MONITORING: f"v3/{project}/alertPolicies",
        }
        for service, path in first.items():
            if service not in self.needed:
                continue
            try:
                control.get(service, path)
            except Refusal as refusal:
                if is_disabled(refusal):
                    return False
                if refusal.status != 403:  # a permission that is missing shows where it is needed
                    raise
        return True
