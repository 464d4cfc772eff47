"""Desired resources of a twin on AWS."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from l3kit.clouds.aws.billing import BILLING
from l3kit.clouds.aws.control import preflight
from l3kit.clouds.aws.control.alarm_specs import AlarmSpec, alarm_specs, all_alarm_names
from l3kit.clouds.aws.control.alarms import LeftOverAlarms, MetricAlarm
from l3kit.clouds.aws.control.buckets import Bucket
from l3kit.clouds.aws.control.context import Context
from l3kit.clouds.aws.control.event_functions import missing_functions
from l3kit.clouds.aws.control.iot_rule import TopicRule
from l3kit.clouds.aws.control.keys import customer_key
from l3kit.clouds.aws.control.lambda_host import LambdaHost, runtime_of
from l3kit.clouds.aws.control.links import FunctionUrl, LeftOverUrl
from l3kit.clouds.aws.control.logs import LogGroup
from l3kit.clouds.aws.control.policies import (
    Placement,
    function_policy,
    scheduler_policy,
    stores_of,
    topic_rule_policy,
    trust,
)
from l3kit.clouds.aws.control.queues import Queue
from l3kit.clouds.aws.control.roles import Role
from l3kit.clouds.aws.control.schedules import Schedule, ScheduleGroup
from l3kit.clouds.aws.control.tables import Table
from l3kit.clouds.aws.control.topics import Topic
from l3kit.clouds.aws.control.undelivered import FailureDestination
from l3kit.clouds.ports.resources import Resource
from l3kit.clouds.shared.cloud_function import OTHER_MEMORY, OTHER_TIMEOUT, BuiltFunction, CloudFunction
from l3kit.clouds.shared.environment import environment, own_files
from l3kit.packaging.wheels import Runtime, pack
from l3kit.tiering.settings.function_table import StoreName
from l3kit.twin.event_checks import functions_by_name
from l3kit.twin.layout import CHAIN, SCHEDULED, SOURCE
from l3kit.twin.topics import feedback_filter, telemetry_filter

if TYPE_CHECKING:
    from l3kit.clouds.aws.session import AwsSession
    from l3kit.clouds.ports.deployed_links import DeployedLinks
    from l3kit.twin.config import Twin

PROVIDER = "aws"
TIMEOUT = dict.fromkeys((*SCHEDULED, *CHAIN), 900)


class AwsProvisioner:
    """The port `Provisioner` on one account and region."""

    provider = PROVIDER

    def __init__(self, twin: Twin, session: AwsSession, links: DeployedLinks) -> None:
        self._twin = twin
        self._links = links
        self._session = session
        self._context = Context(session, session.names(twin.name))

    def preflight(self) -> tuple[str, ...]:
        notes = preflight.preflight(self._twin, self._session)
        if self._twin.layout.host_of("event-checker") == PROVIDER:
            notes += missing_functions(self._context, functions_by_name(self._twin.events))
        return notes

    def foundation(self) -> list[Resource]:
        """Return none: an account has all services."""
        return []

    def shared(self, functions: Sequence[str]) -> list[Resource]:
        """Return none: each function has its own role."""
        return []

    def left_over_shared(self, functions: Sequence[str]) -> list[Resource]:
        """Return none: each function has its own role."""
        return []

    def left_behind(self) -> tuple[str, ...]:
        return ()

    def stores(self, tiers: Collection[str]) -> list[Resource]:
        context, names = self._context, self._context.names
        found: list[Resource] = []
        if "hot" in tiers:
            protected = self._twin.config.protect_hot_table
            found.append(Table(context, names.hot_dynamodb_table(), ("iotDeviceId", "id"), protected=protected))
            found.append(Table(context, names.journal_dynamodb_table(), ("name",), "expires_at"))
        if "cold" in tiers:
            found.append(Bucket(context, names.cold_s3_bucket()))
        if "archive" in tiers:
            copied_into = self._twin.layout.cold == PROVIDER
            found.append(Bucket(context, names.archive_s3_bucket(), written_by_aws=copied_into))
        if "letters" in tiers:
            undelivered = self._twin.layout.l1 == PROVIDER
            found.append(Bucket(context, names.dead_letters_s3_bucket(), written_by_aws=undelivered))
        return found

    def function_parts(self, function: str, pending_changes: Callable[[], tuple[str, ...]]) -> list[Resource]:
        """Return role, log group, the function, the URL of its entrance, and the dispatcher's source of messages."""
        context, names, twin = self._context, self._context.names, self._twin
        runtime = runtime_of(self._session)
        parts: list[Resource] = [
            Role(context, names.role(function), trust("lambda.amazonaws.com", context), self._policy(function)),
            LogGroup(context, names.log_group(function), names.function(function)),
            CloudFunction(
                LambdaHost(context),
                names.function(function),
                twin.name,
                runtime.python,
                TIMEOUT.get(function, OTHER_TIMEOUT),
                False,  # its address, a resource of its own, is what is public
                self._builder(function, runtime),
                pending_changes,
                memory_mb=BILLING.memory_mb.get(function, OTHER_MEMORY),
                identity=names.role(function),
            ),
        ]
        if entrance := twin.layout.entrance_of(function):
            parts.append(FunctionUrl(context, self._links, names.function(function), entrance.id))
        return [*parts, *self._source()] if function == SOURCE else parts

    def _source(self) -> list[Resource]:
        """Return the rule that invokes the dispatcher, and the destination of messages that it did not process."""
        context, names = self._context, self._context.names
        dispatcher, letters = names.function(SOURCE), names.dead_letters_s3_bucket()
        trusted, role = trust("iot.amazonaws.com", context), names.topic_rule_role()
        topics = telemetry_filter(self._twin.name)
        return [
            FailureDestination(context, dispatcher, letters),
            Role(context, role, trusted, lambda: topic_rule_policy(context, Placement(keys=self._keys(("letters",))))),
            TopicRule(context, names.topic_rule(), topics, dispatcher, letters, role),
        ]

    def schedules(self, functions: Sequence[str]) -> list[Resource]:
        """Return the schedules with their group and the role that EventBridge Scheduler assumes."""
        role, missed = self._context.names.scheduler_role(), self._missed_starts
        trusted = trust("scheduler.amazonaws.com", self._context)
        return [
            Role(self._context, role, trusted, lambda: scheduler_policy(self._context, list(functions), missed)),
            ScheduleGroup(self._context, self._context.names.schedule_group()),
            *self.left_over_schedules(functions),
        ]

    def left_over_schedules(self, functions: Sequence[str]) -> list[Resource]:
        context, names = self._context, self._context.names
        return [
            Schedule(
                context,
                names.schedule(function),
                names.schedule_group(),
                names.function(function),
                names.scheduler_role(),
                self._twin.config.schedule_of(function),
                self._missed_starts,
            )
            for function in functions
        ]

    def alarms(self) -> list[Resource]:
        """Return the topic with its subscribers, the queue of missed starts and the alarms, where the twin has any."""
        context, names = self._context, self._context.names
        specs = self._alarm_specs()
        if not specs:
            return []
        return [
            Topic(context, names.alarm_topic(), tuple(self._twin.config.notify)),
            *([Queue(context, self._missed_starts)] if self._missed_starts else []),
            *(MetricAlarm(context, spec, names.alarm_topic()) for spec in specs),
        ]

    def left_over_alarms(self) -> list[Resource]:
        context, names = self._context, self._context.names
        specs = self._alarm_specs()
        strange = sorted({*all_alarm_names(names)} - {spec.name for spec in specs})
        return [
            LeftOverAlarms(context, tuple(strange)),
            *([] if specs else [Topic(context, names.alarm_topic())]),
            *([] if self._missed_starts else [Queue(context, names.missed_starts_queue())]),
        ]

    def _alarm_specs(self) -> tuple[AlarmSpec, ...]:
        return alarm_specs(self._twin, self._context.names, PROVIDER) if self._twin.has_alarms else ()

    @property
    def _missed_starts(self) -> str:
        """Name of the queue of starts that did not happen; empty if the twin has none here."""
        watched = self._twin.has_alarms and self._twin.layout.scheduled_on(PROVIDER)
        return self._context.names.missed_starts_queue() if watched else ""

    def left_over_addresses(self, functions: Sequence[str]) -> list[Resource]:
        context = self._context
        return [LeftOverUrl(context, context.names.function(function)) for function in functions]

    def _policy(self, function: str) -> Callable[[], dict[str, Any]]:
        """Return a builder of a function's policy from the layout and the current encryption of the stores."""
        context, layout, events = self._context, self._twin.layout, self._twin.events
        called = tuple(context.names.function(peer) for peer in layout.peers_of(function))
        checks = function == "event-checker"
        to_devices = function == "feedback-receiver" or (checks and layout.l1 == PROVIDER and layout.feedback)
        place = Placement(
            remote=layout.link_from(function) is not None,
            archive_here=layout.archive == PROVIDER,
            called=functions_by_name(events) if checks else called,
            feedback=feedback_filter(self._twin.name) if to_devices else "",
        )

        def make() -> dict[str, Any]:
            keys = self._keys(stores_of(function, place))
            return function_policy(function, context, replace(place, keys=keys))

        return make

    def _keys(self, stores: Sequence[StoreName]) -> dict[StoreName, str]:
        """Return the current customer managed keys of these stores."""
        found = {store: customer_key(self._context, store) for store in stores}
        return {store: key for store, key in found.items() if key}

    def _builder(self, function: str, runtime: Runtime) -> Callable[[], BuiltFunction]:
        def build() -> BuiltFunction:
            names = self._context.names
            variables, files = environment(self._twin, self._links, PROVIDER, function, names.store, names.function)
            files |= own_files(self._twin, function)
            return BuiltFunction(pack(PROVIDER, function, runtime, files), variables)

        return build
