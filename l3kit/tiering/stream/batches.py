"""Calls between functions of the chain: encoding, splitting and counting of messages. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import orjson

from l3kit.errors import CallError
from l3kit.tiering.format.messages import MessageRefusedError, Telemetry, split_payload
from l3kit.tiering.stream.receipts import MAX_BYTES as RECEIPT_BYTES
from l3kit.tiering.stream.receipts import receipts_member, receipts_of

MAX_BYTES = 1024 * 1024
"""Maximum JSON of the messages in one call: below every cloud's limit for a request."""
MAX_MESSAGES = 500
FRAME_BYTES = 256
"""Upper bound of a call's bytes without the messages and commas."""
_HEAD = re.compile(
    rb'\s*\{\s*(?:(?:"source_cloud"\s*:\s*"[^"\\]*"|"received"\s*:\s*(\[[^\[\]]*\]|null))\s*,\s*)*"messages"\s*:\s*(?=\[)'
)
_TAIL = re.compile(rb'(?<=\])\s*(?:,\s*"source_cloud"\s*:\s*"[^"\\]*"\s*)?\}\s*\Z')
_LONGEST_TAIL = 512

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Counts:
    """Outcomes of messages; every message is counted once.

    Attributes:
        stored: new in the hot tier.
        same: already in the hot tier.
        superseded: replaced another version, which is in the dead letters.
        dead: in the dead letters with its reason.
        filtered: intentionally dropped by one of the twin's own processors.
    """

    stored: int = 0
    same: int = 0
    superseded: int = 0
    dead: int = 0
    filtered: int = 0

    @property
    def total(self) -> int:
        return self.stored + self.same + self.superseded + self.dead + self.filtered

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.stored + other.stored,
            self.same + other.same,
            self.superseded + other.superseded,
            self.dead + other.dead,
            self.filtered + other.filtered,
        )

    def to_json(self) -> dict[str, int]:
        """The answer; it has `filtered` only if that is not zero."""
        counts = {"stored": self.stored, "same": self.same, "superseded": self.superseded, "dead": self.dead}
        return counts | ({"filtered": self.filtered} if self.filtered else {})


def counts_in(answer: object, sent: int) -> Counts | None:
    """The counts of an answer; None if it does not account for every message that was sent."""
    if not isinstance(answer, dict):
        return None
    given = {"filtered": 0, **answer}
    numbers = [number for name in Counts.__dataclass_fields__ if type(number := given.get(name)) is int and number >= 0]
    if len(numbers) < len(Counts.__dataclass_fields__):
        return None
    counts = Counts(*numbers)
    return counts if counts.total >= sent else None


def confirmed(function: str, answer: bytes, sent: int) -> Counts:
    """The counts of a function's answer. Raises: CallError if it does not account for every message."""
    try:
        counts = counts_in(orjson.loads(answer), sent)
    except orjson.JSONDecodeError:
        counts = None
    if counts is None:
        cause = f"its answer does not account for the {sent} messages sent"
        raise CallError(function, cause, "See its log; the source delivers them again")
    return counts


def size_in_call(item: Telemetry) -> int:
    """Upper bound of the bytes that an item takes in a call."""
    return len(item.json) + RECEIPT_BYTES


def cut(
    messages: Sequence[M], size_of: Callable[[M], int], max_bytes: int = MAX_BYTES, max_messages: int = MAX_MESSAGES
) -> Iterator[list[M]]:
    """Cut messages into batches for one call each, in order; a message over the limit is a batch of its own."""
    batch: list[M] = []
    size = FRAME_BYTES
    for message in messages:
        length = size_of(message) + 1
        if batch and (size + length > max_bytes or len(batch) >= max_messages):
            yield batch
            batch, size = [], FRAME_BYTES
        batch.append(message)
        size += length
    if batch:
        yield batch


def event_of(messages: Sequence[bytes], source_cloud: str, received: Sequence[datetime | None] = ()) -> bytes:
    """Return the event for a call of another function on the same cloud; the messages' bytes are not changed.

    Args:
        received: when the source took each message; none if no time is known.
    """
    cloud, receipts = orjson.dumps(source_cloud), receipts_member(received)
    return b'{"source_cloud":%b,%b"messages":[%b]}' % (cloud, receipts, b",".join(messages))


def call_of(items: Sequence[Telemetry], source_cloud: str) -> bytes:
    """Return the event for a call with items, in the form of `event_of`."""
    return event_of([item.json for item in items], source_cloud, [item.received for item in items])


def envelope_pieces(items: Sequence[Telemetry], source_cloud: str) -> tuple[bytes, ...]:
    """The body for a receiver on another cloud, in pieces."""
    receipts = receipts_member([item.received for item in items])
    head = b'{"source_cloud":%b,%b"payload":[' % (orjson.dumps(source_cloud), receipts)
    return head, b",".join([item.json for item in items]), b"]}"


def messages_in(event: bytes) -> list[bytes]:
    """Split an event into its messages: `event_of`, a bare message, or a list of messages.

    A message that cannot be read is left to `normalise`; the others of its call are not affected.
    Raises: MessageRefusedError if the messages cannot be delimited.
    """
    head = _HEAD.match(event)
    tail = _TAIL.search(event, max(head.end(), len(event) - _LONGEST_TAIL)) if head else None
    if head is None or tail is None:
        return split_payload(event)
    try:
        return split_payload(event[head.end() : tail.start()])
    except MessageRefusedError:  # a device's own message may have a member of this name
        return [event]


def received_in(event: bytes, count: int) -> list[datetime | None]:
    """Return when the source took each message of a call; the member may be anywhere before `messages`."""
    head = _HEAD.match(event)
    return receipts_of(head and head[1], count)
