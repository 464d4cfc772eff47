"""How a cloud makes a twin's resources."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from l3kit.clouds.ports.resources import Resource

Coming = Callable[[], tuple[str, ...]]
"""What an earlier step of the same plan will change at a function, in words."""


class Provisioner(Protocol):
    """How one cloud makes what a twin wants there."""

    provider: str

    def preflight(self) -> tuple[str, ...]:
        """Notes on what could not be checked. Raises: PermissionMissingError where something is not allowed."""

    def stores(self, tiers: Collection[str]) -> Sequence[Resource]:
        """The stores of these tiers; with the hot one its journal."""

    def function_parts(self, function: str, coming: Coming) -> Sequence[Resource]:
        """A function with all that belongs to it, a receiver's address included."""

    def schedules(self, movers: Sequence[str]) -> Sequence[Resource]:
        """What starts these movers, with all it needs."""

    def left_over_schedules(self, movers: Sequence[str]) -> Sequence[Resource]:
        """What may still start movers that this cloud no longer has."""
