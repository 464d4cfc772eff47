"""Rows of the operator's permission table: actions on one kind of the twin's resources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from l3kit.clouds.ports.operator_permissions import Verb

READING: tuple[Verb, ...] = ("query", "tiers", "explain", "runs", "verify")

On = Literal[
    "hot table",
    "journal table",
    "tables",
    "source table",
    "buckets",
    "cold objects",
    "cold pauses",
    "archive objects",
    "archive holds",
    "letters objects",
    "objects",
    "functions",
    "called functions",
    "roles",
    "roles of functions",
    "scheduler's role",
    "topic rule's role",
    "log groups",
    "all log groups",
    "schedule group",
    "schedules",
    "topic rule",
    "all topic rules",
    "alarms",
    "all alarms",
    "metrics",
    "alarm topic",
    "all subscriptions",
    "queue of missed starts",
    "stores' keys",
    "oneself",
]


@dataclass(frozen=True, slots=True)
class Grant:
    """Actions on one kind of resource.

    Attributes:
        on: kind of the twin's resources.
        why: purpose.
        verbs: commands that need it.
        passed_to: service to which a role is passed.
        only: condition under which it is needed; "" if always.
    """

    on: On
    actions: tuple[str, ...]
    why: str
    verbs: tuple[Verb, ...]
    passed_to: str = ""
    only: str = ""
