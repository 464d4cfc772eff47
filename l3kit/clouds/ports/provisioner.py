"""The port for a cloud's resources of a twin."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from l3kit.clouds.ports.resources import Resource

PendingChanges = Callable[[], tuple[str, ...]]
"""Pending changes to a function by an earlier step of the same plan, in words."""


class Provisioner(Protocol):
    """Desired resources of a twin on one cloud."""

    provider: str

    def preflight(self) -> tuple[str, ...]:
        """Check permissions. Returns: notes on what could not be checked. Raises: PermissionMissingError."""

    def stores(self, tiers: Collection[str]) -> Sequence[Resource]:
        """Return the stores of these tiers, with the journal of the hot one.

        Args:
            tiers: some of `hot`, `cold`, `archive`, and `letters` for the dead letters.
        """

    def function_parts(self, function: str, pending_changes: PendingChanges) -> Sequence[Resource]:
        """Return a function with all its resources: including the address of an entrance and the dispatcher's route."""

    def schedules(self, functions: Sequence[str]) -> Sequence[Resource]:
        """Return the schedules of these functions, with the resources they need."""

    def left_over_schedules(self, functions: Sequence[str]) -> Sequence[Resource]:
        """Return schedules that may remain of functions that this cloud no longer has."""

    def left_over_addresses(self, functions: Sequence[str]) -> Sequence[Resource]:
        """Return address resources that may remain of functions that stay here but are no longer entrances."""

    def alarms(self) -> Sequence[Resource]:
        """Return the resources that watch the twin here; none where this cloud offers no alarms yet."""

    def left_over_alarms(self) -> Sequence[Resource]:
        """Return alarms that may remain although the twin no longer has them; never those of `alarms`."""
