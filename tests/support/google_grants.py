"""A judge of Google Cloud's identities by the table of grants, from which one piece can be taken away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from l3kit.clouds.gcp.control.function_grants import PERMISSIONS, PROVIDER, Grant, grants_of, held
from l3kit.clouds.gcp.names import GcpNames
from l3kit.sandbox.gcp.account import PROJECT, REGION, service
from l3kit.sandbox.gcp.control.conditions import Resource, holds
from l3kit.sandbox.gcp.invokers import INVOKE
from l3kit.twin.layout import Layout

NAMES = GcpNames("twin", PROJECT, REGION)
MAKER = "maker@l3kit-sandbox.example"
"""An account that may do everything."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One permission of a function at one place.

    Attributes:
        on: a grant of the table, with one prefix at most; or the name of a function that it may call.
    """

    function: str
    permission: str
    on: Grant | str

    def __str__(self) -> str:
        where = self.on if isinstance(self.on, str) else "-".join((self.on.on, *self.on.only))
        return f"{self.function}-{self.permission}-{where}"

    def covers(self, resource: str) -> bool:
        """Return whether it holds on a resource, under the condition that apply writes."""
        if isinstance(self.on, str):
            return resource == service(NAMES.function(self.on))
        if self.on.on != "database" and not f"{resource}/".startswith(f"projects/_/buckets/{NAMES.store(self.on.on)}/"):
            return False
        condition = held(self.on, NAMES).condition
        return not condition or holds(condition, Resource(resource, "", ""), 0.0)


def pieces_of(function: str, layout: Layout) -> Iterator[Piece]:
    """Yield what a function may do."""
    for grant in grants_of(function, layout):
        for permission in PERMISSIONS[grant.purpose]:
            for only in grant.only or ("",):
                yield Piece(function, permission, replace(grant, only=(only,) if only else ()))
    for called in layout.peers_of(function):
        yield Piece(function, INVOKE, called)


@dataclass
class Table:
    """`Judge` of the functions of a layout.

    Attributes:
        without: what is taken away.
        used: what was needed.
        refused: what was asked for in vain, by email and permission.
    """

    layout: Layout
    without: Piece | None = None
    used: set[Piece] = field(default_factory=set)
    refused: set[tuple[str, str]] = field(default_factory=set)

    def refusal(self, email: str | None, permission: str, resource: str) -> str | None:
        if email == MAKER:
            return None
        for function in self.layout.functions_on(PROVIDER) if email is not None else ():
            if email == NAMES.email(function):
                for piece in pieces_of(function, self.layout):
                    if piece.permission == permission and piece != self.without and piece.covers(resource):
                        self.used.add(piece)
                        return None
        if email is not None:
            self.refused.add((email, permission))
        return f"{email} lacks {permission} on {resource}"
