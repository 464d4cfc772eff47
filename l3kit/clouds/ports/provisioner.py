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

    def foundation(self) -> Sequence[Resource]:
        """Return what a twin's resources need of the account, such as enabled services: made first, never removed."""

    def stores(self, tiers: Collection[str]) -> Sequence[Resource]:
        """Return the stores of these tiers, with the journal of the hot one.

        Args:
            tiers: some of `hot`, `cold`, `archive`, and `letters` for the dead letters.
        """

    def shared(self, functions: Sequence[str]) -> Sequence[Resource]:
        """Return what these functions have in common, such as identities with their permissions.

        It is made before the functions, and removed after them, in reverse order.
        """

    def left_over_shared(self, functions: Sequence[str]) -> Sequence[Resource]:
        """Return what may remain of functions other than these, in order of removal; never anything of `shared`."""

    def function_parts(self, function: str, pending_changes: PendingChanges) -> Sequence[Resource]:
        """Return a function with all its resources: including the address of an entrance and the dispatcher's route."""

    def schedules(self, functions: Sequence[str]) -> Sequence[Resource]:
        """Return the schedules of these functions, with the resources they need."""

    def left_over_schedules(self, functions: Sequence[str]) -> Sequence[Resource]:
        """Return schedules that may remain of functions that this cloud no longer has."""

    def left_over_addresses(self, functions: Sequence[str]) -> Sequence[Resource]:
        """Return address resources that may remain of functions that stay here but are no longer entrances."""

    def left_behind(self) -> tuple[str, ...]:
        """Return what the cloud itself keeps after everything was removed, in sentences."""

    def alarms(self) -> Sequence[Resource]:
        """Return the resources that watch the twin here; none where this cloud offers no alarms yet."""

    def left_over_alarms(self) -> Sequence[Resource]:
        """Return alarms that may remain although the twin no longer has them; never those of `alarms`."""
