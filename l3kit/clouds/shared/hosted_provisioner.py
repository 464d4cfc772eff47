"""Desired resources of a twin on a cloud whose functions are deployed by a `FunctionHost`, from sources."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from l3kit.clouds.ports.message_source import Route
from l3kit.clouds.ports.resources import Resource
from l3kit.clouds.shared.cloud_function import OTHER_TIMEOUT, BuiltFunction, CloudFunction
from l3kit.clouds.shared.cloud_route import CloudRoute
from l3kit.clouds.shared.environment import environment, own_files
from l3kit.clouds.shared.links import LinkAddress
from l3kit.errors import MissingConnectionError
from l3kit.packaging.sources import pack_sources
from l3kit.tiering.settings.function_table import TIMEOUT_VARIABLE, StoreName
from l3kit.twin.layout import CHAIN, SCHEDULED, SOURCE
from l3kit.twin.topics import telemetry_filter

if TYPE_CHECKING:
    from l3kit.clouds.ports.deployed_links import DeployedLinks
    from l3kit.clouds.ports.function_host import FunctionHost
    from l3kit.clouds.ports.message_source import MessageSource
    from l3kit.clouds.ports.provisioner import PendingChanges
    from l3kit.twin.config import Twin

MARGIN_SECONDS = 15
"""Time between a function's own deadline and the cloud's timeout."""


class Names(Protocol):
    """Names of a twin's resources on one cloud."""

    def function(self, function: str) -> str: ...

    def store(self, resource: StoreName) -> str: ...

    def route(self) -> str: ...


class HostedProvisioner(ABC):
    """The port `Provisioner`; a subclass adds the differences between clouds.

    Attributes:
        mover_timeout: seconds that a mover or the expirer may run.
        chain_timeout: seconds that a function of the message chain may run.
        keeps_undelivered: the source puts what it could not deliver into the store of the dead letters, instead of
            delivering it without end.
    """

    provider: str
    mover_timeout: int
    chain_timeout: int
    keeps_undelivered: bool

    def __init__(
        self,
        twin: Twin,
        links: DeployedLinks,
        host: FunctionHost,
        names: Names,
        messages: MessageSource,
        native_schedule: Callable[[str], str],
    ) -> None:
        self._twin = twin
        self._links = links
        self._host = host
        self._names = names
        self._messages = messages
        self._native_schedule = native_schedule

    @abstractmethod
    def stores(self, tiers: Collection[str]) -> Sequence[Resource]: ...

    @abstractmethod
    def settings(self, schedule: str) -> Mapping[str, str]:
        """Return the values of the variables that only this cloud has, for any function.

        Args:
            schedule: the function's, in this cloud's format; empty for one that has none.
        """

    def python(self) -> str:
        """Return the version of Python that functions run on, as `3.13`."""
        return f"{sys.version_info.major}.{sys.version_info.minor}"

    def memory(self, function: str) -> int:
        """Return a function's memory in MB; 0 leaves it to the cloud."""
        return 0

    def identity(self, function: str) -> str:
        """Return the name of the identity that a function runs as; empty for the cloud's default."""
        return ""

    def jobs(self, function: str, schedule: str) -> Sequence[Mapping[str, str]]:
        """Return the scheduler jobs that start a function; none if its own code has the timer."""
        return ()

    def callers(self, function: str) -> tuple[str, ...]:
        """Return who may call it, as in `Definition.callers`; none if its address grants it."""
        return ()

    def preflight(self) -> tuple[str, ...]:
        """Check that the cloud can express the schedules of its functions. Raises: ConfigurationError if it cannot."""
        for function in self._twin.layout.scheduled_on(self.provider):
            self._native_schedule(self._twin.config.schedule_of(function))
        return ()

    def foundation(self) -> Sequence[Resource]:
        """Return none: this cloud needs nothing before a twin's own resources."""
        return ()

    def shared(self, functions: Sequence[str]) -> Sequence[Resource]:
        """Return none: functions have nothing in common."""
        return ()

    def left_over_shared(self, functions: Sequence[str]) -> Sequence[Resource]:
        """Return none: functions have nothing in common."""
        return ()

    def left_behind(self) -> tuple[str, ...]:
        """Return none: this cloud keeps nothing."""
        return ()

    def function_parts(self, function: str, pending_changes: PendingChanges) -> Sequence[Resource]:
        """Return the function with its scheduler jobs, the address of its entrance, the dispatcher's route."""
        scheduled, schedule = function in SCHEDULED, self._schedule(function)
        entrance = self._twin.layout.entrance_of(function)
        parts: list[Resource] = [
            CloudFunction(
                self._host,
                self._names.function(function),
                self._twin.name,
                self.python(),
                self._timeout(function),
                entrance is not None,
                lambda: self._build(function, schedule),
                pending_changes,
                self.jobs(function, schedule) if scheduled else (),
                self.memory(function),
                self.identity(function),
                self.callers(function),
            )
        ]
        if entrance and entrance.target == self.provider:
            parts.append(LinkAddress(self._links, entrance.id))
        if function == SOURCE:
            parts.append(CloudRoute(self._messages, self._names.route(), self._route()))
        return parts

    def schedules(self, functions: Sequence[str]) -> Sequence[Resource]:
        """Return none: schedules belong to the functions."""
        return ()

    def left_over_schedules(self, functions: Sequence[str]) -> Sequence[Resource]:
        """Return none: schedules belong to the functions."""
        return ()

    def left_over_addresses(self, functions: Sequence[str]) -> Sequence[Resource]:
        """Return none: public access is a setting of the function."""
        return ()

    def alarms(self) -> Sequence[Resource]:
        """Return none: this cloud has no alarms yet."""
        return ()

    def left_over_alarms(self) -> Sequence[Resource]:
        """Return none: this cloud has no alarms yet."""
        return ()

    def _timeout(self, function: str) -> int:
        if function in SCHEDULED:
            return self.mover_timeout
        return self.chain_timeout if function in CHAIN else OTHER_TIMEOUT

    def _route(self) -> Route:
        letters = self._names.store("letters") if self.keeps_undelivered else ""
        return Route(self._twin.name, telemetry_filter(self._twin.name), self._names.function(SOURCE), letters)

    def _address(self, function: str) -> str:
        """Return its address for other functions. Raises: MissingConnectionError if it is not deployed yet."""
        address = self._host.address(self._names.function(function))
        if not address:
            raise MissingConnectionError(
                f"function {self._names.function(function)}", f"{function} is not deployed yet", "Run deploy_l3"
            )
        return address

    def _schedule(self, function: str) -> str:
        """Return a function's schedule; empty for one that a former layout left over, which is only looked for."""
        here = function in SCHEDULED and self._twin.layout.host_of(function) == self.provider
        return self._native_schedule(self._twin.config.schedule_of(function)) if here else ""

    def _build(self, function: str, schedule: str) -> BuiltFunction:
        more = {TIMEOUT_VARIABLE: str(self._timeout(function) - MARGIN_SECONDS), **self.settings(schedule)}
        settings, files = environment(
            self._twin, self._links, self.provider, function, self._names.store, self._address, more
        )
        files |= own_files(self._twin, function)
        return BuiltFunction(pack_sources(self.provider, function, files), settings)
