"""Pub/Sub: a push subscription for each route, redelivery, and the letters of a dead-letter topic."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol

from l3kit.sandbox.faults.messages import MessageFaults
from l3kit.sandbox.gcp.account import PROJECT
from l3kit.sandbox.messages.message import Message, RefusedMessageError
from l3kit.sandbox.messages.routes import Route, Routes
from l3kit.sandbox.tasks import Tasks
from l3kit.tiering.format.topics import device_in

MAX_PAYLOAD_BYTES = 10_000_000
"""Maximum size of a message (Pub/Sub quotas)."""
MAX_ATTEMPTS = 5
"""Attempts before a message goes to the dead-letter topic; Pub/Sub's minimum."""
FIRST_SECONDS, MAX_SECONDS = 0.2, 5.0
"""First and longest wait before a redelivery; Pub/Sub's defaults with a retry policy are 10 s and 10 minutes."""
CONCURRENT = 8
"""Maximum concurrent requests of one subscription."""
HEADERS: Mapping[str, str] = {
    "Content-Type": "application/json",
    "From": "noreply@google.com",
    "User-Agent": "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)",
}


class Endpoints(Protocol):
    """Destinations of messages and dead letters."""

    async def push(self, function: str, headers: Mapping[str, str], body: bytes) -> int:
        """Post to a function as its subscription's account. Returns: the status; 0 if there was no answer."""

    async def store(self, bucket: str, name: str, content: bytes) -> int:
        """Create an object in Cloud Storage. Returns: the status; 0 if there was no answer."""


class PushSubscriptions:
    """The subscriptions of all routes to Google Cloud.

    Args:
        note: writes a line into a function's log.
    """

    def __init__(
        self,
        routes: Routes,
        endpoints: Endpoints,
        faults: MessageFaults,
        note: Callable[[str, str], None],
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._routes = routes
        self._endpoints = endpoints
        self._faults = faults
        self._note = note
        self._sleep = sleep
        self._ids = itertools.count(1)
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._tasks = Tasks()

    @property
    def pending(self) -> int:
        return len(self._tasks)

    def check(self, message: Message) -> None:
        if len(message.payload) > MAX_PAYLOAD_BYTES and any(self._routes.taking(message.topic)):
            raise RefusedMessageError("Pub/Sub", len(message.payload), MAX_PAYLOAD_BYTES)

    def accept(self, message: Message) -> None:
        for route in self._routes.taking(message.topic):
            self._tasks.begin(self._deliver(route, message, str(next(self._ids))))

    async def close(self) -> None:
        await self._tasks.drop()

    async def _deliver(self, route: Route, message: Message, message_id: str) -> None:
        attempt = 0
        while (current := self._routes.get(route.name)) is not None:
            attempt += 1
            status = await self._attempt(current, message, message_id, attempt)
            if 200 <= status < 300 or status == 102:
                return
            if current.letters and attempt >= MAX_ATTEMPTS:
                await self._bury(current, message, message_id, status)
                return
            await self._sleep(wait_after(attempt))

    async def _attempt(self, route: Route, message: Message, message_id: str, attempt: int) -> int:
        body = envelope(route, message, message_id, attempt)
        async with self._slots.setdefault(route.name, asyncio.Semaphore(CONCURRENT)):
            what = f"pubsub push {message_id} attempt {attempt}"
            return await self._faults.deliver(
                route.function, what, lambda: self._endpoints.push(route.function, HEADERS, body), 0
            )

    async def _bury(self, route: Route, message: Message, message_id: str, status: int) -> None:
        """Store the letter like the dead-letter topic's Cloud Storage subscription (text format), with retries."""
        text = f"message {message_id} was given up after {MAX_ATTEMPTS} attempts, the last answered {status}"
        for attempt in itertools.count(1):
            name = letter_name(route.name, datetime.now(UTC))
            stored = await self._endpoints.store(route.letters, name, message.payload + b"\n")
            if stored == 200:
                self._note(route.function, f"{text}; it is in {route.letters}/{name}")
                return
            if attempt == 1:
                self._note(
                    route.function, f"{text}; the bucket {route.letters} answered {stored}, which is tried again"
                )
            await self._sleep(wait_after(attempt))


def wait_after(attempt: int) -> float:
    """Return the seconds to wait after a failed attempt, counted from 1."""
    return float(min(FIRST_SECONDS * 2 ** min(attempt - 1, 10), MAX_SECONDS))


def envelope(route: Route, message: Message, message_id: str, attempt: int) -> bytes:
    """Return the body of a push request ("Receive push messages"). The attribute `deviceId` names the device."""
    moment = message.received.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    entry = {
        "attributes": {"deviceId": device_in(message.topic), "topic": message.topic},
        "data": base64.b64encode(message.payload).decode(),
        "messageId": message_id,
        "message_id": message_id,
        "publishTime": moment,
        "publish_time": moment,
    }
    body = {"message": entry, "subscription": f"projects/{PROJECT}/subscriptions/{route.name}"}
    return json.dumps({**body, "deliveryAttempt": attempt} if route.letters else body).encode()


def letter_name(route: str, moment: datetime) -> str:
    """Return an object's name: the subscription's prefix, then time and unique id as Pub/Sub makes them."""
    return f"pubsub/{route}/{moment:%Y-%m-%dT%H:%M:%S+00:00}_{uuid.uuid4().hex[:8]}"
