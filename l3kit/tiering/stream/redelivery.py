"""Messages that a replay delivers again, each with what its dead letter knows of it. No I/O.

So a message that fails again for whatever reason has a letter with the same sender and time of receipt.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from l3kit.tiering.stream.ports import Delivery

_FORM = re.compile(rb'\s*\{\s*"deliveries"\s*:')


def redelivery_event(deliveries: Sequence[Delivery], source_cloud: str) -> bytes:
    """Return the event of a call with these messages, which may be any bytes."""
    rows = [
        {
            "body": base64.b64encode(one.body).decode(),
            "device": one.device,
            "received": one.received and one.received.astimezone(UTC).isoformat(),
        }
        for one in deliveries
    ]
    return orjson.dumps({"deliveries": rows, "source_cloud": source_cloud})


def redeliveries_in(event: bytes) -> list[Delivery] | None:
    """Return the messages of such an event; None for any other event."""
    if not _FORM.match(event):
        return None
    try:
        return [_delivery(row) for row in orjson.loads(event)["deliveries"]]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None


def _delivery(row: dict[str, Any]) -> Delivery:
    device, received = row.get("device"), row.get("received")
    moment = None if received is None else datetime.fromisoformat(received).astimezone(UTC)
    if not isinstance(device, str | None):
        raise TypeError("device is no text")
    return Delivery(base64.b64decode(row["body"], validate=True), device or None, moment)
