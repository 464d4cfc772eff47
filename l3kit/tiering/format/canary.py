"""The canary: the message that `verify` sends down the tiers, and its trace of the functions that it passed. No I/O.

It is an item of the reserved device CANARY_DEVICE with two more members: `canary`, which identifies it, and
`trace`, to which each function of the message chain adds itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from l3kit.tiering.format.chunks import CANARY_DEVICE

TOKEN, TRACE = b"canary", b"trace"
MAX_TRACE_BYTES = 4096
"""More than twice the size written by six functions with some repeated deliveries."""
_TOKEN = re.compile(rb'"[0-9a-f]{32}"')


@dataclass(frozen=True, slots=True)
class Stop:
    """One function of the chain, and the cloud that it runs on."""

    function: str
    cloud: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """A place where a canary was, and the time (UTC) by that place's clock."""

    place: str
    cloud: str
    at: datetime


def canary_message(token: str, time: str) -> bytes:
    """Make a canary without sightings.

    Args:
        token: 32 hex digits.
        time: in the twin's canonical form.
    """
    return orjson.dumps({"iotDeviceId": CANARY_DEVICE, "id": time, "canary": token, "trace": []})


def canary_fault(parts: Mapping[bytes, bytes]) -> str | None:
    """Return why the members of a message are not a canary's; None if they are.

    So only canaries get into the tiers under the reserved name.

    Args:
        parts: without the device.
    """
    if parts.keys() != {b"id", TOKEN, TRACE} or not _TOKEN.fullmatch(parts[TOKEN]):
        return "does not have the members of a canary"
    if len(parts[TRACE]) > MAX_TRACE_BYTES:
        return f"has a trace of more than {MAX_TRACE_BYTES:,} bytes"
    return None if _sightings(parts[TRACE]) is not None else "has no trace"


def traced(trace: bytes, stop: Stop, now: datetime) -> bytes:
    """Add a sighting to a trace that `canary_fault` accepts."""
    at = now.astimezone(UTC).isoformat(timespec="microseconds")
    return orjson.dumps([*orjson.loads(trace), {"function": stop.function, "cloud": stop.cloud, "at": at}])


def token_of(message: bytes) -> str | None:
    """The token of a canary; None for any other message."""
    members = _members(message)
    token = members.get("canary")
    return token if members.get("iotDeviceId") == CANARY_DEVICE and isinstance(token, str) else None


def time_of(message: bytes) -> str:
    """A canary's time; empty if there is none."""
    return str(_members(message).get("id", ""))


def sightings_of(message: bytes) -> tuple[Sighting, ...]:
    """A canary's trace, in order; empty if there is none that can be read."""
    trace = _members(message).get("trace")
    return _sightings(orjson.dumps(trace)) or ()


def _members(message: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(message)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _sightings(trace: bytes) -> tuple[Sighting, ...] | None:
    try:
        parsed = orjson.loads(trace)
        entries = [(one["function"], one["cloud"], datetime.fromisoformat(one["at"])) for one in parsed]
    except (ValueError, KeyError, TypeError):
        return None
    named = all(isinstance(function, str) and isinstance(cloud, str) for function, cloud, _ in entries)
    if not isinstance(parsed, list) or not named or not all(at.tzinfo for _, _, at in entries):
        return None
    return tuple(Sighting(*entry) for entry in entries)
