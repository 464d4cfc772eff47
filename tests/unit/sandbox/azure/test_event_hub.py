from __future__ import annotations

import asyncio
import base64
import json
from datetime import UTC, datetime

import pytest

from l3kit.sandbox.azure.event_hub import EventHub
from l3kit.sandbox.azure.trigger import Trigger
from l3kit.sandbox.faults.messages import MessageFaults
from l3kit.sandbox.functions.instance import EndedError
from l3kit.sandbox.messages.message import Message, RefusedMessageError
from l3kit.sandbox.messages.routes import Route, Routes

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Apps:
    """An app that fails its first calls, with the outcomes given."""

    def __init__(self, trigger: Trigger, *failures: bool | Exception) -> None:
        self.calls: list[list[bytes]] = []
        self.present = True
        self._trigger = trigger
        self._failures = list(failures)

    async def trigger(self, app: str) -> Trigger | None:
        return self._trigger if self.present else None

    async def run(self, app: str, events: bytes) -> bool:
        self.calls.append([base64.b64decode(event["body"]) for event in json.loads(events)])
        outcome = self._failures.pop(0) if self._failures else True
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class World:
    def __init__(self, apps: Apps) -> None:
        self.notes: list[str] = []
        self.waits: list[float] = []
        self.routes = Routes()
        self.routes.put(Route("r", "t", "t/+/telemetry", "app"))
        faults = MessageFaults(lambda caller: None, lambda function: None)
        self.hub = EventHub(
            self.routes, apps, faults, lambda name, text: self.notes.append(text), retry_seconds=1.0, sleep=self.sleep
        )

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)

    def send(self, *payloads: bytes) -> None:
        for payload in payloads:
            self.hub.accept(Message("t/d/telemetry", payload, "c", NOW))

    async def finish(self) -> None:
        async with asyncio.timeout(10):
            while self.hub.pending:
                await asyncio.sleep(0)


def test_a_device_s_messages_come_in_order_in_batches_of_the_apps_size() -> None:
    async def scene() -> None:
        apps = Apps(Trigger(3, -1, 5.0))
        world = World(apps)
        world.send(*(b"%d" % number for number in range(7)))
        await world.finish()
        assert apps.calls == [[b"0", b"1", b"2"], [b"3", b"4", b"5"], [b"6"]]

    asyncio.run(scene())


def test_a_batch_comes_again_until_the_app_takes_it() -> None:
    async def scene() -> None:
        apps = Apps(Trigger(10, -1, 5.0), False, EndedError("x"), False)
        world = World(apps)
        world.send(b"1")
        await world.finish()
        assert apps.calls == [[b"1"]] * 4
        assert world.waits == [1.0] * 3
        assert world.notes == ["gave no answer to a batch of events (EndedError)"]

    asyncio.run(scene())


def test_without_a_retry_policy_a_failed_batch_is_lost_and_told_as_on_azure() -> None:
    async def scene() -> None:
        apps = Apps(Trigger(10, 0, 0.0), False)
        world = World(apps)
        world.send(b"1")
        await world.finish()
        world.send(b"2")
        await world.finish()
        assert apps.calls == [[b"1"], [b"2"]]
        assert "were given up after 1 attempts" in world.notes[0]

    asyncio.run(scene())


def test_messages_wait_for_the_app_and_go_with_the_route() -> None:
    async def scene() -> None:
        apps = Apps(Trigger(10, -1, 0.0))
        apps.present = False
        world = World(apps)
        world.send(b"1")
        for _ in range(20):
            await asyncio.sleep(0)
        assert (apps.calls, world.hub.pending) == ([], 1)
        world.routes.delete("r")
        await world.finish()
        assert apps.calls == []

    asyncio.run(scene())


def test_a_message_over_the_hubs_limit_is_refused_unless_no_route_takes_it() -> None:
    async def scene() -> None:
        hub = World(Apps(Trigger(1, -1, 0.0))).hub
        hub.check(Message("t/d/other", b"x" * 262_145, "c", NOW))
        hub.check(Message("t/d/telemetry", b"x" * 262_144, "c", NOW))
        with pytest.raises(RefusedMessageError, match="IoT Hub takes 262,144"):
            hub.check(Message("t/d/telemetry", b"x" * 262_145, "c", NOW))

    asyncio.run(scene())
