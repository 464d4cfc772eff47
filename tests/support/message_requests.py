"""Requests to the receivers of messages and feedback generated from the schema, with times and devices that fit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from l3kit.tiering.format.chunks import MAX_DEVICE_ID_BYTES
from l3kit.tiering.format.messages import DEVICE_NAMES, TIME_NAMES

LENIENT = {"unknown_devices": "keep", "time_digits": 9}
"""Settings of a twin that takes every message that the schema can describe, but for its time."""
_YEAR = re.compile(r"([0-9]{4})(-?[0-9]{2}-?)([0-9]{2})(?=[Tt ])")
_SECONDS = range(1_000_000_000, 1_750_000_000)
"""From 2001 to 2025: after the default of `earliest_reading`, and before now."""


def fitting_messages(drawn: Mapping[str, Any]) -> dict[str, Any]:
    """An envelope whose devices are short enough, and whose times keep their form, but exist and are accepted."""
    payload = drawn["payload"]
    return {**drawn, "payload": [_fitting(one) for one in payload] if isinstance(payload, list) else _fitting(payload)}


def fitting_feedback(drawn: Mapping[str, Any]) -> dict[str, Any]:
    """An envelope whose device's id is short enough."""
    return {**drawn, "iot_device_id": _short(drawn["iot_device_id"])}


def accounted(envelope: Mapping[str, Any], counts: Mapping[str, int]) -> bool:
    """Whether an answer counts every message once."""
    payload = envelope["payload"]
    return sum(counts.values()) == (len(payload) if isinstance(payload, list) else 1)


def _fitting(message: Mapping[str, Any]) -> dict[str, Any]:
    device = next(name for name in DEVICE_NAMES if name in message)
    time = next(name for name in TIME_NAMES if name in message)
    return {**message, device: _short(message[device]), time: _accepted(message[time])}


def _short(device: str) -> str:
    while len(device.encode()) > MAX_DEVICE_ID_BYTES:
        device = device[: len(device) // 2]
    return device


def _accepted(time: str | int | float) -> str | int:
    """A time of the same form; a number is written without a decimal point."""
    if not isinstance(time, str):
        return int(_accepted(str(int(time))))
    if time.isdigit():
        seconds = _SECONDS[int(time[:10]) % len(_SECONDS)]
        return f"{seconds}{time[10:]}"
    return _YEAR.sub(lambda found: f"{2002 + int(found[1]) % 20}{found[2]}{min(int(found[3]), 28):02d}", time)
