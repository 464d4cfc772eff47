"""Messages of SNS: to loopback by HTTP, and for every other address into a file of the sandbox's inbox."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import aiohttp

from l3kit.files import private
from l3kit.sandbox.tasks import Tasks
from l3kit.twin.notify import is_for_this_machine

DELIVERY_SECONDS = 15.0
"""Seconds within which a subscriber must answer (SNS developer guide)."""
TRIES, TRY_SECONDS = 3, 1.0


class Notifications:
    """Sends messages in the background. A sandbox reaches nothing but loopback.

    Args:
        inbox: folder with a file for each address that a sandbox does not reach, one message per line.
    """

    def __init__(self, session: aiohttp.ClientSession, inbox: Path) -> None:
        self._session = session
        self._inbox = inbox
        self._tasks = Tasks()

    def send(self, address: str, message: Mapping[str, str]) -> None:
        """Begin a delivery."""
        self._tasks.begin(self._deliver(address, json.dumps(message)))

    async def close(self) -> None:
        """Drop what is not delivered yet: the sandbox ends."""
        await self._tasks.drop()

    async def _deliver(self, address: str, body: str) -> None:
        if not is_for_this_machine(address):
            self._keep(address, body)
            return
        for attempt in range(TRIES):
            await asyncio.sleep(attempt * TRY_SECONDS)
            if await self._post(address, body):
                return
        print("a notification to a loopback address was not taken", flush=True)  # its path may hold a key

    async def _post(self, address: str, body: str) -> bool:
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "x-amz-sns-message-type": str(json.loads(body)["Type"]),
            "User-Agent": "Amazon Simple Notification Service Agent",
        }
        limit = aiohttp.ClientTimeout(total=DELIVERY_SECONDS)
        try:
            async with self._session.post(address, data=body.encode(), headers=headers, timeout=limit) as answer:
                return answer.status < 300
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False

    def _keep(self, address: str, body: str) -> None:
        self._inbox.mkdir(parents=True, exist_ok=True)
        file = self._inbox / f"{quote(address, safe='@+-_.')[:200]}.jsonl"
        with open(file, "a", encoding="utf-8", opener=private) as kept:
            kept.write(f"{body}\n")
