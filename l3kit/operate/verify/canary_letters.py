"""Canaries among the dead letters: their causes, and their removal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from l3kit.notebook.gaps import Gap
from l3kit.operate.coroutines import READS_AT_ONCE
from l3kit.operate.letters.chosen import Found
from l3kit.operate.letters.scan import read_found
from l3kit.operate.verify.canary import Canary
from l3kit.tiering.format.canary import time_of, token_of
from l3kit.tiering.format.chunks import CANARY_DEVICE
from l3kit.tiering.ports import ObjectInfo, ObjectStore
from l3kit.twin.layout import SOURCE

if TYPE_CHECKING:
    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.session import Session
    from l3kit.twin.config import Twin

MAX_BYTES = 32 * 1024
"""Maximum size of a canary's letter, including a cloud's record with the message in base64 and an error's text."""
MAX_READ = 500
"""Number of objects of one cloud to read, the newest first: only its content identifies a canary's letter."""


@dataclass(frozen=True, slots=True)
class CanaryLetter:
    """A canary that became a dead letter.

    Attributes:
        function: the one that wrote it; the dispatcher for a record of the cloud's own delivery.
        message: with the trace up to there; empty if the record does not contain it.
    """

    cloud: str
    function: str
    problem: str
    cause: str
    message: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, found: Found) -> CanaryLetter:
        letter = found.letter
        function, message = (SOURCE, b"") if letter is None else (letter.function, letter.message)
        return cls(found.cloud, function, found.problem, found.cause, message)


class CanaryLetters:
    """The dead letters of the clouds that a session reaches.

    Attributes:
        notes: on what was not searched.
    """

    def __init__(self, session: Session, twin: Twin) -> None:
        self._session = session
        self._twin = twin
        self.notes: list[str] = []

    async def newest(self, canary: Canary, since: datetime) -> CanaryLetter | None:
        """Return the newest letter of this canary, a function's before a cloud's own record. Raises: StoreError.

        Args:
            since: search only letters written from then on.
        """
        found = [
            (bool(letter.message), one.info.modified, letter)
            async for _, one in self._all(lambda info: info.modified >= since)
            if token_of((letter := CanaryLetter.of(one)).message) in (canary.token, None)
        ]
        return max(found, key=lambda one: one[:2])[2] if found else None

    async def clear(self, canary: Canary, now: datetime) -> None:
        """Delete the canary's letters, and leftovers. Raises: StoreError.

        A cloud's own record does not always identify its canary; it is deleted in any case.
        """
        async with aclosing(self._all(lambda info: True, report=True)) as found:
            async for store, one in found:
                message = CanaryLetter.of(one).message
                if not message or canary.may_remove(token_of(message), time_of(message), now):
                    await store.delete(one.info.key, etag=one.info.etag)

    async def _all(
        self, wanted: Callable[[ObjectInfo], bool], *, report: bool = False
    ) -> AsyncGenerator[tuple[ObjectStore, Found], None]:
        for name in self._twin.layout.clouds:
            cloud = self._session.cloud(name)
            if cloud is None or not self._twin.layout.has_letters_on(name):
                continue
            store = cloud.object_store(self._twin, "letters")
            try:
                infos = [info async for info in store.list() if info.size <= MAX_BYTES and wanted(info)]
                infos.sort(key=lambda info: info.modified, reverse=True)
                if report and len(infos) > MAX_READ:
                    self._tell(name, len(infos) - MAX_READ)
                for start in range(0, min(len(infos), MAX_READ), READS_AT_ONCE):
                    for one in await _read(cloud, store, infos[start : min(start + READS_AT_ONCE, MAX_READ)]):
                        yield store, one
            finally:
                await store.close()

    def _tell(self, cloud: str, count: int) -> None:
        note = f"{count:,} older dead letters on {cloud} were not searched for canaries of former checks"
        if note not in self.notes:
            self.notes.append(note)


async def _read(cloud: Cloud, store: ObjectStore, infos: list[ObjectInfo]) -> list[Found]:
    """Read objects, and return those that contain only canaries."""
    found = await asyncio.gather(*(read_found(cloud, store, info) for info in infos))
    return [one for one in found if not isinstance(one, Gap) and _is_canary(one)]


def _is_canary(found: Found) -> bool:
    if found.letter is not None:
        return token_of(found.letter.message) is not None
    if (record := found.undelivered) is None or record.unread:
        return False
    events = record.events
    held = bool(events) and all(isinstance(event, bytes) and token_of(event) is not None for event in events)
    return held or record.device == CANARY_DEVICE
