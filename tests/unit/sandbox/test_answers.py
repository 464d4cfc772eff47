"""What answers of the sandbox have in common."""

from __future__ import annotations

import asyncio

import aiohttp
from aiohttp import web

from l3kit.sandbox.answers import own_address


def test_links_have_the_address_of_the_server_whatever_the_host_header_says() -> None:
    async def serve(request: web.BaseRequest) -> web.Response:
        assert isinstance(request, web.Request)
        return web.Response(text=own_address(request))

    async def steps() -> tuple[str, str]:
        app = web.Application()
        app.router.add_get("/", serve)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession() as session, session.get(url, headers={"Host": "s3cr3t"}) as answer:
            found = await answer.text()
        await runner.cleanup()
        return url, found

    url, found = asyncio.run(steps())
    assert found == url
