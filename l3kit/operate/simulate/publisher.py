"""Publication of devices' messages over MQTT with QoS 1, paced and counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from l3kit.errors import L3Error
from l3kit.operate.simulate.readings import DeviceMessage
from l3kit.tiering.format.topics import TELEMETRY, device_topic

CONNECT_SECONDS = 20.0
LAST_SECONDS = 20.0
"""Maximum wait for the acknowledgements of the last messages."""
IN_FLIGHT = 100
"""Maximum unacknowledged messages."""


class BrokerError(L3Error):
    """The broker cannot be reached, or has closed the connection."""


@dataclass(frozen=True, slots=True)
class Published:
    """Counts so far.

    Attributes:
        acknowledged: messages acknowledged by the broker; the others may be lost.
    """

    published: int
    acknowledged: int


class Publisher:
    """One connection, which publishes for all devices.

    Args:
        broker: host and port.
        clock, sleep: monotonic seconds.
    """

    def __init__(
        self,
        broker: tuple[str, int],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._broker = broker
        self._clock = clock
        self._sleep = sleep
        self._published = 0
        self._acknowledged = 0
        self._connected = threading.Event()
        self._closed = threading.Event()
        self._room = threading.Semaphore(IN_FLIGHT)
        self._refusal = ""
        # One that is closed for a message would be closed for it again.
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
        self._client.max_inflight_messages_set(IN_FLIGHT)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish

    @property
    def done(self) -> Published:
        return Published(self._published, self._acknowledged)

    def run(
        self, twin_name: str, messages: Iterable[DeviceMessage], rate: float, report: Callable[[Published], None]
    ) -> Published:
        """Publish all messages. An interrupt ends it after the acknowledgements of what has been sent.

        Args:
            rate: messages per second; 0 is as fast as the broker accepts them.
            report: called after each message.
        Raises: BrokerError naming the broker and what was acknowledged before.
        """
        self._connect()
        began = self._clock()
        try:
            for message in messages:
                if rate:
                    self._pause_until(began + self._published / rate)
                self._publish(device_topic(twin_name, message.device_id, TELEMETRY), message.body)
                report(self.done)
        except KeyboardInterrupt:
            pass
        finally:
            self._finish()
        if self._closed.is_set() and self._acknowledged < self._published:
            raise self._ended()
        return self.done

    def _connect(self) -> None:
        try:
            self._client.connect(*self._broker)
        except OSError as error:
            cause = f"cannot be reached ({error.strerror or type(error).__name__})"
            raise BrokerError(self._name, cause, "Check host and port, and that the broker runs") from None
        self._client.loop_start()
        if not self._connected.wait(CONNECT_SECONDS) or self._refusal:
            self._client.loop_stop()
            cause = f"refused the connection ({self._refusal})" if self._refusal else "does not answer as MQTT does"
            raise BrokerError(self._name, cause, "Check host and port; the broker must take anonymous clients")

    def _publish(self, topic: str, body: bytes) -> None:
        while not self._room.acquire(timeout=0.5):
            self._check()
        self._check()
        self._client.publish(topic, body, qos=1)
        self._published += 1

    def _pause_until(self, due: float) -> None:
        while (left := due - self._clock()) > 0:
            self._check()
            self._sleep(min(left, 0.5))

    def _check(self) -> None:
        if self._closed.is_set():
            raise self._ended()

    def _finish(self) -> None:
        deadline = self._clock() + LAST_SECONDS
        while self._acknowledged < self._published and not self._closed.is_set() and self._clock() < deadline:
            self._sleep(0.01)
        self._client.on_disconnect = None
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def _name(self) -> str:
        return f"MQTT broker {self._broker[0]}:{self._broker[1]}"

    def _ended(self) -> BrokerError:
        done = self.done
        return BrokerError(
            self._name,
            f"closed the connection after {done.acknowledged:,} of {done.published:,} messages were acknowledged",
            "Brokers do so when a message is too large for their cloud; see logs/messages.log of a sandbox",
        )

    def _on_connect(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        self._refusal = str(reason) if reason.is_failure else ""
        self._connected.set()

    def _on_disconnect(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        self._closed.set()
        self._connected.set()

    def _on_publish(self, client: Any, data: Any, number: int, reason: Any, properties: Any) -> None:
        self._acknowledged += 1
        self._room.release()
