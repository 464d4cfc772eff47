"""Dead letters: messages that could not be processed, each kept as an object with its reason until it is replayed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
import re
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from l3kit.errors import KeyConflictError, StoreError
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.format.chunks import CANARY_DEVICE
from l3kit.tiering.format.messages import MessageProblem, Telemetry
from l3kit.tiering.ports import ObjectStore

ACTION_FAILED = "action-failed"
"""An event's action failed; the item itself is stored."""
REFUSED_BY_RECEIVER = "refused-by-receiver"
"""The receiver on the next cloud refused the message, so the two ends run different versions."""
SKIPPED_IN_REPLAYS = frozenset({str(MessageProblem.SUPERSEDED)})
"""A replay of an old version would replace the newer one."""
CONCURRENT = 16
MAX_CAUSE = 2000
"""Maximum characters of a stored cause."""
SET_APART = "replayed/"
"""Prefix of the keys of letters that a replay has set apart; the replay's id follows."""
_KEY = re.compile(
    r"(?:replayed/[0-9a-f]{32}/)?(?P<problem>[a-z0-9-]{1,60})/(?P<day>\d{4}-\d\d-\d\d)/[0-9a-f]{64}\.json"
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that did not reach the hot tier, or was replaced there, and the reason.

    Attributes:
        problem: a `MessageProblem`, or one of the constants of this module.
        cause: in words, with the remedy.
        function: the function that wrote the letter.
        message: the exact bytes.
        device: the sender, if known.
        received: when the source took the message; None if unknown.
    """

    problem: str
    cause: str
    function: str
    message: bytes
    device: str | None = None
    received: datetime | None = None

    def key(self, now: datetime) -> str:
        """The object key: the day on which the message was received, or else today, and a digest.

        The digest is of the sender and the message; of the message alone if the sender is unknown.
        """
        day = (self.received or now).astimezone(UTC).strftime("%Y-%m-%d")
        return f"{self.problem}/{day}/{_digest(self.message, self.device)}.json"

    def to_json(self) -> bytes:
        """Encode the letter: a message in UTF-8 as readable text, any other as base64."""
        try:
            message = {"message": self.message.decode()}
        except UnicodeDecodeError:
            message = {"message_base64": base64.b64encode(self.message).decode()}
        received = self.received.isoformat() if self.received else None
        about = {"problem": self.problem, "cause": _readable(self.cause), "function": self.function}
        device = self.device and _readable(self.device)  # what `key` tells senders apart by
        return orjson.dumps({**about, "device": device, "received": received, **message})

    @classmethod
    def from_json(cls, key: str, body: bytes) -> DeadLetter:
        """The inverse of `to_json`. Raises: StoreError naming the key if the object is no letter of l3kit."""
        try:
            letter = cls._parse(orjson.loads(body))
            if problem_of(key) not in (letter.problem, None):
                raise ValueError("the key names another problem")
            return letter
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
            remedy = "It was left in place; look at it with the cloud's own tools"
            raise StoreError(f"dead letter {key}", "is not one that l3kit wrote", remedy) from None

    @classmethod
    def _parse(cls, fields: dict[str, Any]) -> DeadLetter:
        text = fields.get("message")
        message = base64.b64decode(fields["message_base64"], validate=True) if text is None else text.encode()
        device, received = fields.get("device"), fields.get("received")
        moment = datetime.fromisoformat(received) if received else None
        if not isinstance(device, str | None) or (moment and moment.tzinfo is None):
            raise TypeError("device or received has another form")
        return cls(str(fields["problem"]), str(fields["cause"]), str(fields["function"]), message, device, moment)


class Letters:
    """The dead letters of one cloud.

    Args:
        function: the function that writes them.
        clock: wall clock, UTC.
        count: called with the number of letters stored; superseded versions and canaries do not count.
    """

    def __init__(
        self,
        store: ObjectStore,
        function: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        count: Callable[[int], None] = lambda number: None,
    ) -> None:
        self._store = store
        self._function = function
        self._clock = clock
        self._count = count
        self._writes = Bounded(CONCURRENT)

    def of(
        self,
        problem: str,
        cause: str,
        message: bytes,
        *,
        device: str | None = None,
        received: datetime | None = None,
    ) -> DeadLetter:
        """Make a letter of this function."""
        return DeadLetter(problem, cause, self._function, message, device, received)

    def of_item(self, problem: str, cause: str, item: Telemetry) -> DeadLetter:
        """Make a letter of this function about an item."""
        return self.of(problem, cause, item.json, device=item.device_id, received=item.received)

    async def write(self, letters: Sequence[DeadLetter]) -> None:
        """Store letters, each once: one with the same problem, sender, message and day is not stored again.

        Raises: StoreError if one could not be stored.
        """
        for letter in letters:
            log.warning("dead letter %s, device %s: %s", letter.problem, letter.device, letter.cause)
        await self._writes.run([self._write(letter) for letter in letters])
        counted = [one for one in letters if one.problem not in SKIPPED_IN_REPLAYS and one.device != CANARY_DEVICE]
        self._count(len(counted))

    async def _write(self, letter: DeadLetter) -> None:
        body = letter.to_json()
        key = letter.key(self._clock())
        try:
            await self._store.create(key, body, sha256=hashlib.sha256(body).hexdigest())
        except KeyConflictError:  # the cause may state another clock or version
            log.info("dead letter %s is stored already", key)

    async def keys(self, problems: Collection[str] = ()) -> AsyncIterator[str]:
        """Keys of the letters with these problems; if none are given, of all except SKIPPED_IN_REPLAYS.

        Without objects that a cloud's own delivery put into the same bucket (`others`).
        """
        async for info in self._store.list():
            if is_chosen(info.key, problems):
                yield info.key

    async def others(self) -> AsyncIterator[str]:
        """Keys of objects that are no letters of l3kit."""
        async for info in self._store.list():
            if problem_of(info.key) is None:
                yield info.key

    async def read(self, key: str) -> DeadLetter:
        """Read a letter. Raises: StoreError if it is gone or no letter."""
        return DeadLetter.from_json(key, await self._store.read(key))


def _readable(text: str) -> str:
    """Escape lone surrogates, which JSON cannot hold, and shorten long texts."""
    return text[:MAX_CAUSE].encode("utf-8", "backslashreplace").decode()


def _digest(message: bytes, device: str | None) -> str:
    """Return the part of a key that tells letters of one day and problem apart.

    Of an unknown sender it is that of earlier versions. Of a known one it is of another algorithm, so that no message
    of an unknown sender can be made to have the same.
    """
    if not device:
        return hashlib.sha256(message).hexdigest()
    digest = hashlib.sha3_256(hashlib.sha256(_readable(device).encode()).digest())
    digest.update(message)
    return digest.hexdigest()


def problem_of(key: str) -> str | None:
    """The problem in a letter's key; None if the key is not a letter's."""
    found = _KEY.fullmatch(key)
    return found["problem"] if found else None


def day_of(key: str) -> str:
    """The day in a letter's key, such as `2026-03-01`; empty if the key is not a letter's."""
    found = _KEY.fullmatch(key)
    return found["day"] if found else ""


async def set_apart(store: ObjectStore, key: str, letter: DeadLetter, run: str) -> str:
    """Rename a letter so that a rewrite of the same letter does not collide with it, and return its new key.

    For a superseded version: once it is back in the hot tier, a newer one may supersede it again. That letter has the
    same key, so a replay that deleted this key afterwards would delete the only copy. An interrupted replay leaves the
    letter under either key or both, and both are listed.

    Args:
        run: 32 hex digits, unique to the replay.
    Raises: StoreError.
    """
    if key.startswith(SET_APART):
        return key
    body = letter.to_json()
    apart = f"{SET_APART}{run}/{key}"
    await store.create(apart, body, sha256=hashlib.sha256(body).hexdigest())
    await store.delete(key)
    return apart


def is_chosen(key: str, problems: Collection[str] = ()) -> bool:
    """Return whether a replay takes the letter: its problem is named, or none is named and it is not skipped."""
    problem = problem_of(key)
    if problem is None:
        return False
    return problem in problems if problems else problem not in SKIPPED_IN_REPLAYS
