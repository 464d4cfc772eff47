"""The port of an operator's permissions: what an account must allow the user of l3kit, by operation."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast, get_args

from l3kit.providers import part

Verb = Literal[
    "plan",
    "apply",
    "destroy",
    "move",
    "query",
    "restore",
    "tiers",
    "explain",
    "verify",
    "end_lease",
    "pause",
    "hold",
    "erase",
    "runs",
    "letters",
    "replay_letters",
    "load",
    "logs",
    "audit",
    "alarms",
]
VERBS: tuple[Verb, ...] = get_args(Verb)
"""Operations of l3kit, in the order of a twin's life."""
DEPLOYING: tuple[Verb, ...] = ("plan", "apply", "destroy")
"""Verbs whose permissions a preflight requires."""
LOOKING: tuple[Verb, ...] = (*DEPLOYING, "verify")
LETTERS: tuple[Verb, ...] = ("letters", "replay_letters")


@dataclass(frozen=True, slots=True)
class PolicyScope:
    """The resources that a policy covers: one twin's in an account and region, each of which may be `*` for any.

    Attributes:
        from_table: the table that `load` copies; empty if there is none.
        calls: deployed names of the functions that the twin's events call.
    """

    twin: str
    account: str = "*"
    region: str = "*"
    from_table: str = ""
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """Permissions in the cloud's own form.

    Attributes:
        document: all of them.
        parts: the same in documents that each fit the cloud's smallest limit.
        note: the limit that `document` exceeds, in words; empty if there is none.
    """

    document: Any
    parts: Sequence[Any]
    note: str = ""


class OperatorPermissions(Protocol):
    """The permissions of one cloud's operators, named by `parts` of its `Provider`."""

    def table(self, verbs: Collection[Verb] = VERBS) -> str:
        """Return the permissions that these operations need, as a Markdown table."""

    def policy(self, scope: PolicyScope, verbs: Collection[Verb] = VERBS) -> Policy:
        """Return the permissions that these operations need on the scope's resources."""


def operator_permissions(cloud: str) -> OperatorPermissions:
    """Return a cloud's permissions. Raises: ConfigurationError if l3kit does not know them."""
    return cast("OperatorPermissions", part(cloud, "permissions"))
