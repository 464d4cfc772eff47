"""Calls between functions of the chain: encoding, splitting and counting of messages. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson

from l3kit.errors import CallError
from l3kit.tiering.format.messages import MessageRefusedError, split_payload

MAX_BYTES = 1024 * 1024
"""Messages of one call, as JSON: below every cloud's limit for a request, whatever that counts."""
MAX_MESSAGES = 500
FRAME_BYTES = 256
"""Upper bound of a call's size in bytes, apart from messages and commas."""
_HEAD = re.compile(rb'\s*\{\s*(?:"source_cloud"\s*:\s*"[^"\\]*"\s*,\s*)?"messages"\s*:\s*(?=\[)')
_TAIL = re.compile(rb'(?<=\])\s*(?:,\s*"source_cloud"\s*:\s*"[^"\\]*"\s*)?\}\s*\Z')
_LONGEST_TAIL = 512


@dataclass(frozen=True, slots=True)
class Counts:
    """Outcomes of messages; every message is counted once.

    Attributes:
        stored: new in the hot tier.
        same: already in the hot tier.
        superseded: replaced another version, which is in the dead letters.
        dead: in the dead letters with its reason.
        filtered: dropped on purpose by one of the twin's own processors.
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
        """The answer; `filtered` is in it only if something was."""
        told = {"stored": self.stored, "same": self.same, "superseded": self.superseded, "dead": self.dead}
        return told | ({"filtered": self.filtered} if self.filtered else {})


def counts_in(answer: object, sent: int) -> Counts | None:
    """The counts of an answer; None if it does not account for every message that was sent."""
    if not isinstance(answer, dict):
        return None
    told = {"filtered": 0, **answer}
    numbers = [number for name in Counts.__dataclass_fields__ if type(number := told.get(name)) is int and number >= 0]
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


def cut(
    messages: Sequence[bytes], max_bytes: int = MAX_BYTES, max_messages: int = MAX_MESSAGES
) -> Iterator[list[bytes]]:
    """Split messages into batches of one call each, in order; a message over the limit is a batch of its own."""
    batch: list[bytes] = []
    size = FRAME_BYTES
    for message in messages:
        if batch and (size + len(message) + 1 > max_bytes or len(batch) >= max_messages):
            yield batch
            batch, size = [], FRAME_BYTES
        batch.append(message)
        size += len(message) + 1
    if batch:
        yield batch


def event_of(messages: Sequence[bytes], source_cloud: str) -> bytes:
    """The event for another function on the same cloud; the messages' bytes are unchanged."""
    return b'{"source_cloud":%b,"messages":[%b]}' % (orjson.dumps(source_cloud), b",".join(messages))


def envelope_pieces(messages: Sequence[bytes], source_cloud: str) -> tuple[bytes, ...]:
    """The body for a receiver on another cloud, in pieces."""
    return b'{"source_cloud":%b,"payload":[' % orjson.dumps(source_cloud), b",".join(messages), b"]}"


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
