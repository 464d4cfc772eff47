"""Azure as a notebook sees it: a twin's stores, functions and schedules. Not packed into functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from l3kit.clouds.azure.cosmos_stores import CosmosPlace, open_hot, open_journal
from l3kit.clouds.azure.object_stores import BlobPlace, open_objects
from l3kit.clouds.azure.session import AzureSession
from l3kit.cron_forms import ncrontab
from l3kit.hosted_functions import HostedFunctions
from l3kit.naming import AzureNames
from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore, Tier
from l3kit.tiering.settings import Resource

if TYPE_CHECKING:
    from l3kit.clouds.azure.provisioning import AzureProvisioner
    from l3kit.provisioning.deployed_links import DeployedLinks
    from l3kit.twin import Twin

AGENT = "l3kit-notebook"


class AzureFacade(HostedFunctions):
    """The port `CloudFacade` on one subscription and region."""

    provider = "azure"

    def __init__(self, session: AzureSession) -> None:
        super().__init__(
            "azure",
            session.functions,
            lambda twin, name: self.names(twin).function(name),
            ncrontab,
            lambda function: f"/api/{function}",
        )
        self._session = session

    def names(self, twin: Twin) -> AzureNames:
        """All resource names of the twin in this subscription and region."""
        return AzureNames(twin.name, self._session.subscription, self._session.region)

    def provisioner(self, twin: Twin, links: DeployedLinks) -> AzureProvisioner:
        """See `CloudFacade.provisioner`."""
        from l3kit.clouds.azure.provisioning import AzureProvisioner

        return AzureProvisioner(twin, self._session, links)

    def store_name(self, twin: Twin, resource: Resource) -> str:
        """See `CloudFacade.store_name`."""
        return self.names(twin).store(resource)

    def hot_store(self, twin: Twin) -> HotStore:
        """The hot container."""
        return open_hot(self.store_name(twin, "hot"), self._cosmos(twin))

    def journal_store(self, twin: Twin) -> JournalStore:
        """The journal's container."""
        return open_journal(self.store_name(twin, "journal"), self._cosmos(twin))

    def object_store(self, twin: Twin, tier: Tier) -> ObjectStore:
        """The cold or archive container."""
        place = BlobPlace(self._session.storage_url, self._session.storage_key, AGENT)
        return open_objects(self.store_name(twin, tier), tier, place)

    def _cosmos(self, twin: Twin) -> CosmosPlace:
        session = self._session
        return CosmosPlace(session.cosmos_endpoint, self.names(twin).database(), session.cosmos_key, AGENT)
