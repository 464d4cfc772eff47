"""The port of an operator's permissions: what an account must allow whoever runs l3kit, by operation."""

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
]
VERBS: tuple[Verb, ...] = get_args(Verb)
"""Operations of l3kit, in the order of a twin's life."""


@dataclass(frozen=True, slots=True)
class PolicyScope:
    """The resources that a policy covers: one twin's in an account and region, each of which may be `*` for any.

    `from_table`: the table that `load` is to copy; empty if there is none.
    """

    twin: str
    account: str = "*"
    region: str = "*"
    from_table: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """Permissions in the cloud's own form.

    Attributes:
        document: all of them.
        parts: the same in documents that each keep to the shortest limit of the cloud.
        note: the limit that `document` exceeds, in words; empty if there is none.
    """

    document: Any
    parts: Sequence[Any]
    note: str = ""


class OperatorPermissions(Protocol):
    """The permissions of one cloud's operators, which `parts` of its `Provider` names."""

    def table(self, verbs: Collection[Verb] = VERBS) -> str:
        """Return what these operations need, as a Markdown table."""

    def policy(self, scope: PolicyScope, verbs: Collection[Verb] = VERBS) -> Policy:
        """Return what these operations need on the scope's resources."""


def operator_permissions(cloud: str) -> OperatorPermissions:
    """Return a cloud's. Raises: ConfigurationError if l3kit does not know them."""
    return cast("OperatorPermissions", part(cloud, "permissions"))
