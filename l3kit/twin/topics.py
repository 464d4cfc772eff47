"""MQTT topic filters of a twin's devices. No I/O."""

from __future__ import annotations

from l3kit.tiering.format.topics import FEEDBACK, TELEMETRY


def telemetry_filter(twin_name: str) -> str:
    """The topic filter of all messages of the twin's devices."""
    return f"{twin_name}/+/{TELEMETRY}"


def feedback_filter(twin_name: str) -> str:
    """The topic filter of all messages to the twin's devices."""
    return f"{twin_name}/+/{FEEDBACK}"
