"""Replay dead letters: each message is sent again to the function that wrote its letter, which is deleted once taken.

A letter is deleted only after an answer. So whatever fails, the message is in the hot tier or its
letter exists; the next replay sends it again, which changes nothing in the hot tier.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from l3kit.clouds.ports.deployed_links import utc_now
from l3kit.errors import L3Error, SandboxError, StoreError
from l3kit.operate.coroutines import run
from l3kit.operate.letters.chosen import Choice, Found
from l3kit.operate.letters.outcomes import LeftLetter, LettersReplay, Outcome, Tally
from l3kit.operate.letters.scan import Scan
from l3kit.operate.letters.spool import Spool
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.tiering.stream.letters import SET_APART, SKIPPED_IN_REPLAYS, DeadLetter, set_apart
from l3kit.tiering.stream.persister import CHECKER
from l3kit.tiering.stream.ports import Delivery
from l3kit.tiering.stream.redelivery import redelivery_event
from l3kit.tiering.stream.replaying import Fate, fate_of, replayed_by, shares_calls
from l3kit.twin.layout import CHAIN

if TYPE_CHECKING:
    from l3kit.clouds.ports.cloud import Cloud
    from l3kit.session import Session
    from l3kit.tiering.ports import ObjectStore
    from l3kit.twin.config import Twin

BATCH = 100
"""Letters per call. If some fail again, each is sent alone, and the others are sent twice."""
BATCH_BYTES = 512 * 1024
MAX_FAILURES = 3
"""Consecutive failed calls of a function after which no more letters are sent to it."""
SOURCE_TARGET = CHAIN[-1]
"""The function to which a source delivers."""

Send = Callable[[str, Mapping[str, Any] | bytes], Any]


def replay_letters(
    session: Session,
    twin: Twin,
    *,
    problem: str | Sequence[str] = (),
    device: str | None = None,
    since: date | str | None = None,
    limit: int | None = None,
    dry_run: bool = False,
    progress: Callable[[str], None] = lambda step: None,
) -> LettersReplay:
    """Send dead letters through the chain again, and delete those whose messages are taken.

    Args:
        problem: one problem or several; empty is all but `superseded`, whose replay replaces newer versions.
        device: only of this sender.
        since: received from then on, as in `letters`.
        limit: maximum number; None is all.
        dry_run: send and delete nothing.
        progress: called with the description of the current step.
    Raises: ConfigurationError for an unknown problem, an invalid time or limit.
    """
    choice = Choice.of(problem, device, since, limit, skipped=SKIPPED_IN_REPLAYS, foreign=False)
    with session.watching_sandbox():
        return run(replay_chosen(session, twin, choice, dry_run=dry_run, progress=progress))


async def replay_chosen(
    session: Session,
    twin: Twin,
    choice: Choice,
    *,
    dry_run: bool = False,
    progress: Callable[[str], None] = lambda step: None,
    clock: Callable[[], datetime] = utc_now,
) -> LettersReplay:
    """Replay the letters of a choice, cloud by cloud. `clock`: wall clock, UTC."""
    tally = Tally()
    scan = Scan(session, twin, choice)

    async def work(cloud: Cloud, store: ObjectStore, found: AsyncIterator[Found]) -> None:
        replay = CloudReplay(cloud.provider, store, partial(cloud.invoke, twin), tally, dry_run=dry_run, clock=clock)
        with Spool() as spool:
            async for one in found:
                spool.add(one)
                progress(f"{len(spool):,} letters read on {cloud.provider}")
            for one in spool.oldest_first():
                await replay.add(one)
                progress(f"{sum(tally.counts.values()):,} letters done, now on {cloud.provider}")
            await replay.flush()

    await scan.each_cloud(work)
    return LettersReplay(dict(tally.counts), tuple(tally.left), dry_run, scan.notes(), scan.all_gaps())


class CloudReplay:
    """Replays the letters of one cloud.

    Args:
        store: the store of the letters.
        send: calls a function of the chain there and returns its answer, parsed. Raises: L3Error.
        clock: wall clock, UTC.
    """

    def __init__(
        self,
        cloud: str,
        store: ObjectStore,
        send: Send,
        tally: Tally,
        *,
        dry_run: bool = False,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._cloud = cloud
        self._store = store
        self._send = send
        self._tally = tally
        self._dry_run = dry_run
        self._clock = clock
        self._run = uuid.uuid4().hex
        self._waiting: dict[str, list[tuple[Found, DeadLetter]]] = {}
        self._failures: Counter[str] = Counter()
        self._last_failure: dict[str, str] = {}

    async def add(self, found: Found) -> None:
        """Replay a letter, now or with others before `flush` returns. Raises: SandboxError.

        Letters of one device are sent in the order in which they are given.
        """
        function = SOURCE_TARGET if found.letter is None else replayed_by(found.letter)
        if self._dry_run:
            self._record(found, function, "planned")
            return
        if function not in FUNCTIONS:
            reason = f"was set aside by {function}, which this version of l3kit does not have. Nothing was sent"
            self._record(found, function, "failed", reason)
        elif found.letter is None:
            await self.flush()
            await self._redeliver(found)
        elif function == CHECKER or not shares_calls(found.letter.message):
            await self._replay(function, [(found, found.letter)])
        else:
            await self._send_waiting_for_others(found.device, function)
            waiting = self._waiting.setdefault(function, [])
            waiting.append((found, found.letter))
            if len(waiting) >= BATCH or sum(len(one.message) for _, one in waiting) >= BATCH_BYTES:
                await self._replay(function, self._waiting.pop(function))

    async def _send_waiting_for_others(self, device: str | None, function: str) -> None:
        """Send the letters of a device that wait for another function: they may be earlier versions of a reading."""
        for other, batch in list(self._waiting.items()):
            if other != function and any(found.device == device for found, _ in batch):
                await self._replay(other, self._waiting.pop(other))

    async def flush(self) -> None:
        """Replay the letters that wait for others."""
        while self._waiting:
            await self._replay(*self._waiting.popitem())

    # --- letters of the chain -------------------------------------------------------------------------------------

    async def _replay(self, function: str, batch: list[tuple[Found, DeadLetter]]) -> None:
        again = [Delivery(letter.message, letter.device, letter.received) for _, letter in batch]
        try:
            keys = [await self._key_in_replay(found, letter) for found, letter in batch]
        except StoreError as error:
            for found, _ in batch:
                self._record(found, function, "failed", f"nothing was sent: {error}")
            return
        began = self._clock()
        fate, reason = await self._call(function, redelivery_event(again, self._cloud), len(batch))
        if fate is Fate.MIXED and len(batch) > 1:
            for one in batch:
                await self._replay(function, [one])
            return
        for (found, letter), key in zip(batch, keys, strict=True):
            if fate is Fate.ARRIVED:
                await self._delete(found, function, key)
            elif fate is Fate.UNKNOWN:
                self._record(found, function, "failed", reason, key)
            else:
                await self._tidy(letter, key, began)
                self._record(found, function, "again", f"{letter.problem}: {letter.cause}", key)

    async def _key_in_replay(self, found: Found, letter: DeadLetter) -> str:
        if letter.problem not in SKIPPED_IN_REPLAYS:
            return found.info.key
        return await set_apart(self._store, found.info.key, letter, self._run)

    async def _tidy(self, letter: DeadLetter, key: str, began: datetime) -> None:
        """Delete the new letter that the call has written for the same sender, message and problem.

        It has another key if the time of receipt is unknown, or if an earlier version has written this letter. The
        earlier one stays. Both have the same message.
        """
        if key.startswith(SET_APART):
            return
        days = {letter.received} if letter.received else {began, self._clock()}
        written = {replace(letter, received=None).key(day) for day in days}
        for duplicate in written - {key}:
            with contextlib.suppress(StoreError):  # then both stay, until the next replay
                await self._store.delete(duplicate)

    async def _delete(self, found: Found, function: str, key: str) -> None:
        """Delete a letter whose message is taken. One that was rewritten since it was read stays."""
        etag = found.info.etag if key == found.info.key else None
        try:
            deleted = await self._store.delete(key, etag=etag)
        except StoreError as error:
            self._record(found, function, "failed", f"its message was taken, but the letter was not deleted: {error}")
            return
        if deleted:
            self._record(found, function, "arrived")
        else:
            self._record(found, function, "again", "its message was taken, and has failed once more since")

    # --- records of the cloud's own delivery ----------------------------------------------------------------------

    async def _redeliver(self, found: Found) -> None:
        """Send the dispatcher the messages that it did not take. Failing ones become letters, so the record may go."""
        undelivered = found.undelivered
        assert undelivered is not None
        for event in undelivered.events:
            content = redelivery_event([Delivery(event)], self._cloud) if isinstance(event, bytes) else event
            fate, reason = await self._call(SOURCE_TARGET, content, 1)
            if fate is Fate.UNKNOWN:
                self._record(found, SOURCE_TARGET, "failed", reason)
                return
        if undelivered.unread:
            self._record(found, SOURCE_TARGET, "failed", f"{undelivered.unread}; the other messages were taken")
            return
        await self._delete(found, SOURCE_TARGET, found.info.key)

    # --- both -----------------------------------------------------------------------------------------------------

    async def _call(self, function: str, event: Mapping[str, Any] | bytes, sent: int) -> tuple[Fate, str]:
        """Call a function. Returns: the fate of the messages, and the reason if it is unknown."""
        if self._failures[function] >= MAX_FAILURES:
            return Fate.UNKNOWN, f"was not sent: {function} failed {MAX_FAILURES} times, {self._last_failure[function]}"
        try:
            answer = await asyncio.to_thread(self._send, function, event)
        except SandboxError:
            raise
        except L3Error as error:
            self._failures[function] += 1
            self._last_failure[function] = str(error)
            return Fate.UNKNOWN, str(error)
        fate = fate_of(function, sent, answer)
        if fate is not Fate.UNKNOWN:
            self._failures[function] = 0
            return fate, ""
        return fate, f"the answer of {function} does not account for every message. See its log"

    def _record(self, found: Found, function: str, outcome: Outcome, reason: str = "", key: str = "") -> None:
        key = key or found.info.key
        self._tally.add(LeftLetter(self._cloud, found.problem, function, outcome, found.device, key, reason))
