"""The port through which a sandbox runs a cloud, found by the `sandbox` of its `Provider`."""

from __future__ import annotations

import importlib
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from l3kit.errors import SandboxError
from l3kit.providers import names, provider
from l3kit.sandbox.state import Home, read_state

if TYPE_CHECKING:
    from pathlib import Path

    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.clouds.ports.function_host import Deployed, Timer
    from l3kit.sandbox.service_host import GatewayServices, ServiceHost
    from l3kit.sandbox.state import SandboxState

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Fireable:
    """A schedule that can be triggered by hand.

    Attributes:
        name: name of the schedule, or of the function that it starts.
        options: the options of `l3kit sandbox fire` that select it besides its name.
    """

    cloud: str
    name: str
    options: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.options}".rstrip()


@dataclass(frozen=True, slots=True)
class ScheduleFiring:
    """Result of a manually triggered schedule.

    Attributes:
        event: JSON text that the function received.
        payload: JSON text that it returned.
        function_error: the platform's type of the error; None if the handler returned.
        log_tail: last 4 KB of the invocation's log.
    """

    schedule: str
    group: str
    function: str
    event: str
    payload: str
    function_error: str | None
    request_id: str
    log_tail: str

    def result(self) -> Any:
        return json.loads(self.payload)


class FireSchedule(Protocol):
    """Trigger of a schedule that is separate from the function it starts."""

    def __call__(
        self, state: SandboxState, name: str, group: str, time: str | None, remedy: Callable[[], str], /
    ) -> ScheduleFiring:
        """Invoke a schedule's target with its input and wait for the result.

        Args:
            time: ISO 8601, when it was due; None is now.
            remedy: returns the remedy for a schedule that does not exist.
        Raises: SandboxError if the schedule is missing, disabled or has no function.
        """


class ScheduledFunctions(Protocol):
    """Functions with schedules that can be fired by hand."""

    def list(self) -> Sequence[Deployed]:
        """Return all functions of this cloud, by name. Raises: ProvisioningError."""

    def timers(self, name: str) -> Mapping[str, Timer]:
        """Return the schedules that start a function, by name; empty if it has none or is not deployed."""

    def fire(self, name: str, schedule: str, time: str | None = None) -> dict[str, Any]:
        """Run the target of this schedule, and wait for its end.

        Args:
            time: ISO 8601, when it was due; None is now.
        Returns: `status`, `body` and `log_tail`. Raises: L3Error.
        """


def no_install(progress: Progress) -> None:
    """Install nothing: the cloud's services need no packages."""


def no_variables(endpoints: Mapping[str, str]) -> Mapping[str, str]:
    """Return no variables: the cloud's functions have only their own settings."""
    return {}


@dataclass(frozen=True, slots=True)
class SandboxCloud:
    """One cloud in a sandbox.

    Attributes:
        services: what `start` starts, in words.
        start: starts its services in the gateway, and adds its platform of functions and its message source. Returns:
            the services' addresses, by names that no other cloud uses. Raises: SandboxError naming the service that did
            not start. None if it has no services but its own ones.
        open: opens the cloud in a sandbox that has started it.
        install: installs what the services need, before they are started, and reports steps that take long.
        function_variables: what the platform adds to its functions' settings, by the addresses of all
            services.
        functions: its functions, if their schedules can be fired by hand.
        own_services: makes its services behind the gateway's own address, which only one cloud can have.
        schedules: returns its schedules, if they are separate from its functions and can be fired by hand.
        fire_schedule: fires one of them.
    """

    services: str
    start: Callable[[ServiceHost], Awaitable[Mapping[str, str]]] | None
    open: Callable[[SandboxState], Cloud]
    install: Callable[[Progress], object] = no_install
    function_variables: Callable[[Mapping[str, str]], Mapping[str, str]] = no_variables
    functions: Callable[[SandboxState], ScheduledFunctions] | None = None
    own_services: Callable[[ServiceHost], GatewayServices] | None = None
    schedules: Callable[[SandboxState], Sequence[Fireable]] | None = None
    fire_schedule: FireSchedule | None = None


def sandbox_cloud(name: str) -> SandboxCloud:
    """Return a cloud's sandbox part. Raises: SandboxError if it has none; ConfigurationError if it is unknown."""
    cloud = provider(name)
    if not cloud.sandbox:
        raise SandboxError(f"sandbox: {name}", f"{cloud.title} cannot be run in a sandbox", "Use its real account")
    module, _, attribute = cloud.sandbox.partition(":")
    found = getattr(importlib.import_module(module), attribute)
    if not isinstance(found, SandboxCloud):
        raise SandboxError(f"sandbox: {name}", f"{cloud.sandbox} is not a SandboxCloud", "Report it to its author")
    return found


def gateway_cloud() -> str:
    """Return the cloud behind the gateway's own address, the default one: the first that has services there."""
    return next(name for name in names() if provider(name).sandbox and sandbox_cloud(name).own_services is not None)


def open_clouds(state: SandboxState, names: Iterable[str]) -> dict[str, Cloud]:
    """Open these clouds of a sandbox that has started them; other clouds are not even imported."""
    return {name: sandbox_cloud(name).open(state) for name in dict.fromkeys(names)}


def open_if_started(home: Path, name: str) -> Cloud | None:
    """Open a cloud in the sandbox of this home; None if it is not started there."""
    state = read_state(Home(home))
    return sandbox_cloud(name).open(state) if state is not None and name in state.clouds else None


def scheduled_functions(state: SandboxState) -> dict[str, ScheduledFunctions]:
    """Return the functions that can be fired by hand, by cloud."""
    parts = {name: sandbox_cloud(name) for name in state.clouds}
    return {name: part.functions(state) for name, part in parts.items() if part.functions is not None}


def fireable(state: SandboxState) -> list[Fireable]:
    """Return the schedules that can be triggered, by cloud and name. Raises: SandboxError; ProvisioningError."""
    found: list[Fireable] = []
    for cloud in state.clouds:
        if list_schedules := sandbox_cloud(cloud).schedules:
            found += list_schedules(state)
    for cloud, host in scheduled_functions(state).items():
        timed = (function.name for function in host.list() if host.timers(function.name))
        found += [Fireable(cloud, name, f"--cloud {cloud}") for name in timed]
    return found
