"""A device on paho-mqtt, the client that most use."""

from __future__ import annotations

import queue
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as mqtt

SECONDS = 30.0
PAYLOADS = {
    "json": b'{"iotDeviceId": "d", "id": "2026-01-01T00:00:00Z", "value": 1.10}',
    "not json": b"temperature=7",
    "binary": bytes(range(256)),
    "empty": b"",
    "the largest of IoT Core": b"x" * 131_072,
}


@dataclass
class Device:
    """A connected client.

    Attributes:
        received: topic and payload of each message that it got.
    """

    client: mqtt.Client
    name: str
    received: queue.Queue[tuple[str, bytes]] = field(default_factory=queue.Queue)
    gone: threading.Event = field(default_factory=threading.Event)

    def publish(self, topic: str, payload: bytes, qos: int = 1) -> None:
        """Publish, and wait for the acknowledgement."""
        self.client.publish(topic, payload, qos).wait_for_publish(SECONDS)

    def subscribe(self, topic: str) -> None:
        done = threading.Event()
        self.client.on_subscribe = lambda *told: done.set()
        self.client.subscribe(topic, 1)
        assert done.wait(SECONDS)


@contextmanager
def connected(broker: tuple[str, int], name: str | None = None) -> Iterator[Device]:
    """Connect a device that does not come back when it is disconnected."""
    name = name or f"device-{uuid.uuid4().hex[:8]}"
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, name, reconnect_on_failure=False)
    device, ready = Device(client, name), threading.Event()
    client.on_connect = lambda *told: ready.set()
    client.on_disconnect = lambda *told: device.gone.set()

    def received(client: Any, data: Any, message: mqtt.MQTTMessage) -> None:
        device.received.put((message.topic, message.payload))

    client.on_message = received
    client.connect(*broker)
    client.loop_start()
    assert ready.wait(SECONDS)
    try:
        yield device
    finally:
        client.disconnect()
        client.loop_stop()
