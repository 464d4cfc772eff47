"""The twin's events: a condition on items, and the action to run when it holds. No I/O.

An entry of config_events.json is validated when the twin is loaded and travels to the functions in DIGITAL_TWIN_INFO.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from l3kit.errors import ConfigurationError
from l3kit.tiering.format.exact_numbers import exact_dumps
from l3kit.tiering.settings.twin_info import TwinInfo
from l3kit.tiering.stream.conditions import Condition, ConditionError, Value, parse_condition
from l3kit.tiering.transfer.wire import is_loopback

CALLS = ("lambda", "function")
"""Action types that call a function; the two are synonyms."""
FEEDBACK = "feedback"
NOT_OFFERED = ("step_function", "logic_app", "workflow")
UNUSED = ("autoDeploy", "pathToCode")
"""Keys for upstream's deployment of an action's function; l3kit calls the existing function instead."""
_KEYS = ("condition", "action")
_CALL_KEYS = ("type", "functionName", "functionUrl", FEEDBACK, *UNUSED)
_FEEDBACK_KEYS = ("type", "iotDeviceId", "device_id", "payload")
_FUNCTION_NAME = re.compile(r"[A-Za-z0-9_-]{1,140}")


@dataclass(frozen=True, slots=True)
class Call:
    """A function to call: either by name, on the cloud of L2, or by url."""

    name: str = ""
    url: str = ""

    def __repr__(self) -> str:  # a url may carry a key
        return f"Call(name={self.name!r}, url={'...' if self.url else ''!r})"


@dataclass(frozen=True, slots=True)
class Reply:
    """A feedback to a device.

    Attributes:
        device_id: None for the device of the item.
        payload: any JSON value.
    """

    device_id: str | None
    payload: Any


@dataclass(frozen=True, slots=True)
class Event:
    """One entry.

    Attributes:
        entry: the entry without its comments, as passed on.
    """

    condition: Condition
    call: Call | None
    reply: Reply | None
    entry: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Match:
    """An event whose condition holds for an item, with the two values compared."""

    event: Event
    device_id: str
    left: Value
    right: Value

    def call_payload(self, item: bytes) -> bytes:
        """Return the event for the called function: the entry, its action, and the item's exact bytes."""
        entry = self.event.entry
        return orjson.dumps({"e": entry, "action": entry["action"], "event": orjson.Fragment(item)})

    def reply_payload(self) -> tuple[str, bytes]:
        """Return the device that gets the reply, and the reply: message, both values and the condition.

        Raises: ValueError if the event has no reply.
        """
        reply = self.event.reply
        if reply is None:
            raise ValueError("the event has no feedback")
        content = {
            "message": reply.payload,
            "actual_value": self.left,
            "threshold": self.right,
            "condition": self.event.condition.text,
        }
        return reply.device_id or self.device_id, exact_dumps(content)


def matches(events: Sequence[Event], item: Mapping[str, Any]) -> Iterator[Match]:
    """Yield the events whose condition holds for an item, in the order of the file.

    Args:
        item: normalised and parsed with exact numbers.
    """
    for event in events:
        if values := event.condition.compared(item):
            yield Match(event, item["iotDeviceId"], *values)


def events_of(twin: TwinInfo) -> tuple[Event, ...]:
    """Return the events of a function's twin. Raises: ConfigurationError with all problems."""
    events, problems = parse_events(twin.events, twin.devices)
    if problems:
        raise ConfigurationError("DIGITAL_TWIN_INFO", f"config_events: {'; '.join(problems)}", "Apply the twin again")
    return events


def parse_events(entries: Sequence[Any], devices: Collection[str]) -> tuple[tuple[Event, ...], tuple[str, ...]]:
    """Parse the entries of config_events.json.

    Args:
        devices: permitted receivers of a reply.
    Returns: the events, and all problems, each with the entry's index (from 0) and key.
    """
    events: list[Event] = []
    problems: list[str] = []
    for index, entry in enumerate(entries):
        found = _Problems(f"entry {index}")
        event = _event(entry, devices, found)
        problems += found.texts
        if event is not None and not found.texts:
            events.append(event)
    return tuple(events), tuple(problems)


class _Problems:
    """Collects the problems of one entry."""

    def __init__(self, where: str) -> None:
        self._where = where
        self.texts: list[str] = []

    def add(self, key: str, cause: str) -> None:
        self.texts.append(f"{self._where}: {key}: {cause}" if key else f"{self._where}: {cause}")

    def unknown(self, key: str, given: Mapping[str, Any], known: Sequence[str]) -> None:
        for name in given:
            if name not in known:
                self.add(
                    f"{key}{name}"[:100], f"is not a known key; known are {', '.join(known)}, and any that begin with _"
                )


def _event(entry: Any, devices: Collection[str], problems: _Problems) -> Event | None:
    if not isinstance(entry, dict):
        problems.add("", 'must be an object {"condition": ..., "action": ...}')
        return None
    entry = _without_comments(entry)
    try:
        json.dumps(entry, allow_nan=False)
        orjson.dumps(entry)
    except (ValueError, TypeError, RecursionError) as error:
        problems.add("", f"cannot be sent as JSON ({error})")
        return None
    problems.unknown("", entry, _KEYS)
    condition = _condition(entry.get("condition"), problems)
    action = entry.get("action")
    if not isinstance(action, dict):
        problems.add("action", 'must be an object such as {"type": "function", "functionUrl": "https://..."}')
        return None
    kind = action.get("type")
    if kind in NOT_OFFERED:
        problems.add("action.type", f"{kind} is not offered yet; have a function (type function) start it")
        return None
    if kind not in (*CALLS, FEEDBACK):
        problems.add("action.type", f"must be one of {', '.join((*CALLS, FEEDBACK))}, not {_shown(kind)}")
        return None
    if kind == FEEDBACK:
        call, reply = None, _reply("action", action, FEEDBACK, devices, problems)
    else:
        problems.unknown("action.", action, _CALL_KEYS)
        call = _call(action, problems)
        inner = action.get(FEEDBACK)
        reply = None if inner is None else _reply("action.feedback", inner, "mqtt", devices, problems)
    return Event(condition, call, reply, entry) if condition is not None else None


def _condition(text: Any, problems: _Problems) -> Condition | None:
    if not isinstance(text, str):
        problems.add("condition", "must be a text such as entity.component.temperature > DOUBLE(30)")
        return None
    try:
        return parse_condition(text)
    except ConditionError as error:
        problems.add("condition", str(error))
        return None


def _call(action: Mapping[str, Any], problems: _Problems) -> Call | None:
    name, url = action.get("functionName"), action.get("functionUrl")
    if (name is None) is (url is None):
        problems.add("action", "must have either functionName or functionUrl")
        return None
    if name is not None:
        if isinstance(name, str) and _FUNCTION_NAME.fullmatch(name):
            return Call(name=name)
        problems.add("action.functionName", "must be 1 to 140 letters, digits, - or _")
        return None
    if cause := _url_fault(url):
        problems.add("action.functionUrl", cause)
        return None
    return Call(url=str(url))


def _url_fault(url: Any) -> str | None:
    """Return the problem with a url, without showing it, since it may contain a key."""
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        return "must be a url without blanks"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "is malformed"
    if not host or parts.username is not None or parts.fragment:
        return "must name a host, and have no user name and no fragment"
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)):
        return None
    return "must begin with https:// (http:// is allowed on loopback only)"


def _reply(key: str, given: Any, kind: str, devices: Collection[str], problems: _Problems) -> Reply | None:
    if not isinstance(given, dict):
        problems.add(key, 'must be an object such as {"type": "mqtt", "iotDeviceId": ..., "payload": ...}')
        return None
    given = _without_comments(given)
    problems.unknown(f"{key}.", given, _FEEDBACK_KEYS)
    if given.get("type") != kind:
        problems.add(f"{key}.type", f"must be {kind}, not {_shown(given.get('type'))}")
    if given.get("payload") is None:
        problems.add(f"{key}.payload", "is missing: what the device is sent")
    device = given.get("iotDeviceId", given.get("device_id"))
    if device is None and key == "action":
        return Reply(None, given.get("payload"))
    if not isinstance(device, str) or device not in devices:
        problems.add(f"{key}.iotDeviceId", f"{_shown(device)} is not a device of config_iot_devices.json")
        return None
    return Reply(device, given.get("payload"))


def _without_comments(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _without_comments(value) if isinstance(value, dict) and name == "action" else value
        for name, value in entry.items()
        if not name.startswith("_")
    }


def _shown(value: Any) -> str:
    return repr(value)[:60] if isinstance(value, str | int | float | bool) or value is None else "another value"
