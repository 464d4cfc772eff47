"""Desired resources of a twin on Azure."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from l3kit.clouds.azure.control.containers import BlobContainer, CosmosContainer, CosmosDatabase
from l3kit.clouds.azure.provider import TIMER_SECONDS
from l3kit.clouds.ports.resources import Resource
from l3kit.clouds.shared.cloud_function import BuiltFunction, CloudFunction
from l3kit.clouds.shared.environment import environment
from l3kit.clouds.shared.links import LinkAddress
from l3kit.packaging.sources import pack_sources
from l3kit.tiering.settings import SCHEDULE_VARIABLE, TIMEOUT_VARIABLE
from l3kit.twin.cron_forms import ncrontab
from l3kit.twin.layout import MOVERS, RECEIVERS

if TYPE_CHECKING:
    from l3kit.clouds.azure.session import AzureSession
    from l3kit.clouds.ports.deployed_links import DeployedLinks
    from l3kit.twin.config import Twin

PROVIDER = "azure"
OTHER_TIMEOUT = 60
MARGIN_SECONDS = 15
"""Time between a mover's own deadline and Azure's timeout."""


class AzureProvisioner:
    """The port `Provisioner` on one subscription and region."""

    provider = PROVIDER

    def __init__(self, twin: Twin, session: AzureSession, links: DeployedLinks) -> None:
        self._twin = twin
        self._links = links
        self._session = session
        self._names = session.names(twin.name)

    def preflight(self) -> tuple[str, ...]:
        """Check that Azure's timers can express the schedule. Raises: ConfigurationError if not."""
        ncrontab(self._twin.config.mover_schedule)
        return ()

    def stores(self, tiers: Collection[str]) -> list[Resource]:
        names, twin = self._names, self._twin.name
        found: list[Resource] = []
        if "hot" in tiers:
            database = CosmosDatabase(self._session, names.database(), twin)
            found += [
                database,
                CosmosContainer(database, names.store("hot"), "/iotDeviceId"),
                CosmosContainer(database, names.store("journal"), "/id", expires=True),
            ]
        if "cold" in tiers:
            found.append(BlobContainer(self._session, names.store("cold"), twin))
        if "archive" in tiers:
            found.append(BlobContainer(self._session, names.store("archive"), twin))
        return found

    def function_parts(self, function: str, pending_changes: Callable[[], tuple[str, ...]]) -> list[Resource]:
        name, twin, host = self._names.function(function), self._twin, self._session.functions
        parts: list[Resource] = [
            CloudFunction(
                host,
                name,
                twin.name,
                f"{sys.version_info.major}.{sys.version_info.minor}",
                TIMER_SECONDS if function in MOVERS else OTHER_TIMEOUT,
                function in RECEIVERS,
                self._builder(function),
                pending_changes,
            )
        ]
        link = twin.layout.link_to(function)
        if link and link.target == PROVIDER:
            parts.append(LinkAddress(self._links, link.id))
        return parts

    def schedules(self, movers: Sequence[str]) -> list[Resource]:
        """Return none: a timer is part of the mover's code, and its expression is one of its settings."""
        return []

    def left_over_schedules(self, movers: Sequence[str]) -> list[Resource]:
        """Return none: there are no separate schedules."""
        return []

    def _builder(self, function: str) -> Callable[[], BuiltFunction]:
        more = {
            "COSMOS_ENDPOINT": self._session.cosmos_endpoint,
            "COSMOS_DATABASE_NAME": self._names.database(),
            "STORAGE_ACCOUNT_URL": self._session.storage_url,
            TIMEOUT_VARIABLE: str(TIMER_SECONDS - MARGIN_SECONDS),
        }

        def build() -> BuiltFunction:
            here = self._twin.layout.host_of(function) == PROVIDER  # what another layout left over is only looked for
            more[SCHEDULE_VARIABLE] = ncrontab(self._twin.config.mover_schedule) if here else ""
            settings, files = environment(self._twin, self._links, PROVIDER, function, self._names.store, more)
            return BuiltFunction(pack_sources(PROVIDER, function, files), settings)

        return build
