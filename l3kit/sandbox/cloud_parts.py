"""Azure's and Google Cloud's services in the gateway, each started on first use and on a port of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from l3kit.sandbox import node_install
from l3kit.sandbox.emulator_accounts import COSMOS_KEY, STORAGE_ACCOUNT, STORAGE_KEY
from l3kit.sandbox.emulators import Emulator, start_azurite, start_cosmos
from l3kit.sandbox.faults.services import SERVICE
from l3kit.sandbox.redacted_server import RedactedRunner
from l3kit.sandbox.state import Home
from l3kit.sandbox.upstream import Upstream

if TYPE_CHECKING:
    from l3kit.sandbox.faults.plans import FaultPlans

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MAX_BODY_BYTES = 1024**3
LINE_BYTES = 64 * 1024
COSMOS, BLOB, STORAGE, FIRESTORE = "cosmos", "blob", "storage", "firestore"


class CloudParts:
    """The running services of Azure and Google Cloud.

    Args:
        stack: closed when the gateway stops.
        middlewares: applied to every request, as on the gateway's own port.
    """

    def __init__(
        self,
        home: Home,
        session: aiohttp.ClientSession,
        stack: contextlib.AsyncExitStack,
        middlewares: list[Any],
        faults: FaultPlans,
    ) -> None:
        self._home = home
        self._session = session
        self._stack = stack
        self._middlewares = middlewares
        self._faults = faults
        self._lock = asyncio.Lock()
        self.endpoints: dict[str, str] = {}
        self.emulators: list[Emulator] = []

    async def start(self, cloud: str) -> None:
        """Start a cloud's services if they are not running. Raises: SandboxError naming the one that did not start."""
        async with self._lock:
            if cloud == "azure" and COSMOS not in self.endpoints:
                await self._start_azure()
            elif cloud == "gcp" and STORAGE not in self.endpoints:
                await self._start_gcp()

    async def _start_azure(self) -> None:
        from l3kit.sandbox.azure.cosmos import CosmosLayer

        node, folder = await asyncio.to_thread(node_install.ready, node_install.AZURE_FILES)
        modules = str(folder)
        started = await asyncio.gather(
            start_azurite(self._home, node.binary, modules),
            start_cosmos(self._home, node.binary, modules),
            return_exceptions=True,
        )
        emulators = [one for one in started if isinstance(one, Emulator)]
        for one in started:
            if isinstance(one, BaseException):
                await asyncio.gather(*(emulator.stop() for emulator in emulators))
                raise one
        for emulator in emulators:
            self._stack.push_async_callback(emulator.stop)
        azurite, cosmos = emulators
        self.emulators += [azurite, cosmos]
        blob = await self._serve(BLOB, Upstream(self._session, azurite.info.port).forward)
        self.endpoints[BLOB] = f"{blob}/{STORAGE_ACCOUNT}"
        self.endpoints[COSMOS] = await self._serve(
            COSMOS, CosmosLayer(Upstream(self._session, cosmos.info.port)).handle
        )

    async def _start_gcp(self) -> None:
        from l3kit.sandbox.gcp.firestore import FirestoreServer
        from l3kit.sandbox.gcp.firestore_faults import FirestoreFaults
        from l3kit.sandbox.gcp.storage.server import GcsServer

        storage = self._app(STORAGE)
        GcsServer(self._home.root / "gcs").add_routes(storage)
        firestore = FirestoreServer(intercept=FirestoreFaults(self._faults))
        port = await firestore.start()
        self._stack.push_async_callback(firestore.stop)
        self.endpoints[FIRESTORE] = f"127.0.0.1:{port}"
        self.endpoints[STORAGE] = await self._listen(storage)

    def _app(self, service: str) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=self._middlewares)
        app[SERVICE] = service
        return app

    async def _serve(self, service: str, handle: Handler) -> str:
        app = self._app(service)
        app.router.add_route("*", "/{tail:.*}", handle)
        return await self._listen(app)

    async def _listen(self, app: web.Application) -> str:
        runner = runner_of(app)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        listener = free_socket()
        await web.SockSite(runner, listener).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    def environment(self, cloud: str) -> Mapping[str, str]:
        """Environment variables with the emulators' addresses, added to the settings of that cloud's functions."""
        if cloud == "azure":
            blob, cosmos = self.endpoints[BLOB], self.endpoints[COSMOS]
            return {
                "STORAGE_CONNECTION_STRING": storage_connection_string(blob),
                "COSMOS_CONNECTION_STRING": f"AccountEndpoint={cosmos}/;AccountKey={COSMOS_KEY};",
            }
        return {
            "STORAGE_EMULATOR_HOST": self.endpoints[STORAGE],
            "FIRESTORE_EMULATOR_HOST": self.endpoints[FIRESTORE],
        }


def storage_connection_string(blob_endpoint: str) -> str:
    """Connection string for azure-storage-blob's `from_connection_string`."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={STORAGE_ACCOUNT};AccountKey={STORAGE_KEY};"
        f"BlobEndpoint={blob_endpoint};"
    )


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
