"""Desired resources of a twin on Azure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from l3kit.clouds.azure.control.blob_containers import BlobContainer
from l3kit.clouds.azure.control.containers import CosmosContainer
from l3kit.clouds.azure.control.databases import CosmosDatabase
from l3kit.clouds.azure.data.variables import EVENTS_CONNECTION, EVENTS_NAME, HUB_HOST
from l3kit.clouds.azure.provider import TIMER_SECONDS
from l3kit.clouds.ports.resources import Resource
from l3kit.clouds.shared.hosted_provisioner import HostedProvisioner
from l3kit.tiering.settings.function_table import SCHEDULE_VARIABLE, StoreName
from l3kit.twin.cron_forms import ncrontab

if TYPE_CHECKING:
    from l3kit.clouds.azure.session import AzureSession
    from l3kit.clouds.ports.deployed_links import DeployedLinks
    from l3kit.twin.config import Twin


class AzureProvisioner(HostedProvisioner):
    """The port `Provisioner` on one subscription and region. A mover's timer is part of its code."""

    provider = "azure"
    mover_timeout = TIMER_SECONDS
    chain_timeout = TIMER_SECONDS
    keeps_undelivered = False

    def __init__(self, twin: Twin, session: AzureSession, links: DeployedLinks) -> None:
        names = session.names(twin.name)
        super().__init__(twin, links, session.functions, names, session.messages, ncrontab)
        self._session = session
        self._database = CosmosDatabase(session, names.database(), twin.name)

    def stores(self, tiers: Collection[str]) -> list[Resource]:
        names, database, twin = self._names, self._database, self._twin.name
        found: list[Resource] = []
        if "hot" in tiers:
            found += [
                database,
                CosmosContainer(database, names.store("hot"), "/iotDeviceId"),
                CosmosContainer(database, names.store("journal"), "/id", expires=True),
            ]
        containers: tuple[StoreName, ...] = ("cold", "archive", "letters")
        found += [BlobContainer(self._session, names.store(one), twin) for one in containers if one in tiers]
        return found

    def settings(self, schedule: str) -> Mapping[str, str]:
        return {
            "COSMOS_ENDPOINT": self._session.cosmos_endpoint,
            "COSMOS_DATABASE_NAME": self._database.name,
            "STORAGE_ACCOUNT_URL": self._session.storage_url,
            SCHEDULE_VARIABLE: schedule,
            EVENTS_CONNECTION: self._session.hub.events_connection,
            EVENTS_NAME: self._session.hub.events_name,
            HUB_HOST: self._session.hub.host,
        }
