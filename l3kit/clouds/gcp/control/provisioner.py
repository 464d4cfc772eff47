"""Desired resources of a twin on Google Cloud."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from l3kit.clouds.gcp.control import collections
from l3kit.clouds.gcp.control.buckets import Bucket
from l3kit.clouds.ports.resources import Resource
from l3kit.clouds.shared.cloud_function import BuiltFunction, CloudFunction
from l3kit.clouds.shared.environment import environment
from l3kit.clouds.shared.links import LinkAddress
from l3kit.packaging.sources import pack_sources
from l3kit.tiering.settings import TIMEOUT_VARIABLE
from l3kit.twin.cron_forms import unix_cron
from l3kit.twin.layout import MOVERS, RECEIVERS

if TYPE_CHECKING:
    from l3kit.clouds.gcp.session import GcpSession
    from l3kit.clouds.ports.deployed_links import DeployedLinks
    from l3kit.twin.config import Twin

PROVIDER = "gcp"
MOVER_TIMEOUT = 900
OTHER_TIMEOUT = 60
MARGIN_SECONDS = 15
"""Time between a mover's own deadline and Cloud Run's request timeout."""


class GcpProvisioner:
    """The port `Provisioner` on one project and region."""

    provider = PROVIDER

    def __init__(self, twin: Twin, session: GcpSession, links: DeployedLinks) -> None:
        self._twin = twin
        self._links = links
        self._session = session
        self._names = session.names(twin.name)

    def preflight(self) -> tuple[str, ...]:
        """Check that Cloud Scheduler can express the schedule. Raises: ConfigurationError if not."""
        unix_cron(self._twin.config.mover_schedule)
        return ()

    def stores(self, tiers: Collection[str]) -> list[Resource]:
        names, twin = self._names, self._twin.name
        found: list[Resource] = []
        if "hot" in tiers:
            found.append(collections.Collection(self._session, names.store("hot"), twin, ("items",)))
            found.append(collections.Collection(self._session, names.store("journal"), twin))
        if "cold" in tiers:
            found.append(Bucket(self._session, names.store("cold"), twin, "COLDLINE"))
        if "archive" in tiers:
            found.append(Bucket(self._session, names.store("archive"), twin, "ARCHIVE"))
        return found

    def function_parts(self, function: str, pending_changes: Callable[[], tuple[str, ...]]) -> list[Resource]:
        """Return the function, a mover's Cloud Scheduler job included, and a receiver's link."""
        name, twin, host = self._names.function(function), self._twin, self._session.functions
        mover = function in MOVERS
        here = twin.layout.host_of(function) == PROVIDER  # what another layout left over is only looked for
        schedule = unix_cron(twin.config.mover_schedule) if mover and here else ""
        job = {"name": self._names.schedule(function), "schedule": schedule, "body": "{}"}
        parts: list[Resource] = [
            CloudFunction(
                host,
                name,
                twin.name,
                f"{sys.version_info.major}.{sys.version_info.minor}",
                MOVER_TIMEOUT if mover else OTHER_TIMEOUT,
                function in RECEIVERS,
                self._builder(function),
                pending_changes,
                (job,) if mover else (),
            )
        ]
        link = twin.layout.link_to(function)
        if link and link.target == PROVIDER:
            parts.append(LinkAddress(self._links, link.id))
        return parts

    def schedules(self, movers: Sequence[str]) -> list[Resource]:
        """Return none: Cloud Scheduler jobs belong to the functions (see `function_parts`)."""
        return []

    def left_over_schedules(self, movers: Sequence[str]) -> list[Resource]:
        """Return none: there are no separate schedules."""
        return []

    def _builder(self, function: str) -> Callable[[], BuiltFunction]:
        more = {
            "GOOGLE_CLOUD_PROJECT": self._session.project,
            "FIRESTORE_DATABASE": "(default)",
            TIMEOUT_VARIABLE: str(MOVER_TIMEOUT - MARGIN_SECONDS),
        }

        def build() -> BuiltFunction:
            settings, files = environment(self._twin, self._links, PROVIDER, function, self._names.store, more)
            return BuiltFunction(pack_sources(PROVIDER, function, files), settings)

        return build
