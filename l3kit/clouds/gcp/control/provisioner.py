"""Desired resources of a twin on Google Cloud."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from l3kit.clouds.gcp.control import collections
from l3kit.clouds.gcp.control.sdk_buckets import Bucket
from l3kit.clouds.gcp.control.topics import PUSH_SECONDS
from l3kit.clouds.ports.resources import Resource
from l3kit.clouds.shared.hosted_provisioner import HostedProvisioner
from l3kit.twin.cron_forms import unix_cron

if TYPE_CHECKING:
    from l3kit.clouds.gcp.session import GcpSession
    from l3kit.clouds.ports.deployed_links import DeployedLinks
    from l3kit.twin.config import Twin


class GcpProvisioner(HostedProvisioner):
    """The port `Provisioner` on one project and region. Cloud Scheduler jobs start the movers."""

    provider = "gcp"
    mover_timeout = 900
    chain_timeout = PUSH_SECONDS
    keeps_undelivered = True

    def __init__(self, twin: Twin, session: GcpSession, links: DeployedLinks) -> None:
        self._session = session
        self._job_name = session.names(twin.name).schedule
        super().__init__(twin, links, session.functions, session.names(twin.name), session.messages, unix_cron)

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
        if "letters" in tiers:
            found.append(Bucket(self._session, names.store("letters"), twin, "STANDARD"))
        return found

    def settings(self, schedule: str) -> Mapping[str, str]:
        return {"GOOGLE_CLOUD_PROJECT": self._session.project, "FIRESTORE_DATABASE": self._session.database}

    def jobs(self, function: str, schedule: str) -> Sequence[Mapping[str, str]]:
        return ({"name": self._job_name(function), "schedule": schedule, "body": "{}"},)

    def callers(self, function: str) -> tuple[str, ...]:
        layout = self._twin.layout
        here = layout.functions_on(self.provider)
        return tuple(self._names.function(caller) for caller in here if function in layout.peers_of(caller))


def provisioner_of(twin: Twin, session: GcpSession, links: DeployedLinks) -> HostedProvisioner:
    """Return the provisioner of a session: by its control plane, if it has one."""
    if session.control is None:
        return GcpProvisioner(twin, session, links)
    from l3kit.clouds.gcp.control.control_provisioner import ControlProvisioner
    from l3kit.clouds.gcp.control.place import Place

    return ControlProvisioner(twin, session, links, Place(session.control, session.project, session.region))
