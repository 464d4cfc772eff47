"""Google Cloud as a session reaches it: a twin's stores, functions and schedules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from l3kit.clouds.gcp.data.firestore_stores import FirestorePlace, open_client, open_hot, open_journal
from l3kit.clouds.gcp.data.object_stores import GcsPlace, open_objects
from l3kit.clouds.gcp.session import DEFAULT_DATABASE, GcpSession
from l3kit.clouds.gcp.undelivered import undelivered
from l3kit.clouds.shared.hosted_functions import HostedFunctions
from l3kit.errors import ConfigurationError
from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore, Tier
from l3kit.tiering.retry import RetryPolicy
from l3kit.tiering.settings.function_table import StoreName
from l3kit.twin.cron_forms import unix_cron

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.clouds.ports.deployed_links import DeployedLinks
    from l3kit.clouds.ports.provisioner import Provisioner
    from l3kit.clouds.ports.source_table import SourceTable
    from l3kit.clouds.ports.undelivered import Undelivered
    from l3kit.twin.config import Twin

STORAGE_DENIED = "Grant whoever runs this the role roles/storage.objectUser on the bucket"
FIRESTORE_DENIED = "Grant whoever runs this the role roles/datastore.user on the project"
SOURCE_DENIED = "Grant whoever runs this the role roles/datastore.viewer on the project"


class GcpCloud(HostedFunctions):
    """The port `Cloud` on one project and region."""

    provider = "gcp"

    def __init__(self, session: GcpSession) -> None:
        super().__init__(
            "gcp",
            lambda twin: session.functions,
            lambda twin, name: self.session.names(twin.name).function(name),
            unix_cron,
            lambda there, function: f"{there.url}/",
        )
        self.session = session

    @property
    def account(self) -> str:
        return f"{self.session.project}-{self.session.region}"

    def provisioner(self, twin: Twin, links: DeployedLinks) -> Provisioner:
        from l3kit.clouds.gcp.control.provisioner import GcpProvisioner

        return GcpProvisioner(twin, self.session, links)

    def store_name(self, twin: Twin, resource: StoreName) -> str:
        return self.session.names(twin.name).store(resource)

    def hot_store(self, twin: Twin) -> HotStore:
        """The hot collection."""
        return open_hot(self.store_name(twin, "hot"), self._firestore(self.session.database_of(twin.name)))

    def journal_store(self, twin: Twin) -> JournalStore:
        """The journal's collection."""
        return open_journal(self.store_name(twin, "journal"), self._firestore(self.session.database_of(twin.name)))

    def object_store(self, twin: Twin, tier: Tier) -> ObjectStore:
        """The cold or archive bucket."""
        session = self.session
        place = GcsPlace(
            session.project, session.storage_endpoint, self._credentials(), agent=self.agent, denied=STORAGE_DENIED
        )
        return open_objects(self.store_name(twin, tier), tier, place)

    def source_table(self, twin: Twin, name: str) -> SourceTable:
        """A collection of the database `(default)`; one below a document by its path."""
        from l3kit.clouds.gcp.source_table import FirestoreSource, collection_path

        path = collection_path(name)
        place = replace(
            self._firestore(DEFAULT_DATABASE), denied=SOURCE_DENIED, retry=RetryPolicy(tries=20, longest=60.0)
        )
        return FirestoreSource(open_client(place), path)

    def undelivered(self, key: str, body: bytes) -> Undelivered | None:
        """Read an object of the dead-letter topic's subscription; None for any other object."""
        return undelivered(key, body)

    def _firestore(self, database: str) -> FirestorePlace:
        session = self.session
        return FirestorePlace(
            session.project,
            database,
            session.firestore_endpoint,
            self.agent,
            denied=FIRESTORE_DENIED,
            credentials=self._credentials(),
        )

    def _credentials(self) -> Callable[[], Credentials]:
        return lambda: self.session.credentials


def gcp_in(clouds: Mapping[str, Cloud]) -> GcpCloud:
    """Google Cloud among a session's clouds. Raises: ConfigurationError if it is missing."""
    found = clouds.get(GcpCloud.provider)
    if not isinstance(found, GcpCloud):
        raise ConfigurationError(
            "Google Cloud", "is not reached by this session", "Connect with a twin that has a tier on it"
        )
    return found
