"""Azure as a session reaches it: a twin\'s stores, functions and schedules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from l3kit.clouds.azure.data.cosmos_stores import CosmosPlace, open_container, open_hot, open_journal
from l3kit.clouds.azure.data.object_stores import BlobPlace, open_objects
from l3kit.clouds.azure.session import AzureSession
from l3kit.clouds.shared.hosted_functions import HostedFunctions
from l3kit.errors import ConfigurationError
from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore, Tier
from l3kit.tiering.retry import RetryPolicy
from l3kit.tiering.settings.function_table import StoreName
from l3kit.twin.cron_forms import ncrontab

if TYPE_CHECKING:
    from l3kit.clouds.azure.control.provisioner import AzureProvisioner
    from l3kit.clouds.ports.deployed_links import DeployedLinks
    from l3kit.clouds.ports.source_table import SourceTable
    from l3kit.twin.config import Twin

BLOBS_DENIED = "Give whoever runs this the role Storage Blob Data Contributor on the storage account"
COSMOS_DENIED = "Give whoever runs this the role Cosmos DB Built-in Data Contributor, and open the firewall to them"
SOURCE_DENIED = "Give whoever runs this the role Cosmos DB Built-in Data Reader, and open the firewall to them"


class AzureCloud(HostedFunctions):
    """The port `Cloud` on one subscription and region."""

    provider = "azure"

    def __init__(self, session: AzureSession) -> None:
        super().__init__(
            "azure",
            lambda twin: session.functions,
            lambda twin, name: self.session.names(twin.name).function(name),
            ncrontab,
            lambda there, function: f"{there.url}/api/{function}",
        )
        self.session = session

    @property
    def account(self) -> str:
        return f"{self.session.subscription}-{self.session.region}"

    def provisioner(self, twin: Twin, links: DeployedLinks) -> AzureProvisioner:
        from l3kit.clouds.azure.control.provisioner import AzureProvisioner

        return AzureProvisioner(twin, self.session, links)

    def store_name(self, twin: Twin, resource: StoreName) -> str:
        return self.session.names(twin.name).store(resource)

    def hot_store(self, twin: Twin) -> HotStore:
        """The hot container."""
        return open_hot(self.store_name(twin, "hot"), self._cosmos(twin))

    def journal_store(self, twin: Twin) -> JournalStore:
        """The journal's container."""
        return open_journal(self.store_name(twin, "journal"), self._cosmos(twin))

    def object_store(self, twin: Twin, tier: Tier) -> ObjectStore:
        """The cold or archive container."""
        place = BlobPlace(self.session.storage_url, self.session.storage_key, self.agent, denied=BLOBS_DENIED)
        return open_objects(self.store_name(twin, tier), tier, place)

    def source_table(self, twin: Twin, name: str) -> SourceTable:
        """A container of the account: CONTAINER in the twin's database, or DATABASE/CONTAINER."""
        from l3kit.clouds.azure.source_table import CHECK_NAME, CosmosSource

        parts = name.split("/")
        if len(parts) > 2 or not all(parts):
            raise ConfigurationError(f"container {name!r}", "is not the name of a container", CHECK_NAME)
        database, _, container = name.rpartition("/")
        place = self._cosmos(twin)
        hot, journal = self.store_name(twin, "hot"), self.store_name(twin, "journal")
        own = {f"{place.database}/{hot}": "hot container", f"{place.database}/{journal}": "journal"}
        place = replace(
            place,
            database=database or place.database,
            denied=SOURCE_DENIED,
            missing=CHECK_NAME,
            retry=RetryPolicy(tries=20),
        )
        return CosmosSource(open_container(container, place), own.get(f"{place.database}/{container}", ""))

    def _cosmos(self, twin: Twin) -> CosmosPlace:
        session = self.session
        database = self.session.names(twin.name).database()
        return CosmosPlace(session.cosmos_endpoint, database, session.cosmos_key, self.agent, denied=COSMOS_DENIED)
