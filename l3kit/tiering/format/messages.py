"""Device messages: normalisation to items of one canonical form, and the reasons for refusing one. No I/O.

docs/reference/items.md describes what is accepted. An item is the key, `iotDeviceId` and `id`, then every other
member in the order and with the exact value bytes of the message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import orjson

from l3kit.errors import ConfigurationError, L3Error, NotATimeError
from l3kit.tiering.format.canary import TRACE, Stop, canary_fault, traced
from l3kit.tiering.format.chunks import CANARY_DEVICE, MAX_DEVICE_ID_BYTES, is_reserved_device
from l3kit.tiering.format.item_json import PARTITION_KEY, SORT_KEY
from l3kit.tiering.format.item_members import item_members
from l3kit.tiering.format.item_times import WRITE_IT, canonical_text
from l3kit.tiering.format.strict_json import JsonFault, NotStrictError, split_array
from l3kit.tiering.settings.twin_info import DEFAULT_DIGITS, TwinInfo

DEVICE_NAMES = (PARTITION_KEY, "deviceId", "device_id")
"""Members that may name the device; the first present one is used."""
TIME_NAMES = (SORT_KEY, "time", "timestamp")
"""Members that may be the time; the first present one is used."""
MAX_MESSAGE_BYTES = 1_000_000
"""Maximum size of a message: it must fit into one call between functions (1 MiB), with its frame."""
EARLIEST = datetime(2001, 1, 1, tzinfo=UTC)
"""Default of `earliest_reading`: a clock without a battery starts in 1970, 1980 (GPS, FAT) or 2000."""
HOURS_AHEAD = 24
"""Default of `reading_hours_ahead`: more than a wrong time zone accounts for."""


class MessageProblem(StrEnum):
    """The reason why a message is not in the hot tier."""

    NOT_JSON = "not-json"
    DUPLICATE_MEMBER = "duplicate-member"
    BAD_TEXT = "bad-text"
    BAD_NUMBER = "bad-number"
    TOO_DEEP = "too-deep"
    TOO_LARGE = "too-large"
    NO_DEVICE = "no-device"
    BAD_DEVICE = "bad-device"
    RESERVED_DEVICE = "reserved-device"
    UNKNOWN_DEVICE = "unknown-device"
    NO_TIME = "no-time"
    BAD_TIME = "bad-time"
    IMPOSSIBLE_TIME = "impossible-time"
    PROCESSOR_FAILED = "processor-failed"
    REFUSED_BY_STORE = "refused-by-store"
    SUPERSEDED = "superseded"


class MessageRefusedError(L3Error):
    """A message cannot become an item; the others of its batch can.

    Attributes:
        field: the member at fault; empty if it is the message as a whole.
    """

    def __init__(self, problem: MessageProblem, field: str, cause: str, remedy: str) -> None:
        super().__init__(f"message: {field}" if field else "message", cause, remedy)
        self.problem = problem
        self.field = field


@dataclass(frozen=True, slots=True)
class MessageRules:
    """Rules by which a twin accepts messages.

    Attributes:
        devices: the ids of its devices.
        keep_unknown: whether messages of other devices are accepted too.
        time_digits: fraction digits of the canonical time.
        earliest: earliest time; None for no limit.
        ahead: how far a time may be ahead of the clock; None for no limit.
        max_bytes: maximum size of a message; None for no limit.
        stop: the function that applies the rules, which is added to a canary's trace; None leaves the trace unchanged.
    """

    devices: frozenset[str]
    keep_unknown: bool = False
    time_digits: int = DEFAULT_DIGITS
    earliest: datetime | None = EARLIEST
    ahead: timedelta | None = timedelta(hours=HOURS_AHEAD)
    max_bytes: int | None = MAX_MESSAGE_BYTES
    stop: Stop | None = None

    @classmethod
    def of(cls, twin: TwinInfo) -> MessageRules:
        """Return the rules of a twin. Raises: ConfigurationError for a malformed setting."""
        config = twin.config
        try:
            earliest = datetime.fromisoformat(canonical_text(config.get("earliest_reading", EARLIEST.isoformat()), 9))
            hours = timedelta(hours=config.get("reading_hours_ahead", HOURS_AHEAD))
            digits = int(config.get("time_digits", DEFAULT_DIGITS))
        except (NotATimeError, TypeError, ValueError, OverflowError) as error:
            raise ConfigurationError(
                "DIGITAL_TWIN_INFO", f"a setting of times is malformed ({error})", "Apply the twin again"
            ) from None
        return cls(frozenset(twin.devices), config.get("unknown_devices") == "keep", digits, earliest, hours)


@dataclass(frozen=True, slots=True)
class Telemetry:
    """An item in canonical form.

    Attributes:
        id: its time.
        json: chunk JSON with `iotDeviceId` and `id` first.
        received: when the source took its message, UTC; None if unknown.
    """

    device_id: str
    id: str
    json: bytes
    received: datetime | None = None


def normalise(message: bytes, rules: MessageRules, now: datetime, received: datetime | None = None) -> Telemetry:
    """Convert a message to an item. Idempotent, except for a canary's trace.

    Args:
        now: the clock for `rules.ahead`; it decides only whether the message is accepted.
        received: when the source took the message, passed on.
    Raises: MessageRefusedError with problem, member and remedy.
    """
    _check_size(message, rules)
    try:
        parts = item_members(message)
    except NotStrictError as error:
        raise refusal_of(error) from None
    device = _device(parts, rules)
    if device == CANARY_DEVICE and rules.stop is not None:
        parts[TRACE] = traced(parts[TRACE], rules.stop, now)
    time = _time(parts, rules, now)
    head = b'{"iotDeviceId":%b,"id":"%b"' % (orjson.dumps(device), time.encode())
    item = b"%b%b}" % (head, b"".join([b',"%b":%b' % member for member in parts.items()]))
    _check_size(item, rules)  # a longer form of the time may have made it too large to be accepted again
    return Telemetry(device, time, item, received)


def _check_size(data: bytes, rules: MessageRules) -> None:
    if rules.max_bytes is not None and len(data) > rules.max_bytes:
        cause = f"is {len(data):,} bytes; a message is at most {rules.max_bytes:,}"
        raise MessageRefusedError(MessageProblem.TOO_LARGE, "", cause, "Send fewer values in one message")


def split_payload(body: bytes) -> list[bytes]:
    """Return the exact bytes of each message of a body: one object, or an array.

    Only the array is parsed here; its elements are left to `normalise`, so that a bad one does not affect the others.
    Raises: MessageRefusedError for an array that cannot be split.
    """
    if not body.lstrip(b" \t\r\n").startswith(b"["):
        return [body]
    try:
        return split_array(body)
    except NotStrictError as error:
        raise refusal_of(error) from None


_PROBLEMS: Mapping[JsonFault, tuple[MessageProblem, str]] = {
    JsonFault.SYNTAX: (MessageProblem.NOT_JSON, "A message is one JSON object in UTF-8"),
    JsonFault.DUPLICATE: (MessageProblem.DUPLICATE_MEMBER, "Send each name once in an object"),
    JsonFault.TEXT: (MessageProblem.BAD_TEXT, "Send texts in UTF-8"),
    JsonFault.NUMBER: (MessageProblem.BAD_NUMBER, "Leave a value out that is not a finite number"),
    JsonFault.DEPTH: (MessageProblem.TOO_DEEP, "Nest less than 250 levels"),
}


def refusal_of(error: NotStrictError) -> MessageRefusedError:
    """Return the refusal of a message that is not strict JSON."""
    problem, remedy = _PROBLEMS[error.fault]
    return MessageRefusedError(problem, error.member or "", str(error), remedy)


def _first(parts: dict[bytes, bytes], names: Sequence[str]) -> tuple[str, bytes | None]:
    """Remove the first of these members that is present, and return it."""
    for name in names:
        raw = parts.pop(name.encode(), None)
        if raw is not None:
            return name, raw
    return names[0], None


def _device(parts: dict[bytes, bytes], rules: MessageRules) -> str:
    """Remove the device from the members. Raises: MessageRefusedError."""
    name, raw = _first(parts, DEVICE_NAMES)
    if raw is None:
        remedy = f"Name the device in the member {PARTITION_KEY}"
        raise MessageRefusedError(MessageProblem.NO_DEVICE, PARTITION_KEY, "is missing", remedy)
    device = orjson.loads(raw) if raw.startswith(b'"') else None
    if device in rules.devices or (device == CANARY_DEVICE and canary_fault(parts) is None):
        return str(device)
    if not isinstance(device, str) or not device:
        cause = "is empty" if device == "" else f"is {_shown(raw)}, not text"
        remedy = "Send the device's id as config_iot_devices.json writes it, in quotes"
        raise MessageRefusedError(MessageProblem.BAD_DEVICE, name, cause, remedy)
    if is_reserved_device(device):
        cause = f"{device[:60]!r} is reserved: no device is called _l3kit or begins with ~"
        raise MessageRefusedError(MessageProblem.RESERVED_DEVICE, name, cause, "Rename the device")
    if not rules.keep_unknown:
        cause = f"{device[:60]!r} is not a device of this twin"
        remedy = "Add it to config_iot_devices.json and apply the twin again"
        raise MessageRefusedError(MessageProblem.UNKNOWN_DEVICE, name, cause, remedy)
    if len(device.encode()) > MAX_DEVICE_ID_BYTES:
        cause = f"is longer than {MAX_DEVICE_ID_BYTES} bytes of UTF-8"
        raise MessageRefusedError(MessageProblem.BAD_DEVICE, name, cause, "Give the device a shorter id")
    return device


_WHOLE = re.compile(rb"-?[0-9]+")
_CANONICAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.([0-9]{1,6}))?Z")
"""Canonical forms that datetime can represent, except for dates and times of day that do not exist."""


def _time(parts: dict[bytes, bytes], rules: MessageRules, now: datetime) -> str:
    """Remove the time from the members, and return it in canonical form. Raises: MessageRefusedError."""
    name, raw = _first(parts, TIME_NAMES)
    if raw is None:
        remedy = f"Send the time of the reading in the member {SORT_KEY}, time or timestamp"
        raise MessageRefusedError(MessageProblem.NO_TIME, SORT_KEY, "is missing", remedy)
    text = orjson.loads(raw) if raw[:1] == b'"' else raw.decode()
    if raw[:1] != b'"' and not _WHOLE.fullmatch(raw):
        cause = f"is {_shown(raw)}, which is not a time: neither text nor a whole number"
        raise MessageRefusedError(MessageProblem.BAD_TIME, name, cause, WRITE_IT)
    moment = _canonical_moment(text, rules.time_digits)
    if moment is None:
        try:
            text = canonical_text(text, rules.time_digits)
        except NotATimeError as error:
            cause = f"{error.resource} {error.cause}"
            raise MessageRefusedError(MessageProblem.BAD_TIME, name, cause, error.remedy) from None
        moment = datetime.fromisoformat(text)  # it cuts nanoseconds off, which no bound depends on
    _check_bounds(moment, text, name, rules, now)
    return text


def _canonical_moment(text: str, digits: int) -> datetime | None:
    """Return the moment of a text that is certainly in canonical form; None where only `canonical_text` knows."""
    found = _CANONICAL.fullmatch(text)
    if found is None or len(found[1] or "") != digits:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _check_bounds(moment: datetime, time: str, name: str, rules: MessageRules, now: datetime) -> None:
    if rules.earliest is not None and moment < rules.earliest:
        cause = f"{time} is before {rules.earliest.isoformat()}, the earliest time that this twin accepts"
        remedy = "Set the device's clock; if the time is right, lower earliest_reading in config.json"
    elif rules.ahead is not None and moment > now + rules.ahead:
        hours = rules.ahead / timedelta(hours=1)
        cause = f"{time} is more than {hours:g} hours ahead of the clock, {now.isoformat(timespec='seconds')}"
        remedy = "Set the device's clock; if the time is right, raise reading_hours_ahead in config.json"
    else:
        return
    raise MessageRefusedError(MessageProblem.IMPOSSIBLE_TIME, name, cause, remedy)


def _shown(raw: bytes) -> str:
    """Name the kind of a value that is not text."""
    kinds = {b"{": "an object", b"[": "an array", b"t": "true", b"f": "false", b"n": "null"}
    return kinds.get(raw[:1], "a number")
