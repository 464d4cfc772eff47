"""Context of every Google Cloud resource: control plane, project and region, ownership, and patience."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from l3kit.clouds.gcp.names import GcpNames
from l3kit.clouds.ports.control import Control
from l3kit.clouds.ports.resources import AlreadyThereError
from l3kit.clouds.shared.patience import Patience
from l3kit.twin.naming import LABEL_TWIN

FIRESTORE = "firestore.googleapis.com"
STORAGE = "storage.googleapis.com"
FUNCTIONS = "cloudfunctions.googleapis.com"
RUN = "run.googleapis.com"
SCHEDULER = "cloudscheduler.googleapis.com"
PUBSUB = "pubsub.googleapis.com"
IAM = "iam.googleapis.com"
PROJECTS = "cloudresourcemanager.googleapis.com"
SERVICES = "serviceusage.googleapis.com"
LOGGING = "logging.googleapis.com"
MONITORING = "monitoring.googleapis.com"
TOKENS = "iamcredentials.googleapis.com"
MANAGED = "l3kit-managed"
SEEN_LIMIT = 120.0
"""Maximum seconds until something that exists is found."""


@dataclass(frozen=True)
class Place:
    """One project and region. `is_live`: whether it is Google's; in a sandbox no job runs by itself."""

    control: Control = field(repr=False, compare=False)
    project: str
    region: str
    patience: Patience = field(default_factory=Patience, repr=False, compare=False)
    is_live: bool = True

    @property
    def location(self) -> str:
        """Return the parent of regional resources."""
        return f"projects/{self.project}/locations/{self.region}"

    def names(self, twin_name: str) -> GcpNames:
        return GcpNames(twin_name, self.project, self.region)

    def email(self, account: str) -> str:
        """Return the address of a service account of the project."""
        return f"{account}@{self.project}.iam.gserviceaccount.com"

    def number(self) -> str:
        """Read the project's number. Raises: Refusal."""
        return str(self.control.get(PROJECTS, f"v3/projects/{self.project}")["name"]).rpartition("/")[2]


def already_there(place: Place, resource: str, is_seen: Callable[[], bool]) -> AlreadyThereError:
    """Wait until a resource whose name is taken is found, and return the error that says so.

    Right after another request has made it, it is perhaps not found yet. Raises: ProvisioningError at the limit.
    """
    place.patience.wait(is_seen, f"{resource}, whose name is taken, is found", SEEN_LIMIT)
    return AlreadyThereError(resource, "exists already")


def labels(twin_name: str) -> dict[str, str]:
    """Return the labels of a twin's resource."""
    return {LABEL_TWIN: twin_name, MANAGED: "true"}


def owner_in(labels: Mapping[str, str] | None) -> str:
    """Return the twin that labels name; empty if they name none."""
    return str((labels or {}).get(LABEL_TWIN, ""))


def description(twin_name: str, text: str) -> str:
    """Return the description of a resource without labels, which names its owner."""
    return f"{text} [{LABEL_TWIN}: {twin_name}]"


def is_described_as(twin_name: str, there: str | None) -> bool:
    """Return whether a description names this owner."""
    return str(there or "").endswith(f"[{LABEL_TWIN}: {twin_name}]")
