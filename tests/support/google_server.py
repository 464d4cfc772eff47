"""Google's control plane in memory behind the sandbox's HTTP front."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from l3kit.sandbox.gcp.control.rules import Rules
from l3kit.sandbox.gcp.control.server import answer
from l3kit.sandbox.gcp.control.settings import PlaneSettings
from tests.support.google_clients import Clients
from tests.support.google_memory import OWNER, MemoryEffects, memory_plane
from tests.support.google_plane import EVERY_API, PROJECT, REGION
from tests.support.http_in_thread import served_in_thread


@contextmanager
def google_server() -> Iterator[Clients]:
    """Serve a project with all APIs until the block ends; every answer must be one that Google's definitions allow."""
    settings = PlaneSettings(enabled=EVERY_API)
    plane = memory_plane(time.time, MemoryEffects(), settings, project=PROJECT, region=REGION)
    faults: list[tuple[str, str]] = []

    async def handle(request: web.Request) -> web.Response:
        told = await answer(request, plane)
        service, _, path = request.rel_url.raw_path.removeprefix("/").partition("/")
        match = Rules.load().match(service, request.method, path)
        if match is not None and told.status < 300:
            content = json.loads(told.body) if isinstance(told.body, bytes) and told.body else None
            faults.extend((match.id, fault.description) for fault in Rules.load().answer_faults(match, content))
        return told

    with served_in_thread(handle) as address:
        yield Clients(address, PROJECT, REGION, f"token-of:{OWNER}")
    assert faults == []
