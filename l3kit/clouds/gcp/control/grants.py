"""Rows of the operator's permission table on Google Cloud: permissions of the project, and the role that holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from l3kit.clouds.ports.operator_permissions import Verb
from l3kit.twin.layout import SOURCE

if TYPE_CHECKING:
    from l3kit.twin.layout import Layout

READING: tuple[Verb, ...] = ("query", "tiers", "explain", "runs", "verify", "audit", "erase")

On = Literal[
    "project",
    "accounts",
    "invoker",
    "database",
    "buckets",
    "objects",
    "functions",
    "schedules",
    "messages",
    "alarms",
]
UNTESTED: frozenset[On] = frozenset({"invoker", "objects"})
"""Kinds whose permissions a project cannot tell: they are given on the account, or by a bucket's first policy."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Permissions on one kind of resource.

    Attributes:
        on: the kind.
        role: a predefined role that has all of them.
        why: purpose.
        verbs: commands that need them.
        only: condition under which they are needed; empty if always.
    """

    on: On
    role: str
    permissions: tuple[str, ...]
    why: str
    verbs: tuple[Verb, ...]
    only: str = ""


def kinds_of(layout: Layout, cloud: str, *, alarms: bool = False) -> frozenset[On]:
    """Return the kinds of resources that a twin has on this cloud, with alarms if it asks for them."""
    functions = layout.functions_on(cloud)
    found: set[On] = {"project", "accounts", "invoker", "functions"}
    if layout.hot == cloud:
        found.add("database")
    if cloud in (layout.cold, layout.archive) or SOURCE in functions:
        found |= {"buckets", "objects"}
    if layout.scheduled_on(cloud):
        found.add("schedules")
    if SOURCE in functions:
        found.add("messages")
    if alarms:
        found.add("alarms")
    return frozenset(found)
