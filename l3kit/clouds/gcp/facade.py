"""Google Cloud as a notebook sees it: a twin's stores, functions and schedules. Not packed into functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from l3kit.clouds.gcp.firestore_stores import FirestorePlace, open_hot, open_journal
from l3kit.clouds.gcp.object_stores import GcsPlace, open_objects
from l3kit.clouds.gcp.session import GcpSession
from l3kit.cron_forms import unix_cron
from l3kit.hosted_functions import HostedFunctions
from l3kit.naming import GcpNames
from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore, Tier
from l3kit.tiering.settings import Resource

if TYPE_CHECKING:
    from l3kit.clouds.gcp.provisioning import GcpProvisioner
    from l3kit.provisioning.deployed_links import DeployedLinks
    from l3kit.twin import Twin

AGENT = "l3kit-notebook"
DATABASE = "(default)"


class GcpFacade(HostedFunctions):
    """The port `CloudFacade` on one project and region."""

    provider = "gcp"

    def __init__(self, session: GcpSession) -> None:
        super().__init__(
            "gcp",
            session.functions,
            lambda twin, name: self.names(twin).function(name),
            unix_cron,
            lambda function: "/",
        )
        self._session = session

    def names(self, twin: Twin) -> GcpNames:
        """All resource names of the twin in this project and region."""
        return GcpNames(twin.name, self._session.project, self._session.region)

    def provisioner(self, twin: Twin, links: DeployedLinks) -> GcpProvisioner:
        """See `CloudFacade.provisioner`."""
        from l3kit.clouds.gcp.provisioning import GcpProvisioner

        return GcpProvisioner(twin, self._session, links)

    def store_name(self, twin: Twin, resource: Resource) -> str:
        """See `CloudFacade.store_name`."""
        return self.names(twin).store(resource)

    def hot_store(self, twin: Twin) -> HotStore:
        """The hot collection."""
        return open_hot(self.store_name(twin, "hot"), self._firestore())

    def journal_store(self, twin: Twin) -> JournalStore:
        """The journal's collection."""
        return open_journal(self.store_name(twin, "journal"), self._firestore())

    def object_store(self, twin: Twin, tier: Tier) -> ObjectStore:
        """The cold or archive bucket."""
        place = GcsPlace(self._session.project, self._session.storage_endpoint, agent=AGENT)
        return open_objects(self.store_name(twin, tier), tier, place)

    def _firestore(self) -> FirestorePlace:
        return FirestorePlace(self._session.project, DATABASE, self._session.firestore_endpoint, AGENT)
