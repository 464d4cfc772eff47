"""The operator's permissions as IAM documents: the permission table's rows on the ARNs of one twin."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from l3kit.clouds.aws.control.alarm_specs import alarm_patterns
from l3kit.clouds.aws.control.grants import Grant, On
from l3kit.clouds.aws.control.operator_statements import Block, blocks_of
from l3kit.clouds.aws.control.permissions import grants_for
from l3kit.clouds.aws.control.policy_limits import MANAGED_POLICY, VERSION, compact
from l3kit.clouds.aws.names import AwsNames
from l3kit.clouds.ports.operator_permissions import VERBS, Verb
from l3kit.tiering.format.holds import Holds
from l3kit.tiering.format.pauses import Pauses
from l3kit.tiering.runtime.measures import NAMESPACE
from l3kit.tiering.settings.function_table import FUNCTIONS, StoreName
from l3kit.twin.layout import SCHEDULED

_ANY_TWIN = "anametobereplaced"
"""Placeholder for a twin's name, without a dash, which would become an underscore in a topic rule's name."""
BUCKETS: tuple[StoreName, ...] = ("cold", "archive", "letters")


@dataclass(frozen=True, slots=True)
class Scope:
    """Scope of the ARNs: one twin in an account and region; `*` is any, also for the twin's name.

    Attributes:
        source: the table that `load` copies; empty if there is none.
        called: deployed names of the functions that events call.
    """

    twin: str
    account: str = "*"
    region: str = "*"
    source: str = ""
    called: tuple[str, ...] = ()

    def arns(self, on: On) -> tuple[str, ...]:
        """Return the ARNs of that kind, exact except for unknown parts."""
        if self.twin == "*":
            named = replace(self, twin=_ANY_TWIN).arns(on)
            return tuple(arn.replace(_ANY_TWIN, "*") for arn in named)
        if on == "oneself":
            return (f"arn:aws:iam::{self.account}:user/*", f"arn:aws:iam::{self.account}:role/*")
        if on == "stores' keys":
            return (self._arn("kms", "key/*"),)
        if on == "source table":
            return (self._arn("dynamodb", f"table/{self.source}"),) if self.source else ()
        if on == "called functions":
            return tuple(self._arn("lambda", f"function:{name}") for name in self.called)
        if on in ("hot table", "journal table", "tables"):
            return self._tables(on)
        if on == "cold pauses":
            return tuple(f"{arn[:-1]}{Pauses.prefix}*" for arn in self._buckets("cold objects"))
        if on == "archive holds":
            return tuple(f"{arn[:-1]}{Holds.prefix}*" for arn in self._buckets("archive objects"))
        if on in ("buckets", "cold objects", "archive objects", "letters objects", "objects"):
            return self._buckets(on)
        if on in ("roles", "roles of functions", "scheduler's role", "topic rule's role"):
            return self._roles(on)
        if on == "functions":
            return tuple(self._arn("lambda", f"function:{self._names.function(name)}") for name in FUNCTIONS)
        if on in ("log groups", "all log groups"):
            return self._log_groups(on)
        if on in ("all topic rules", "metrics", "all subscriptions"):  # the actions know no resources
            return ("*",)
        if on in ("alarms", "all alarms"):
            chosen = alarm_patterns(self._names) if on == "alarms" else ("*",)
            return tuple(self._arn("cloudwatch", f"alarm:{name}") for name in chosen)
        if on == "alarm topic":
            return (self._arn("sns", self._names.alarm_topic()),)
        if on == "queue of missed starts":
            return (self._arn("sqs", self._names.missed_starts_queue()),)
        if on == "topic rule":
            return (self._arn("iot", f"rule/{self._names.topic_rule()}"),)
        group = self._names.schedule_group()
        if on == "schedule group":
            return (self._arn("scheduler", f"schedule-group/{group}"),)
        return tuple(self._arn("scheduler", f"schedule/{group}/{self._names.schedule(one)}") for one in SCHEDULED)

    @property
    def _names(self) -> AwsNames:
        return AwsNames(self.twin, self.account, self.region)

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def _tables(self, on: On) -> tuple[str, ...]:
        hot, journal = self._names.hot_dynamodb_table(), self._names.journal_dynamodb_table()
        chosen = {"hot table": (hot,), "journal table": (journal,), "tables": (hot, journal)}[on]
        return tuple(self._arn("dynamodb", f"table/{name}") for name in chosen)

    def _buckets(self, on: On) -> tuple[str, ...]:
        names = {tier: self._names.store(tier) for tier in BUCKETS}
        if "*" in self.account + self.region or self.twin == _ANY_TWIN:  # the names end in a digest of all three
            names = {tier: f"{name.rpartition('-')[0]}-*" for tier, name in names.items()}
        end = "" if on == "buckets" else "/*"
        return tuple(
            f"arn:aws:s3:::{name}{end}"
            for tier, name in names.items()
            if on in ("buckets", "objects", f"{tier} objects")
        )

    def _roles(self, on: On) -> tuple[str, ...]:
        of_functions = tuple(self._names.role(name) for name in FUNCTIONS)
        scheduler, rule = (self._names.scheduler_role(),), (self._names.topic_rule_role(),)
        chosen = {
            "roles": of_functions + scheduler + rule,
            "roles of functions": of_functions,
            "scheduler's role": scheduler,
            "topic rule's role": rule,
        }
        return tuple(f"arn:aws:iam::{self.account}:role/{name}" for name in chosen[on])

    def _log_groups(self, on: On) -> tuple[str, ...]:
        """Return ARNs with and without `:*`: which of them counts differs by action (CloudWatch Logs user guide)."""
        if on == "all log groups":
            return (self._arn("logs", "log-group:*"),)
        groups = [self._arn("logs", f"log-group:{self._names.log_group(name)}") for name in FUNCTIONS]
        return tuple(arn for group in groups for arn in (group, f"{group}:*"))


def operator_policy(scope: Scope, verbs: Collection[Verb] = VERBS) -> dict[str, Any]:
    """Return the rows of the table that these verbs need, as an IAM document."""
    return policy_of(scope, grants_for(verbs))


def policy_of(scope: Scope, grants: Iterable[Grant]) -> dict[str, Any]:
    """Return these rows as an IAM document."""
    blocks = blocks_of(grant for grant in grants if scope.arns(grant.on))
    return {"Version": VERSION, "Statement": [_statement(scope, block) for block in blocks]}


def condition_of(on: On, passed_to: str) -> dict[str, str]:
    """Return the condition keys that a row demands, with their values."""
    if on == "metrics":
        return {"cloudwatch:namespace": NAMESPACE}
    return {"iam:PassedToService": passed_to} if passed_to else {}


def _statement(scope: Scope, block: Block) -> dict[str, Any]:
    arns = dict.fromkeys(arn for kind in block.kinds for arn in scope.arns(kind))
    statement: dict[str, Any] = {"Effect": "Allow", "Action": list(block.actions), "Resource": list(arns)}
    condition = condition_of(block.kinds[0], block.passed_to)
    return {**statement, "Condition": {"StringEquals": condition}} if condition else statement


def managed_policies(document: dict[str, Any], limit: int = MANAGED_POLICY) -> list[dict[str, Any]]:
    """Split the statements into documents that each fit into a customer managed policy."""
    parts: list[dict[str, Any]] = [{"Version": VERSION, "Statement": []}]
    for statement in document["Statement"]:
        longer = {"Version": VERSION, "Statement": [*parts[-1]["Statement"], statement]}
        if len(compact(longer)) <= limit or not parts[-1]["Statement"]:
            parts[-1] = longer
        else:
            parts.append({"Version": VERSION, "Statement": [statement]})
    return parts
