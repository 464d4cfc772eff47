"""Desired resources of a twin on a cloud whose functions are deployed by a `FunctionHost`, from sources."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from l3kit.clouds.ports.resources import Resource
from l3kit.clouds.shared.cloud_function import BuiltFunction, CloudFunction
from l3kit.clouds.shared.environment import environment
from l3kit.clouds.shared.links import LinkAddress
from l3kit.packaging.sources import pack_sources
from l3kit.tiering.settings.function_table import TIMEOUT_VARIABLE, StoreName
from l3kit.twin.layout import MOVERS

if TYPE_CHECKING:
    from l3kit.clouds.ports.deployed_links import DeployedLinks
    from l3kit.clouds.ports.function_host import FunctionHost
    from l3kit.clouds.ports.provisioner import PendingChanges
    from l3kit.twin.config import Twin

OTHER_TIMEOUT = 60
"""Seconds that a function other than a mover may run."""
MARGIN_SECONDS = 15
"""Time between a mover's own deadline and the cloud's timeout."""


class Names(Protocol):
    """Names of a twin's resources on one cloud."""

    def function(self, function: str) -> str: ...

    def store(self, resource: StoreName) -> str: ...


class HostedProvisioner(ABC):
    """The port `Provisioner`; what differs between clouds comes from a subclass.

    Attributes:
        mover_timeout: seconds that a mover may run.
    """

    provider: str
    mover_timeout: int

    def __init__(
        self,
        twin: Twin,
        links: DeployedLinks,
        host: FunctionHost,
        names: Names,
        native_schedule: Callable[[str], str],
    ) -> None:
        self._twin = twin
        self._links = links
        self._host = host
        self._names = names
        self._native_schedule = native_schedule

    @abstractmethod
    def stores(self, tiers: Collection[str]) -> Sequence[Resource]: ...

    @abstractmethod
    def settings(self, schedule: str) -> Mapping[str, str]:
        """Return the values of the variables that only this cloud has, for any function.

        Args:
            schedule: the mover's, in this cloud's format; empty for other functions.
        """

    def jobs(self, mover: str, schedule: str) -> Sequence[Mapping[str, str]]:
        """Return the scheduler jobs that start a mover; none if its own code has the timer."""
        return ()

    def preflight(self) -> tuple[str, ...]:
        """Check that the cloud can express the twin's schedule. Raises: ConfigurationError if it cannot."""
        self._native_schedule(self._twin.config.mover_schedule)
        return ()

    def function_parts(self, function: str, pending_changes: PendingChanges) -> Sequence[Resource]:
        """Return the function, which includes a mover's scheduler jobs, and the address of its entrance."""
        mover, schedule = function in MOVERS, self._schedule(function)
        entrance = self._twin.layout.entrance_of(function)
        parts: list[Resource] = [
            CloudFunction(
                self._host,
                self._names.function(function),
                self._twin.name,
                f"{sys.version_info.major}.{sys.version_info.minor}",
                self.mover_timeout if mover else OTHER_TIMEOUT,
                entrance is not None,
                lambda: self._build(function, schedule),
                pending_changes,
                self.jobs(function, schedule) if mover else (),
            )
        ]
        if entrance and entrance.target == self.provider:
            parts.append(LinkAddress(self._links, entrance.id))
        return parts

    def schedules(self, movers: Sequence[str]) -> Sequence[Resource]:
        """Return none: schedules belong to the functions."""
        return ()

    def left_over_schedules(self, movers: Sequence[str]) -> Sequence[Resource]:
        """Return none: schedules belong to the functions."""
        return ()

    def left_over_addresses(self, functions: Sequence[str]) -> Sequence[Resource]:
        """Return none: whether anybody may call a function belongs to it."""
        return ()

    def _schedule(self, function: str) -> str:
        """Return a mover's schedule; empty for one that a former layout left over, which is only looked for."""
        here = function in MOVERS and self._twin.layout.host_of(function) == self.provider
        return self._native_schedule(self._twin.config.mover_schedule) if here else ""

    def _build(self, function: str, schedule: str) -> BuiltFunction:
        more = {TIMEOUT_VARIABLE: str(self.mover_timeout - MARGIN_SECONDS), **self.settings(schedule)}
        settings, files = environment(self._twin, self._links, self.provider, function, self._names.store, more)
        return BuiltFunction(pack_sources(self.provider, function, files), settings)
