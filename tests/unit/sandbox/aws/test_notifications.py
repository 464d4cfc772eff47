"""Messages of SNS: to loopback by HTTP, all others into the inbox."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
from aiohttp import web

from l3kit.sandbox.aws.notifications import Notifications

MESSAGE = {"Type": "Notification", "Message": "m"}


async def sent(inbox: Path, *addresses: str, statuses: tuple[int, ...] = (200,)) -> list[tuple[str, str, str]]:
    """Send to a subscriber that answers so; return what it got: type, content type, body."""
    got: list[tuple[str, str, str]] = []
    answers = list(statuses)

    async def take(request: web.Request) -> web.Response:
        kind = request.headers["x-amz-sns-message-type"]
        got.append((kind, request.headers["Content-Type"], await request.text()))
        return web.Response(status=answers.pop(0) if len(answers) > 1 else answers[0])

    app = web.Application()
    app.router.add_post("/{tail:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    async with aiohttp.ClientSession() as session:
        notifications = Notifications(session, inbox)
        for address in addresses:
            notifications.send(address.replace("PORT", str(port)), MESSAGE)
        async with asyncio.timeout(30):
            while notifications._tasks:
                await asyncio.sleep(0.01)
        await notifications.close()
    await runner.cleanup()
    return got


def test_a_subscriber_on_loopback_gets_the_message_as_sns_sends_it(tmp_path: Path) -> None:
    ((kind, content, body),) = asyncio.run(sent(tmp_path / "inbox", "http://127.0.0.1:PORT/hook"))
    assert (kind, content, json.loads(body)) == ("Notification", "text/plain; charset=UTF-8", MESSAGE)
    assert not (tmp_path / "inbox").exists()


def test_a_delivery_that_is_refused_is_repeated(tmp_path: Path) -> None:
    assert len(asyncio.run(sent(tmp_path, "http://127.0.0.1:PORT/", statuses=(500, 200)))) == 2


def test_every_other_address_has_a_file_of_its_own_and_nothing_leaves_the_machine(tmp_path: Path) -> None:
    addresses = ("ops@example.com", "https://example.com/../../KEY", "a/b@example.com", "ops@example.com")
    assert asyncio.run(sent(tmp_path / "inbox", *addresses)) == []
    files = sorted((tmp_path / "inbox").iterdir())
    assert [file.name for file in files] == [
        "a%2Fb@example.com.jsonl",
        "https%3A%2F%2Fexample.com%2F..%2F..%2FKEY.jsonl",
        "ops@example.com.jsonl",
    ]
    assert [json.loads(line) for line in files[-1].read_text().splitlines()] == [MESSAGE, MESSAGE]
    assert files[-1].stat().st_mode & 0o077 == 0
