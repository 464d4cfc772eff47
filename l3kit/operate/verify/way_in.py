"""Entry of the canary into layer 1: published like a device's message if possible, else by calling the dispatcher."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from l3kit.operate.time_limit import within
from l3kit.session import reached
from l3kit.tiering.format.chunks import CANARY_DEVICE
from l3kit.twin.layout import SOURCE

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin


@dataclass(frozen=True, slots=True)
class WayIn:
    """One way into layer 1.

    Attributes:
        description: the way, in words.
        direct: whether it bypasses layer 1's source of messages, which is then not checked.
        send: sends a message. Raises: L3Error.
    """

    description: str
    direct: bool
    send: Callable[[bytes], None]


def way_in_of(session: Session, twin: Twin, seconds: float) -> WayIn:
    """Return the way that this session has.

    Args:
        seconds: time limit of the dispatcher if it is called.
    """
    if not session.sandbox_endpoint:
        return _dispatcher(session, twin, seconds, "l3kit cannot publish to this account")
    if importlib.util.find_spec("paho") is None:
        return _dispatcher(session, twin, seconds, "publishing needs `pip install 'l3kit[simulate]'`")
    return WayIn("published over MQTT", False, lambda message: _publish(session, twin, message))


def _publish(session: Session, twin: Twin, message: bytes) -> None:
    from l3kit.operate.simulate.publisher import BrokerError, Publisher
    from l3kit.operate.simulate.readings import DeviceMessage
    from l3kit.sandbox.messages.client import start_broker

    broker = start_broker(session.sandbox_endpoint)
    host, _, port = broker.rpartition(":")
    messages = [DeviceMessage(CANARY_DEVICE, message)]
    done = Publisher((host, int(port))).run(twin.name, messages, 0, lambda published: None)
    if done.acknowledged == 0:
        raise BrokerError(f"MQTT broker {broker}", "did not acknowledge the message", "See logs/messages.log")


def _dispatcher(session: Session, twin: Twin, seconds: float, why: str) -> WayIn:
    def send(message: bytes) -> None:
        cloud = reached(session, twin.layout.l1, f"the {SOURCE} of {twin.name}")
        within(seconds, SOURCE, lambda: cloud.invoke(twin, SOURCE, message))

    return WayIn(f"given to the {SOURCE} directly, since {why}", True, send)
