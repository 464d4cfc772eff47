"""The gateway's interface for the clouds whose services it starts, each service on its own port."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import aiohttp
from aiohttp import web

from l3kit.sandbox.emulators import Emulator
from l3kit.sandbox.faults.services import CALLS, Caller, Calls, Service
from l3kit.sandbox.http_settings import MAX_BODY_BYTES, free_socket, runner_of
from l3kit.sandbox.state import Home

if TYPE_CHECKING:
    from l3kit.sandbox.faults.messages import MessageFaults
    from l3kit.sandbox.faults.plans import FaultPlans
    from l3kit.sandbox.functions.service import CloudFunctions
    from l3kit.sandbox.messages.sources import MessageSources

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class GatewayServices(Protocol):
    """One cloud's services behind the gateway's own address, which also start with their first request."""

    @property
    def cloud(self) -> str:
        """Return the cloud's name."""

    @property
    def facts(self) -> Mapping[str, str]:
        """Return facts to show besides the address, such as the region."""

    @property
    def emulators(self) -> tuple[Emulator, ...]:
        """Return the running emulators."""

    @property
    def serves(self) -> bool:
        """Return whether any of them runs."""

    async def start(self) -> None:
        """Start the services that every twin needs. Raises: SandboxError with the last lines of the log."""

    async def check(self) -> Mapping[str, str]:
        """Send a call to each running emulator. Returns: facts about the services. Raises: SandboxError."""

    def add_routes(self, app: web.Application, admin: Callable[[Handler], Handler]) -> None:
        """Add paths of its own; `admin` guards those that are calls of the sandbox."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request to any other path."""

    def service_of(self, request: web.Request) -> Service:
        """Return the service that such a request is for."""

    def caller_of(self, request: web.Request) -> Caller:
        """Return the function that sends a request, known by its credentials or user agent."""

    def kill(self, function: str, instance: str | None) -> None:
        """Kill a function's process as a crash would; all its busy ones if the instance is None."""

    async def end_idle(self) -> None:
        """End unused processes of functions."""

    async def run(self) -> None:
        """Work in the background until cancelled."""


@dataclass(frozen=True)
class ServiceHost:
    """Resources that a gateway offers to a cloud whose services it starts.

    Attributes:
        endpoint: the gateway's own address.
        session: for requests forwarded to an emulator.
        calls: session for requests to functions, each of which is sent once.
        faults: faults arranged by tests.
        message_faults: those of deliveries from a message source to a function.
        functions: deployed functions; a cloud adds its platform.
        messages: what devices have published; a cloud adds its source.
        changed: called after an emulator behind the gateway's own address has started.
        emulators: the processes that the gateway watches: it ends when one of them does.
    """

    home: Home
    endpoint: str
    session: aiohttp.ClientSession
    calls: aiohttp.ClientSession
    faults: FaultPlans
    message_faults: MessageFaults
    functions: CloudFunctions
    messages: MessageSources
    changed: Callable[[], None]
    _stack: contextlib.AsyncExitStack
    _middlewares: list[Any]
    emulators: list[Emulator] = field(default_factory=list)

    def folder(self, cloud: str) -> Path:
        """Return a cloud's own folder in the sandbox's home, created if missing; it is emptied with the sandbox."""
        made = self.home.cloud(cloud)
        made.mkdir(mode=0o700, parents=True, exist_ok=True)
        return made

    def app(self, name: str, service: Service | None = None) -> web.Application:
        """Return an application for `listen`: its requests keep the sandbox up, and faults can be arranged for them.

        Args:
            name: name of the service, in the descriptions of its calls.
            service: its own descriptions and failures; None for HTTP's.
        """
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=self._middlewares)
        form = service or Service(name)
        app[CALLS] = Calls(lambda request: form)
        return app

    async def serve(self, name: str, handle: Handler, service: Service | None = None) -> str:
        """Serve all requests by one handler, on a free port. Returns: the address."""
        app = self.app(name, service)
        app.router.add_route("*", "/{tail:.*}", handle)
        return await self.listen(app)

    async def listen(self, app: web.Application) -> str:
        """Serve an application on a free port until the gateway ends. Returns: the address."""
        runner = runner_of(app)
        await runner.setup()
        self.at_end(runner.cleanup)
        listener = free_socket()
        await web.SockSite(runner, listener).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    def keep(self, emulator: Emulator) -> Emulator:
        """Watch a started emulator, and stop it when the gateway ends."""
        self.at_end(emulator.stop)
        self.emulators.append(emulator)
        return emulator

    def at_end(self, stop: Callable[[], Awaitable[Any]]) -> None:
        """Call this function when the gateway ends; the one registered last is called first."""
        self._stack.push_async_callback(stop)
