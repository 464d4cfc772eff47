"""The canary's whole trip: from layer 1 to the hot tier, by the deployed mover to the cold tier, and out again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from l3kit.clouds.ports.checks import Check
from l3kit.clouds.ports.deployed_links import utc_now
from l3kit.errors import L3Error
from l3kit.operate.coroutines import run
from l3kit.operate.movers import MoverRun, run_canary
from l3kit.operate.tier_stores import open_tiers
from l3kit.operate.verify import canary as canaries
from l3kit.operate.verify.canary import Canary
from l3kit.operate.verify.canary_letters import CanaryLetters
from l3kit.operate.verify.message_way import WAITS, MessageWay, Waits, hint_of
from l3kit.operate.verify.way_in import WayIn
from l3kit.tiering.format.canary import Sighting
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.twin.layout import MOVERS

if TYPE_CHECKING:
    from l3kit.session import Session
    from l3kit.twin.config import Twin

GROUP, SUBJECT = "canary", "canary"
MOVE_TRIES = 10


class CanaryTrip:
    """One canary of a twin. Each check knows its own and removes no other that may still be awaited.

    It belongs to the reserved device CANARY_DEVICE, so it is no real device's reading.

    Args:
        clouds: use only these clouds; empty is all.
        way_in: the way into layer 1; None is the session's own.
        clock, sleep: wall clock, UTC; sleeps for the given seconds.

    Attributes:
        way: sightings of the canary, in order.
        notes: on what was not searched.
    """

    def __init__(
        self,
        session: Session,
        twin: Twin,
        clouds: Sequence[str] = (),
        *,
        waits: Waits = WAITS,
        way_in: WayIn | None = None,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._session = session
        self._twin = twin
        self._clouds = clouds
        self._sleep = sleep
        self._waits = waits
        self._way_in = way_in
        self._clock = clock
        self._letters = CanaryLetters(session, twin)
        self.way: list[Sighting] = []
        self.notes: list[str] = []

    def checks(self) -> list[Check]:
        """Send the canary as far as the clouds allow, then remove it; first, remove leftovers of earlier ones."""
        layout = self._twin.layout
        sends = bool(layout.l1) and self._may_use("the message chain", layout.l1, layout.l2, layout.hot)
        moves = self._may_use("the move to the cold tier", layout.hot, layout.cold)
        found: list[Check] = []
        if not (sends or moves):
            return found
        canary = Canary.new(self._twin.config.time_digits, self._clock())
        try:
            run(self._clear(canary, sends=sends, moves=moves))
            for check in self._trip(canary, sends=sends, moves=moves):
                found.append(check)
        except L3Error as error:
            found.append(Check(GROUP, error.resource, "can be checked", error.cause, False, error.remedy))
        finally:
            found += self._removed(canary, sends=sends, moves=moves)
        self.notes += self._letters.notes
        return found

    def _may_use(self, what: str, *clouds: str) -> bool:
        """Return whether these clouds are chosen and reached; add a note on chosen ones that are not reached."""
        if self._clouds and set(clouds) - set(self._clouds):
            return False
        missing = [cloud for cloud in dict.fromkeys(clouds) if self._session.cloud(cloud) is None]
        if missing:
            reason = f"this session does not reach {' and '.join(missing)}"
            self.notes.append(f"The canary's way through {what} could not be checked, since {reason}.")
        return not missing

    def _trip(self, canary: Canary, *, sends: bool, moves: bool) -> Iterator[Check]:
        if sends:
            message = MessageWay(
                self._session,
                self._twin,
                self._letters,
                waits=self._waits,
                way_in=self._way_in,
                clock=self._clock,
                moves=moves,
            )
            try:
                yield from message.checks(canary)
            finally:
                self.way = message.sightings
            item = message.item
        else:
            item = run(self._put(canary))
            self.way = [Sighting("hot tier", self._twin.layout.hot, self._clock())]
        if moves and item is not None:
            yield from self._moved(canary, item)

    def _moved(self, canary: Canary, item: bytes) -> Iterator[Check]:
        for tries_left in reversed(range(MOVE_TRIES)):
            moved = run_canary(self._session, self._twin)
            keys, found, still_hot = run(self._look(canary))
            if (keys and not still_hot) or not moved.skipped or not tries_left:
                break
            self._sleep(self._waits.move)  # the mover is at work for another check
        (report,) = moved.reports
        self.way.append(Sighting(MOVERS[0], self._twin.layout.hot, datetime.fromisoformat(report["started"])))
        self.way += run(self._written(keys))
        hint = _why_left(moved)
        yield Check(GROUP, SUBJECT, "moved to cold", "moved" if keys else "not moved", bool(keys), "" if keys else hint)
        same = exact_loads(item) in found
        yield Check(GROUP, SUBJECT, "reads back equal", "equal" if same else "different", same, "" if same else hint)
        gone = not still_hot
        yield Check(GROUP, SUBJECT, "gone from hot", "gone" if gone else "still there", gone, "" if gone else hint)

    def _removed(self, canary: Canary, *, sends: bool, moves: bool) -> list[Check]:
        try:
            run(self._clear(canary, sends=sends, moves=moves))
        except L3Error as error:
            return [Check(GROUP, SUBJECT, "can be removed", error.cause, False, hint_of(error))]
        return []

    async def _put(self, canary: Canary) -> bytes:
        async with open_tiers(self._session, self._twin) as tiers:
            assert tiers.hot is not None
            return await canaries.put(tiers.hot, canary)

    async def _look(self, canary: Canary) -> tuple[list[str], list[Any], bool]:
        """Return the canary's chunks, its items in them, and whether it is still in the hot tier."""
        async with open_tiers(self._session, self._twin) as tiers:
            assert tiers.hot is not None
            assert tiers.cold is not None
            keys, found = await canaries.find_in_cold(tiers.cold, canary)
            return keys, found, await canaries.find(tiers.hot, canary) is not None

    async def _written(self, keys: Sequence[str]) -> list[Sighting]:
        async with open_tiers(self._session, self._twin) as tiers:
            assert tiers.cold is not None
            return await canaries.written(tiers.cold, self._twin.layout.cold, keys)

    async def _clear(self, canary: Canary, *, sends: bool, moves: bool) -> None:
        """Remove the canary and leftovers of earlier ones from all places on the way."""
        now = self._clock()
        async with open_tiers(self._session, self._twin) as tiers:
            assert tiers.hot is not None
            await canaries.clear_hot(tiers.hot, canary, now)
            if moves:
                assert tiers.cold is not None
                await canaries.clear_cold(tiers.cold, canary, now)
        if sends:
            await self._letters.clear(canary, now)


def _why_left(moved: MoverRun) -> str:
    reasons = [f"{skip['key']}: {skip['reason']}" for skip in moved.skipped]
    return "; ".join(reasons) or "Run deploy_l3, so that the deployed mover knows canaries; see its log"
