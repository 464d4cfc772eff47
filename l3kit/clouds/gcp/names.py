"""Names of a twin's resources on Google Cloud. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

from l3kit.tiering.settings.function_table import StoreName
from l3kit.twin.naming import BUCKET_SUFFIX, STORE_NAMES, check_twin_name, digest, function_name, limited


@dataclass(frozen=True, slots=True)
class GcpNames:
    """Names on Google Cloud.

    Args:
        twin_name: checked by `check_twin_name`.
        project: id of the project. Bucket names are globally unique: they end in a digest of project,
            region and twin.
    """

    twin_name: str
    project: str
    region: str

    def __post_init__(self) -> None:
        check_twin_name(self.twin_name)

    def function(self, function: str) -> str:
        """Deployed name of one of `FUNCTIONS`. At most 63 characters, as Cloud Run allows."""
        return limited(function_name(self.twin_name, function), 63)

    def schedule(self, function: str) -> str:
        """The Cloud Scheduler job that starts a mover."""
        return limited(function_name(self.twin_name, function), 63)

    def route(self) -> str:
        """The Pub/Sub topic of the twin's messages, and its subscription. At most 255 characters."""
        return f"{self.twin_name}-telemetry"

    def dead_letters(self) -> str:
        """The topic of messages that the dispatcher did not take, and the subscription that stores them."""
        return f"{self.twin_name}-undelivered"

    def alarm(self, kind: str, mover: str = "") -> str:
        """One of the twin's alarms, or a log-based metric of one. At most 100 characters."""
        return "-".join(filter(None, (self.twin_name, mover, kind)))

    def database(self) -> str:
        """The twin's own Firestore database. 4 to 63 characters."""
        return f"l3kit-{self.twin_name}"

    def account(self, name: str) -> str:
        """Id of the service account of a function, or of another use such as `build`. 6 to 30 characters."""
        return limited(function_name(self.twin_name, name), 30)

    def email(self, name: str) -> str:
        """Address of the service account of this use."""
        return f"{self.account(name)}@{self.project}.iam.gserviceaccount.com"

    def role(self, purpose: str) -> str:
        """Id of a custom role. Letters, digits, underscores and full stops, at most 64 characters."""
        return f"l3kit.{self.twin_name.replace('-', '_')}.{purpose}"

    def store(self, resource: StoreName) -> str:
        """The root collection or bucket of a tier, or the journal's collection. Buckets: at most 63 characters."""
        name = f"{self.twin_name}-{STORE_NAMES[resource]}"
        if resource in ("hot", "journal"):
            return name
        return limited(f"{name}-{digest(f'{self.project}/{self.region}/{self.twin_name}', BUCKET_SUFFIX)}", 63)
