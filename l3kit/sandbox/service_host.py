"""The gateway's interface for the clouds whose services it starts, each service on its own port."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import aiohttp
from aiohttp import web

from l3kit.sandbox.emulators import Emulator
from l3kit.sandbox.faults.services import SERVICE
from l3kit.sandbox.redacted_server import RedactedRunner
from l3kit.sandbox.state import Home

if TYPE_CHECKING:
    from l3kit.sandbox.faults.plans import FaultPlans

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MAX_BODY_BYTES = 1024**3
LINE_BYTES = 64 * 1024


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


@dataclass(frozen=True)
class ServiceHost:
    """Resources that a gateway offers to a cloud whose services it starts.

    Attributes:
        session: for requests forwarded to an emulator.
        faults: faults arranged by tests.
        own_services: those behind the gateway's own address.
        handlers: of services that the gateway implements and a cloud serves on its own port, by name.
        emulators: the processes that the gateway watches: it ends when one of them does.
    """

    home: Home
    session: aiohttp.ClientSession
    faults: FaultPlans
    own_services: GatewayServices
    handlers: Mapping[str, Handler]
    _stack: contextlib.AsyncExitStack
    _middlewares: list[Any]
    emulators: list[Emulator] = field(default_factory=list)

    def folder(self, cloud: str) -> Path:
        """Return a cloud's own folder in the sandbox's home, created if missing; it is emptied with the sandbox."""
        made = self.home.cloud(cloud)
        made.mkdir(mode=0o700, parents=True, exist_ok=True)
        return made

    def app(self, service: str) -> web.Application:
        """Return an application for `listen`: its requests keep the sandbox up, and faults can be arranged for them."""
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=self._middlewares)
        app[SERVICE] = service
        return app

    async def serve(self, service: str, handle: Handler) -> str:
        """Serve all requests by one handler, on a free port. Returns: the address."""
        app = self.app(service)
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
        """Call this when the gateway ends."""
        self._stack.push_async_callback(stop)


def client_session() -> aiohttp.ClientSession:
    """HTTP session for forwarded requests: no time limit, bodies not decompressed, long header lines allowed."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=512, keepalive_timeout=60),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=20),
        auto_decompress=False,
        read_bufsize=1024 * 1024,
        max_line_size=LINE_BYTES,
        max_field_size=LINE_BYTES,
    )


def runner_of(app: web.Application) -> RedactedRunner:
    """Runner with the gateway's settings: bodies not decompressed, long header lines allowed, quick shutdown."""
    return RedactedRunner(
        app,
        access_log=None,
        auto_decompress=False,
        max_line_size=LINE_BYTES,
        max_field_size=LINE_BYTES,
        shutdown_timeout=0.5,
    )


def free_socket() -> socket.socket:
    """Bind a loopback socket to a free port."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    return listener
