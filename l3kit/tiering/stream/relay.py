"""The work of dispatcher and connector: normalise messages and pass them on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from l3kit.tiering.format.messages import MessageRules
from l3kit.tiering.stream.batches import Counts
from l3kit.tiering.stream.handing_on import Next
from l3kit.tiering.stream.letters import Letters
from l3kit.tiering.stream.screening import Screened, Screening
from l3kit.tiering.stream.settling import settled


class Relay:
    """Passes items on; messages that cannot become items go to the dead letters.

    The connector is a relay from layer 1 to the ingestion on layer 2's cloud.

    Args:
        following: the next function, or the receiver on the next cloud.
        clock: wall clock, UTC.
    """

    def __init__(self, rules: MessageRules, letters: Letters, following: Next, clock: Callable[[], datetime]) -> None:
        self._rules = rules
        self._letters = letters
        self._following = following
        self._clock = clock

    async def handle(self, event: bytes) -> Counts:
        """Handle a call of another function. Raises: CallError, StoreError; the caller may call again."""
        return await self._hand_on(self._screening().call(event))

    def _screening(self) -> Screening:
        return Screening(self._rules, self._letters, self._clock())

    async def _hand_on(self, screened: Screened) -> Counts:
        return await settled(self._letters, screened.dead, self._following.take(screened.items))
