"""The control plane over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from l3kit.sandbox.gcp.control.server import answer
from tests.support.google_plane import NAME, Google

Ask = Callable[[TestClient[web.Request, web.Application]], Awaitable[None]]


@pytest.fixture
def served(google: Google) -> Callable[[Ask], None]:
    """`served(ask)`: lets a coroutine ask a server of a control plane."""

    async def serve(ask: Ask) -> None:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await answer(request, google.plane)

        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", handle)
        async with TestClient(TestServer(app)) as client:
            await ask(client)

    return lambda ask: asyncio.run(serve(ask))


def test_the_hosts_name_begins_the_path(served: Callable[[Ask], None], google: Google) -> None:
    owner = {"Authorization": f"Bearer token-of:{google.caller}"}

    async def ask(client: TestClient[web.Request, web.Application]) -> None:
        path = f"/cloudresourcemanager.googleapis.com/v3/{NAME}"
        found = await client.get(path, headers=owner)
        assert (found.status, (await found.json())["state"]) == (200, "ACTIVE")
        assert (await client.get(path)).status == 401
        assert (await client.get("/")).status == 404
        assert (await client.get(f"/elsewhere.example/v3/{NAME}", headers=owner)).status == 404

    served(ask)


def test_an_upload_is_put_where_the_request_for_it_arrived(served: Callable[[Ask], None], google: Google) -> None:
    owner = {"Authorization": f"Bearer token-of:{google.caller}"}

    async def ask(client: TestClient[web.Request, web.Application]) -> None:
        location = f"{NAME}/locations/us-central1"
        path = f"/cloudfunctions.googleapis.com/v2/{location}/functions:generateUploadUrl"
        given = await (await client.post(path, json={}, headers=owner)).json()
        here = str(client.make_url("/storage.googleapis.com/"))
        assert given["uploadUrl"].startswith(here)
        sent = given["uploadUrl"].removeprefix(str(client.make_url("/")).rstrip("/"))
        assert (await client.put(sent, data=b"zip", headers={"Content-Type": "application/zip"})).status == 200

    served(ask)


@pytest.mark.parametrize("query", ["a=%ff", "pageSize=x", "%00=1"])
def test_a_broken_query_is_refused(served: Callable[[Ask], None], google: Google, query: str) -> None:
    owner = {"Authorization": f"Bearer token-of:{google.caller}"}

    async def ask(client: TestClient[web.Request, web.Application]) -> None:
        url = URL(f"/iam.googleapis.com/v1/{NAME}/roles?{query}", encoded=True)
        assert (await client.get(url, headers=owner)).status == 400

    served(ask)
