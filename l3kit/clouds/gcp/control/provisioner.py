"""Desired resources of a twin on a project of Google Cloud, made by its control plane."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from l3kit.clouds.gcp.billing import BILLING
from l3kit.clouds.gcp.control.alarm_specs import alarm_specs, all_alarm_names, all_metric_names, metric_specs
from l3kit.clouds.gcp.control.alarms import AlertPolicy, LeftOverAlarms
from l3kit.clouds.gcp.control.apis import Apis, needed_apis
from l3kit.clouds.gcp.control.buckets import Bucket
from l3kit.clouds.gcp.control.channels import Channels
from l3kit.clouds.gcp.control.databases import Database
from l3kit.clouds.gcp.control.former_alarms import FormerAlarms, unseen_alarms
from l3kit.clouds.gcp.control.invocations import INVOKER_ACCOUNT
from l3kit.clouds.gcp.control.jobs import Job
from l3kit.clouds.gcp.control.log_metrics import LeftOverMetrics, LogMetric
from l3kit.clouds.gcp.control.place import Place
from l3kit.clouds.gcp.control.preflight import preflight
from l3kit.clouds.gcp.control.shared_resources import SharedResources
from l3kit.clouds.gcp.control.topics import PUSH_SECONDS
from l3kit.clouds.gcp.data.object_store import STORAGE_CLASSES
from l3kit.clouds.ports.resources import Resource
from l3kit.clouds.shared.cloud_function import OTHER_MEMORY
from l3kit.clouds.shared.hosted_provisioner import HostedProvisioner
from l3kit.twin.cron_forms import unix_cron

if TYPE_CHECKING:
    from l3kit.clouds.gcp.session import GcpSession
    from l3kit.clouds.ports.deployed_links import DeployedLinks
    from l3kit.tiering.ports import Tier
    from l3kit.twin.config import Twin

ACCOUNT_PYTHON = "3.13"
"""Runtime of functions on a real project; a sandbox runs them on its own Python."""
BUCKET_TIERS: tuple[Tier, ...] = ("cold", "archive", "letters")
LEFT = (
    "Google Cloud keeps in the project, for others too: the APIs that were enabled, the buckets gcf-v2-sources-* and"
    " gcf-v2-uploads-* with the functions' sources, the image repository gcf-artifacts, log lines for 30 days, and"
    " deleted roles for 7 days, in which the next apply takes them back."
)


class GcpProvisioner(HostedProvisioner):
    """The port `Provisioner`. Its functions run as an account each, and private ones are called with its tokens."""

    provider = "gcp"
    mover_timeout = 900
    chain_timeout = PUSH_SECONDS
    keeps_undelivered = True

    def __init__(self, twin: Twin, session: GcpSession, links: DeployedLinks) -> None:
        self._session = session
        self._place = Place(session.control, session.project, session.region, session.patience)
        self._gcp_names = session.names(twin.name)
        super().__init__(twin, links, session.functions, self._gcp_names, session.messages, unix_cron)
        self._shared = SharedResources(self._place, twin.name, twin.layout)

    def preflight(self) -> tuple[str, ...]:
        return (*super().preflight(), *preflight(self._twin, self.provider, self._place), *self._unseen())

    def foundation(self) -> Sequence[Resource]:
        """Return the APIs."""
        return (Apis(self._place, needed_apis(self._twin)),)

    def stores(self, tiers: Collection[str]) -> list[Resource]:
        names, twin, place = self._gcp_names, self._twin, self._place
        found: list[Resource] = []
        if "hot" in tiers:
            protected = twin.config.protect_hot_table
            found.append(Database(place, names.database(), twin.name, names.store("journal"), protected))
        for tier in BUCKET_TIERS:
            if tier in tiers:
                found.append(Bucket(place, names.store(tier), twin.name, STORAGE_CLASSES[tier]))
        return found

    def shared(self, functions: Sequence[str]) -> Sequence[Resource]:
        return self._shared.needed(functions)

    def left_over_shared(self, functions: Sequence[str]) -> Sequence[Resource]:
        return self._shared.left_over(functions)

    def schedules(self, functions: Sequence[str]) -> Sequence[Resource]:
        """Return the Cloud Scheduler jobs."""
        return [self._job(function) for function in functions]

    def left_over_schedules(self, functions: Sequence[str]) -> Sequence[Resource]:
        return self.schedules(functions)

    def alarms(self) -> Sequence[Resource]:
        """Return the channels, the log-based metrics and the policies over them, where the twin has any."""
        twin, names, place = self._twin, self._gcp_names, self._place
        specs = alarm_specs(twin, names, self.provider) if twin.has_alarms else ()
        told = tuple(twin.config.notify) if specs else ()
        return [
            *([Channels(place, twin.name, told, self._is_live)] if told else []),
            *(
                LogMetric(place, spec, twin.name)
                for spec in (metric_specs(twin, names, self.provider) if specs else ())
            ),
            *(AlertPolicy(place, spec, twin.name, told) for spec in specs),
        ]

    def left_over_alarms(self) -> Sequence[Resource]:
        names, place, twin = self._gcp_names, self._place, self._twin.name
        wanted = self.alarms()
        alarms = {one.name for one in wanted if isinstance(one, AlertPolicy)}
        metrics = {one.name for one in wanted if isinstance(one, LogMetric)}
        found: list[Resource] = [
            LeftOverAlarms(place, tuple(sorted({*all_alarm_names(names)} - alarms)), twin),
            LeftOverMetrics(place, tuple(sorted({*all_metric_names(names)} - metrics)), twin),
            *([] if any(isinstance(one, Channels) for one in wanted) else [Channels(place, twin)]),
        ]
        return found if self._twin.has_alarms else [FormerAlarms(one) for one in found]

    def left_behind(self) -> tuple[str, ...]:
        return (LEFT, *self._unseen())

    def settings(self, schedule: str) -> Mapping[str, str]:
        return {"GOOGLE_CLOUD_PROJECT": self._place.project, "FIRESTORE_DATABASE": self._gcp_names.database()}

    def callers(self, function: str) -> tuple[str, ...]:
        """Return the accounts of the functions that call it, and of what starts functions from outside."""
        layout, names = self._twin.layout, self._gcp_names
        if layout.entrance_of(function) is not None:  # everybody may, and its own code asks for the token
            return ()
        here = [caller for caller in layout.functions_on(self.provider) if function in layout.peers_of(caller)]
        return tuple(sorted(names.account(caller) for caller in (*here, INVOKER_ACCOUNT)))

    def _unseen(self) -> tuple[str, ...]:
        return () if self._twin.has_alarms else unseen_alarms(self._place, self._twin.name)

    @property
    def _is_live(self) -> bool:
        return self._session.storage_endpoint is None

    def python(self) -> str:
        if self._is_live:
            return ACCOUNT_PYTHON
        return f"{sys.version_info.major}.{sys.version_info.minor}"

    def memory(self, function: str) -> int:
        return BILLING.memory_mb.get(function, OTHER_MEMORY)

    def identity(self, function: str) -> str:
        return self._gcp_names.account(function)

    def _job(self, function: str) -> Job:
        names = self._gcp_names
        return Job(
            self._place,
            names.schedule(function),
            self._twin.name,
            self._schedule(function),
            lambda: self._host.address(names.function(function)),
            names.email(INVOKER_ACCOUNT),
            self.mover_timeout,
        )
