"""Reading the dead letters of a twin's clouds, a few at a time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from l3kit.errors import L3Error, StoreError
from l3kit.notebook.gaps import Gap, unreached
from l3kit.operate.coroutines import READS_AT_ONCE
from l3kit.operate.letters.chosen import Choice, Found
from l3kit.tiering.counts import count_of
from l3kit.tiering.ports import ObjectInfo, ObjectStore
from l3kit.tiering.stream.letters import DeadLetter, problem_of

if TYPE_CHECKING:
    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.session import Session
    from l3kit.twin.config import Twin

MAX_BYTES = 8 * 1024 * 1024
"""Maximum size of an object to read: no letter is larger, since a message is at most 1 MB."""


@dataclass(slots=True)
class Passed:
    """Letters that a scan omitted and the answer must report.

    Attributes:
        deviceless: letters of unknown device, if one was chosen.
        skipped: letters whose problem is taken only if it is named.
        foreign: objects that are no letters, if only letters are chosen.
        beyond: objects not read because the limit was reached, by cloud.
    """

    deviceless: int = 0
    skipped: int = 0
    foreign: int = 0
    beyond: Counter[str] = field(default_factory=Counter)


class Scan:
    """Reads the letters of all clouds of a twin in key order; a cloud that cannot be read becomes a gap.

    Attributes:
        gaps: what could not be read, complete after the scan.
        unread: those of them that a store did not give.
        passed: what was omitted.
    """

    def __init__(self, session: Session, twin: Twin, choice: Choice) -> None:
        self._session = session
        self._twin = twin
        self._choice = choice
        self._taken = 0
        self.gaps: list[Gap] = []
        self.unread: list[Gap] = []
        self.passed = Passed()

    async def each_cloud(self, work: Callable[[Cloud, ObjectStore, AsyncIterator[Found]], Awaitable[None]]) -> None:
        """Await `work` for each cloud with the letters chosen there. Raises: SandboxError if the sandbox has ended."""
        layout = self._twin.layout
        for name in (name for name in layout.clouds if layout.has_letters_on(name)):
            cloud = self._session.cloud(name)
            if cloud is None:
                self.gaps.append(unreached("letters", name, f"the dead letters on {name}"))
                continue
            try:
                async with _opened(cloud, self._twin) as store:
                    await work(cloud, store, self._found(cloud, store))
            except StoreError as error:
                self._session.check_alive()
                what = f"the dead letters on {name}, or some of them"
                reason = f"could not be read or changed: {error.resource}: {error.cause}"
                self._note_unread(Gap("letters", what, reason, error.remedy))

    async def _found(self, cloud: Cloud, store: ObjectStore) -> AsyncIterator[Found]:
        window: list[ObjectInfo] = []
        async for info in store.list():
            if not self._choice.may_take(info.key, info):
                continue
            if self._choice.skips(info.key):
                self.passed.skipped += 1
                continue
            if self._is_full:
                self.passed.beyond[cloud.provider] += 1
                continue
            window.append(info)
            if len(window) == READS_AT_ONCE:
                async for found in self._read(cloud, store, window):
                    yield found
                window = []
        async for found in self._read(cloud, store, window):
            yield found

    @property
    def _is_full(self) -> bool:
        return self._choice.limit is not None and self._taken >= self._choice.limit

    async def _read(self, cloud: Cloud, store: ObjectStore, infos: Sequence[ObjectInfo]) -> AsyncIterator[Found]:
        for found in await asyncio.gather(*(read_found(cloud, store, info) for info in infos)):
            if isinstance(found, Gap):
                self._note_unread(found)
            elif found.is_foreign and not self._choice.takes(found):
                self._pass_over(found)
            elif self._choice.device and found.device is None and not found.is_foreign:
                self.passed.deviceless += 1
            elif self._choice.takes(found):
                if self._is_full:
                    self.passed.beyond[cloud.provider] += 1
                    continue
                self._taken += 1
                yield found

    def _note_unread(self, gap: Gap) -> None:
        self.gaps.append(gap)
        self.unread.append(gap)

    def _pass_over(self, found: Found) -> None:
        if problem_of(found.info.key) is None:
            self.passed.foreign += 1
        else:
            what = f"dead letter {found.info.key} on {found.cloud}"
            self.gaps.append(Gap("letters", what, found.fault, "Look at it with the cloud's own tools"))

    def all_gaps(self) -> tuple[Gap, ...]:
        """All gaps of an answer."""
        beyond = [
            Gap(
                "letters",
                count_of(count, f"further dead letter on {cloud}", f"further dead letters on {cloud}"),
                f"were not read, since the limit of {self._choice.limit:,} letters was reached",
                "Give a higher limit, or choose fewer by problem, device or time",
            )
            for cloud, count in self.passed.beyond.items()
        ]
        return (*self.gaps, *beyond)

    def notes(self) -> tuple[str, ...]:
        """Return notes for the reader of the answer."""
        if not any(map(self._twin.layout.has_letters_on, self._twin.layout.clouds)):
            return ("The twin deploys no message chain, so it has no dead letters",)
        return tuple(self._notes())

    def _notes(self) -> Iterator[str]:
        if count := self.passed.deviceless:
            counted = count_of(count, "letter names no device", "letters name no device")
            yield f"{counted}, so a choice by device leaves them out"
        if count := self.passed.skipped:
            names = " or ".join(sorted(self._choice.skipped))
            counted = count_of(count, "letter was skipped", "letters were skipped")
            yield f"{counted}, since {names} is replayed only if it is named"
        if (count := self.passed.foreign) and not self._choice.foreign:
            counted = count_of(count, "object is not a letter and was", "objects are not letters and were")
            yield f"{counted} left alone"


@asynccontextmanager
async def _opened(cloud: Cloud, twin: Twin) -> AsyncIterator[ObjectStore]:
    store = cloud.object_store(twin, "letters")
    try:
        yield store
    finally:
        await store.close()


async def read_found(cloud: Cloud, store: ObjectStore, info: ObjectInfo) -> Found | Gap:
    """Read one object. Returns: a gap for one that cannot be read, or that a replay at the same time has deleted."""
    if info.size > MAX_BYTES:
        return Found(cloud.provider, info, fault=f"is larger than any letter, {info.size:,} bytes, so it was not read")
    try:
        body = await store.read(info.key)
    except StoreError as error:
        what = f"dead letter {info.key} on {cloud.provider}"
        return Gap("letters", what, f"could not be read: {error.cause}", error.remedy or "Ask again")
    if problem_of(info.key) is None:
        undelivered = cloud.undelivered(info.key, body)
        fault = "" if undelivered else "is neither a letter of l3kit nor a record of the cloud's own delivery"
        return Found(cloud.provider, info, undelivered=undelivered, fault=fault)
    try:
        return Found(cloud.provider, info, DeadLetter.from_json(info.key, body))
    except L3Error as error:
        return Found(cloud.provider, info, fault=error.cause)
