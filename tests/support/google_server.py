"""Google's control plane in memory behind a real socket, with Google's own clients for it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aiohttp import web
from google.oauth2.credentials import Credentials

from l3kit.sandbox.gcp.control.answers import ControlRequest
from l3kit.sandbox.gcp.control.memory import OWNER, MemoryEffects, memory_plane
from l3kit.sandbox.gcp.control.plane import ControlPlane
from l3kit.sandbox.gcp.control.rules import Rules
from l3kit.sandbox.gcp.control.settings import PlaneSettings
from tests.support.google_plane import EVERY_API, PROJECT, REGION
from tests.support.http_in_thread import served_in_thread

TOKEN = f"token-of:{OWNER}"
POLLS = 50


@dataclass
class GoogleServer:
    """A control plane at an address.

    Attributes:
        called: ids of the methods that were called, in order.
        faults: what Google's definitions say against its answers.
    """

    address: str
    effects: MemoryEffects
    plane: ControlPlane
    called: list[str] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)

    def host(self, api: str) -> str:
        """Return the address of an API, without a scheme."""
        return f"{self.address.partition('//')[2]}/{api}.googleapis.com"

    def discovered(self, api: str, version: str) -> Any:
        """Return google-api-python-client's client of an API."""
        from googleapiclient.discovery import build

        path = "storage/v1/" if api == "storage" else ""
        options = {"api_endpoint": f"http://{self.host(api)}/{path}"}
        return build(api, version, credentials=Credentials(TOKEN), client_options=options, static_discovery=True)

    async def answer(self, request: web.Request) -> web.Response:
        service, _, path = request.rel_url.raw_path.removeprefix("/").partition("/")
        query, body = list(request.rel_url.query.items()), await request.read()
        asked = ControlRequest(service, request.method, path, query, request.headers, body, self.address)
        told = await self.plane.handle(asked)
        match = Rules.load().match(service, request.method, path)
        if match is not None:
            self.called.append(match.id)
            if told.status < 300:
                found = Rules.load().answer_faults(match, told.json())
                self.faults += [(match.id, fault.description) for fault in found]
        return web.Response(status=told.status, headers=told.headers, body=told.body)


@contextmanager
def google_server() -> Iterator[GoogleServer]:
    """Serve a project with all APIs until the block ends; every answer must be one that Google's definitions allow."""
    settings = PlaneSettings(enabled=EVERY_API)
    effects = MemoryEffects()
    plane = memory_plane(time.time, effects, settings, project=PROJECT, region=REGION)
    server = GoogleServer("", effects, plane)
    with served_in_thread(partial(_answered, server)) as address:
        server.address = address
        yield server
    assert server.faults == []


async def _answered(server: GoogleServer, request: web.Request) -> web.Response:
    return await server.answer(request)


def ended(operations: Any, operation: Mapping[str, Any]) -> Mapping[str, Any]:
    """Look at an operation until it is done. Returns: its response."""
    for _ in range(POLLS):
        if operation.get("done"):
            assert "error" not in operation, operation
            found = operation.get("response", {})
            assert isinstance(found, dict)
            return found
        operation = operations.get(name=operation["name"]).execute()
    raise AssertionError(f"{operation} is not done")


def fresh(word: str) -> str:
    """Return a name that no other test has."""
    return f"{word}-{random.SystemRandom().randrange(16**8):08x}"
