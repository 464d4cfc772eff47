"""The canary from layer 1 to the hot tier: sent, awaited for a bounded time, and located if it stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import orjson

from l3kit.clouds.ports.checks import Check
from l3kit.clouds.ports.deployed_links import utc_now
from l3kit.errors import L3Error
from l3kit.operate.coroutines import run
from l3kit.operate.tier_stores import open_tiers
from l3kit.operate.time_limit import within
from l3kit.operate.verify.canary import Canary, find, find_in_cold
from l3kit.operate.verify.canary_letters import CanaryLetter, CanaryLetters
from l3kit.operate.verify.way import called_by_us, functions_on_way
from l3kit.operate.verify.way_in import WayIn, way_in_of
from l3kit.tiering.format.canary import Sighting, sightings_of
from l3kit.tiering.ports import ObjectStore
from l3kit.twin.layout import SOURCE

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

GROUP = "message"
CLOCK_SKEW = timedelta(minutes=1)
"""Tolerance for a store's clock behind ours when a letter is attributed to the canary; older ones have been removed."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Time limits in seconds.

    Attributes:
        arrival: limit for the whole way, cold starts included.
        poll: wait between two reads of the hot tier.
        move: wait between two calls of a mover that is busy with another check.
        letters: wait between two listings of the dead letters, which may have to list many.
        call: limit for one function, called directly to find where the canary stopped.
    """

    arrival: float = 120.0
    poll: float = 0.25
    move: float = 2.0
    letters: float = 3.0
    call: float = 45.0


WAITS = Waits()


class MessageWay:
    """The way of one canary through the message chain.

    Args:
        way_in: the way into layer 1; None is the session's own.
        clock: wall clock, UTC.
        moves: look into the cold tier too, where the mover may take it for another check.

    Attributes:
        sightings: its sightings, in order; also those before it stopped.
        item: the canary as it arrived in the hot tier; None if it did not.
    """

    def __init__(
        self,
        session: Session,
        twin: Twin,
        letters: CanaryLetters,
        *,
        waits: Waits = WAITS,
        way_in: WayIn | None = None,
        clock: Callable[[], datetime] = utc_now,
        moves: bool = False,
    ) -> None:
        self._moves = moves
        self._way_in = way_in
        self._session = session
        self._twin = twin
        self._letters = letters
        self._waits = waits
        self._clock = clock
        self.sightings: list[Sighting] = []
        self.item: bytes | None = None

    def checks(self, canary: Canary) -> Iterator[Check]:
        """Send the canary and follow it. Raises: StoreError."""
        way_in = self._way_in or way_in_of(self._session, self._twin, self._waits.arrival)
        began = self._clock()
        self.sightings = [Sighting("published", self._twin.layout.l1, began)]
        failure = _failure_of(way_in, canary.message)
        if failure is None:
            yield Check(GROUP, "layer 1", "takes the message", way_in.description, True)
        elif not way_in.direct:
            yield Check(GROUP, "layer 1", "takes the message", failure.cause, False, hint_of(failure))
            return
        letter = run(self._arrival(canary, 0.0 if failure else self._waits.arrival, began - CLOCK_SKEW))
        if self.item is not None:
            yield from self._arrived(self.item)
        elif letter is not None and letter.message:
            yield self._set_aside(letter)
        else:
            yield self._stopped(canary, began - CLOCK_SKEW, _why_not_taken(failure, letter))

    async def _arrival(self, canary: Canary, seconds: float, since: datetime) -> CanaryLetter | None:
        """Wait until the canary is in the hot tier, or among the dead letters, which are then returned."""
        now = time.monotonic()
        deadline, look_at_letters = now + seconds, now if not seconds else now + self._waits.letters
        async with open_tiers(self._session, self._twin) as tiers:
            assert tiers.hot is not None
            while True:
                self.item = await find(tiers.hot, canary)
                now = time.monotonic()
                if self.item is not None:
                    self._see("hot tier", self._twin.layout.hot)
                    return None
                if now >= min(look_at_letters, deadline):
                    self.item = await _moved_on(tiers.cold, canary) if self._moves else None
                    if self.item is not None:
                        return None
                    if (letter := await self._letters.newest(canary, since)) is not None:
                        return letter
                    look_at_letters = time.monotonic() + self._waits.letters
                if now >= deadline:
                    return None
                await asyncio.sleep(self._waits.poll)

    def _arrived(self, item: bytes) -> Iterator[Check]:
        seen = sightings_of(item)
        self.sightings[1:1] = seen
        passed = {one.place for one in seen}
        for function in functions_on_way(self._twin.layout):
            is_seen = function in passed
            hint = "" if is_seen else "Its code is of another version; run deploy_l3"
            yield Check(GROUP, function, "passed on", "passed on" if is_seen else "no trace", is_seen, hint)
        yield Check(GROUP, "hot tier", "arrived", "arrived", True)

    def _stopped(self, canary: Canary, since: datetime, not_taken: str) -> Check:
        """Call the functions directly, the last one first: the canary stopped at the one that fails.

        Args:
            not_taken: why the dispatcher did not take it, if known.
        """
        for function, cloud in reversed(called_by_us(functions_on_way(self._twin.layout)).items()):
            there = self._session.cloud(cloud)
            if there is None:
                continue
            call = partial(there.invoke, self._twin, function, canary.message)
            try:
                answer = within(self._waits.call, function, call)
            except L3Error as error:
                return self._missing(f"it stops at the {function}", hint_of(error))
            if isinstance(answer, dict) and answer.get("dead"):
                letter = run(self._letters.newest(canary, since))
                if letter is not None:
                    return self._set_aside(letter)
        hint = f"{not_taken}. Run deploy_l3, which repairs the source's route or rule; see the log of the {SOURCE}"
        return self._missing(f"the {SOURCE} did not take it, but works when it is called", hint)

    def _set_aside(self, letter: CanaryLetter) -> Check:
        self.sightings += sightings_of(letter.message)
        seen = f"set aside by the {letter.function} on {letter.cloud}: {letter.problem}"
        return Check(GROUP, "hot tier", "arrived", seen, False, letter.cause)

    def _missing(self, where: str, hint: str) -> Check:
        seen = f"not there within {self._waits.arrival:g} s: {where}"
        return Check(GROUP, "hot tier", "arrived", seen, False, hint)

    def _see(self, place: str, cloud: str) -> None:
        self.sightings.append(Sighting(place, cloud, self._clock()))


async def _moved_on(cold: ObjectStore | None, canary: Canary) -> bytes | None:
    """The canary in the cold tier; None if it is not there. Raises: StoreError."""
    assert cold is not None
    _, found = await find_in_cold(cold, canary)
    return orjson.dumps(found[0]) if found else None


def _failure_of(way_in: WayIn, message: bytes) -> L3Error | None:
    try:
        way_in.send(message)
    except L3Error as error:
        return error
    return None


def _why_not_taken(failure: L3Error | None, letter: CanaryLetter | None) -> str:
    if failure is not None:
        return hint_of(failure)
    return letter.cause if letter is not None else "The source of layer 1 does not deliver to it"


def hint_of(error: L3Error) -> str:
    """Return the error's cause and remedy."""
    return f"{error.resource} {error.cause}. {error.remedy}".rstrip(". ")
