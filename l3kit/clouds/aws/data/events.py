"""Events of Lambda functions of the message chain: those of an IoT rule, and those of one function for another."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Any

import orjson

from l3kit.tiering.format.topics import device_in
from l3kit.tiering.stream.ports import Delivery

EVENT = "l3kit_event"
"""The only member of an event between two functions: the JSON as a text.

Lambda's runtime reads the event of a Python function with `json.loads`, which would round numbers.
"""
_RULE_MEMBERS = frozenset({"payload", "topic", "client", "received"})


def wrapped(event: bytes) -> bytes:
    """Wrap JSON so that Lambda's runtime passes it on byte for byte."""
    return orjson.dumps({EVENT: event.decode()})


def unwrapped(event: Any) -> bytes:
    """Return an event's JSON: from another function byte for byte, from any other caller as parsed by the runtime."""
    text = event[EVENT] if isinstance(event, dict) and event.keys() == {EVENT} else None
    if isinstance(text, str):
        return text.encode("utf-8", "surrogatepass")
    return json.dumps(event, separators=(",", ":")).encode()  # unlike orjson it takes whole numbers of any size


def delivery_of(event: Any) -> Delivery | None:
    """Return the message in an event of the twin's IoT rule; None for an event of any other form.

    The rule's statement is `SELECT encode(*, 'base64') AS payload, topic() AS topic, clientid() AS client, timestamp()
    AS received`; `received` is in milliseconds.
    """
    if not isinstance(event, dict) or not {"payload", "topic"} <= event.keys() <= _RULE_MEMBERS:
        return None
    payload, topic = event["payload"], event["topic"]
    if not isinstance(payload, str) or not isinstance(topic, str):
        return None
    try:
        body = base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        return None
    return Delivery(body, device_in(topic) or None, _moment(event.get("received")))


def _moment(milliseconds: object) -> datetime | None:
    if type(milliseconds) not in (int, float):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)  # type: ignore[operator]
    except (ValueError, OverflowError, OSError):
        return None
