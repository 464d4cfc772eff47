"""IoT Hub's Event Hubs endpoint: partitions, each with a reader per route that hands batches to the function app."""

from __future__ import annotations

import asyncio
import base64
import json
import zlib
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Protocol

from l3kit.sandbox.azure.trigger import Trigger
from l3kit.sandbox.faults.messages import MessageFaults
from l3kit.sandbox.functions.instance import EndedError, StartError, TooLargeError
from l3kit.sandbox.functions.runs import TimedOutError
from l3kit.sandbox.messages.message import Message, RefusedMessageError
from l3kit.sandbox.messages.routes import Route, Routes
from l3kit.tiering.format.topics import device_in

MAX_PAYLOAD_BYTES = 256 * 1024
"""Maximum size of a device-to-cloud message (IoT Hub quotas)."""
PARTITIONS = 4
"""Default of an IoT hub."""
RETRY_SECONDS = 1.0
"""Longest wait before a batch is delivered again, even if the app's retry policy requests more."""


class Apps(Protocol):
    """The function apps."""

    async def trigger(self, app: str) -> Trigger | None:
        """Return an app's trigger; None if the app does not exist, does not start or has none."""

    async def run(self, app: str, events: bytes) -> bool:
        """Call an app's trigger. Returns: whether it returned. Raises: KeyError and the errors of a run."""


@dataclass(slots=True)
class _Reader:
    """One route's reader of one partition, with the events not yet delivered, oldest first."""

    queue: deque[dict[str, Any]] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None


class EventHub:
    """The partitions of all routes to Azure.

    Args:
        note: writes a line into an app's log.
        retry_seconds: see RETRY_SECONDS.
    """

    def __init__(
        self,
        routes: Routes,
        apps: Apps,
        faults: MessageFaults,
        note: Callable[[str, str], None],
        *,
        retry_seconds: float = RETRY_SECONDS,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._routes = routes
        self._apps = apps
        self._faults = faults
        self._note = note
        self._retry_seconds = retry_seconds
        self._sleep = sleep
        self._readers: dict[tuple[str, int], _Reader] = {}
        self._sequence = [0] * PARTITIONS

    @property
    def pending(self) -> int:
        return sum(len(reader.queue) for reader in self._readers.values())

    def check(self, message: Message) -> None:
        if len(message.payload) > MAX_PAYLOAD_BYTES and any(self._routes.taking(message.topic)):
            raise RefusedMessageError("IoT Hub", len(message.payload), MAX_PAYLOAD_BYTES)

    def accept(self, message: Message) -> None:
        device = device_in(message.topic)
        partition = zlib.crc32(device.encode()) % PARTITIONS
        for route in self._routes.taking(message.topic):
            self._sequence[partition] += 1
            reader = self._readers.setdefault((route.name, partition), _Reader())
            reader.queue.append(_event(message, device, self._sequence[partition]))
            if reader.task is None or reader.task.done():
                reader.task = asyncio.create_task(self._read(route.name, partition, reader))

    async def close(self) -> None:
        tasks = [reader.task for reader in self._readers.values() if reader.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, name: str, partition: int, reader: _Reader) -> None:
        """Deliver queued events batch by batch; the next batch follows once this one is taken or given up."""
        failures = 0
        while reader.queue:
            route = self._routes.get(name)
            if route is None:  # its consumer group is gone
                reader.queue.clear()
                return
            trigger = await self._apps.trigger(route.function)
            if trigger is None:
                await self._sleep(self._retry_seconds)
                continue
            batch = [reader.queue[index] for index in range(min(len(reader.queue), trigger.batch))]
            if await self._deliver(route, partition, batch):
                failures = 0
            elif 0 <= trigger.retries <= failures:
                self._note(
                    route.function,
                    f"{len(batch)} events of partition {partition} were given up after {failures + 1} attempts",
                )
                failures = 0
            else:
                failures += 1
                await self._sleep(min(trigger.delay, self._retry_seconds))
                continue
            for _ in batch:
                reader.queue.popleft()

    async def _deliver(self, route: Route, partition: int, batch: list[dict[str, Any]]) -> bool:
        body = json.dumps(batch).encode()
        what = f"eventhub {len(batch)} events of partition {partition}"
        try:
            return await self._faults.deliver(route.function, what, lambda: self._apps.run(route.function, body), False)
        except (KeyError, StartError, EndedError, TimedOutError, TooLargeError) as error:
            self._note(route.function, f"gave no answer to a batch of events ({type(error).__name__})")
            return False


def _event(message: Message, device: str, sequence: int) -> dict[str, Any]:
    """An event with the system properties of IoT Hub ("Read device-to-cloud messages from the built-in endpoint")."""
    moment = message.received.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "body": base64.b64encode(message.payload).decode(),
        "system": {
            "iothub-connection-device-id": device,
            "iothub-connection-auth-method": '{"scope":"device","type":"sas","issuer":"iothub"}',
            "iothub-connection-auth-generation-id": "1",
            "iothub-enqueuedtime": moment,
            "iothub-message-source": "Telemetry",
            "EnqueuedTimeUtc": moment,
            "SequenceNumber": sequence,
            "Offset": sequence,
            "PartitionKey": device,
        },
    }
