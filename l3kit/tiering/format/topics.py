"""MQTT topics of a twin's devices: `TWIN/DEVICE/telemetry` and `TWIN/DEVICE/feedback`. No I/O."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

TELEMETRY, FEEDBACK = "telemetry", "feedback"
_ENCODED = re.compile(r"[%/+#\x00-\x1f\x7f]")


def device_topic(twin_name: str, device_id: str, kind: str) -> str:
    """Return a device's topic; characters of its id that a topic level cannot contain are percent-encoded."""
    return f"{twin_name}/{_ENCODED.sub(lambda found: quote(found[0], safe=''), device_id)}/{kind}"


def device_in(topic: str) -> str:
    """Return the device id in a topic of a device; "" if the topic has one level."""
    return unquote([*topic.split("/", 2), ""][1])
