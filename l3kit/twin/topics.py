"""MQTT topics of a twin's devices. Pure."""

from __future__ import annotations


def telemetry_filter(twin_name: str) -> str:
    """The topic filter of all messages of the twin's devices."""
    return f"{twin_name}/+/telemetry"


def feedback_filter(twin_name: str) -> str:
    """The topic filter of all messages to the twin's devices."""
    return f"{twin_name}/+/feedback"
