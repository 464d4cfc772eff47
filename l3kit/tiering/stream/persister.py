"""The persister: brings items into the hot tier, then has their events checked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime

import orjson

from l3kit.errors import CallError, ConfigurationError
from l3kit.tiering.format.chunks import CANARY_DEVICE
from l3kit.tiering.format.messages import MessageRules, Telemetry
from l3kit.tiering.stream.batches import Counts, call_of, cut, size_in_call
from l3kit.tiering.stream.handing_on import Next
from l3kit.tiering.stream.letters import ACTION_FAILED, Letters
from l3kit.tiering.stream.patience import Patience
from l3kit.tiering.stream.ports import Peers
from l3kit.tiering.stream.screening import Screening
from l3kit.tiering.stream.settling import settled

CHECKER = "event-checker"
CHECKING_SHARE = 0.75
"""Share of the invocation's remaining time for checking events, so that failures can still be recorded."""

log = logging.getLogger(__name__)


class EventCalls:
    """Calls to the event checker. A failed one becomes a dead letter per item; the items are already stored."""

    def __init__(self, peers: Peers, letters: Letters, source_cloud: str, patience: Patience) -> None:
        self._peers = peers
        self._letters = letters
        self._source_cloud = source_cloud
        self._patience = patience

    async def check(self, items: Sequence[Telemetry]) -> None:
        """Have the events of stored items checked. Raises: StoreError if a dead letter could not be stored."""
        for batch in cut(items, size_in_call):
            try:
                async with asyncio.timeout(max(self._patience.left(), 0.0) * CHECKING_SHARE):
                    await self._call(batch)
            except (CallError, ConfigurationError, TimeoutError) as error:
                why = f"{CHECKER} did not answer in time" if isinstance(error, TimeoutError) else str(error)
                cause = f"Its events were not checked: {why}"
                await self._letters.write([self._letters.of_item(ACTION_FAILED, cause, item) for item in batch])

    async def _call(self, batch: Sequence[Telemetry]) -> None:
        answer = await self._peers.call(CHECKER, call_of(batch, self._source_cloud))
        try:
            checked = orjson.loads(answer)["checked"]
        except (ValueError, KeyError, TypeError):
            checked = None
        if checked != len(batch):
            raise CallError(CHECKER, f"its answer does not account for the {len(batch)} items sent", "See its log")


class Persister:
    """Stores items. A redelivered item is stored once, but its events are checked again.

    Args:
        tier: the hot store, or its writer on another cloud.
        events: None if the twin has no events.
        clock: wall clock, UTC.
    """

    def __init__(
        self,
        rules: MessageRules,
        letters: Letters,
        tier: Next,
        events: EventCalls | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._rules = rules
        self._letters = letters
        self._tier = tier
        self._events = events
        self._clock = clock

    async def handle(self, event: bytes) -> Counts:
        """Handle a call. Raises: CallError, StoreError; the caller may call again.

        Events are checked after storing, also for items stored before: the run that stored them may
        have ended before the check. A canary is no reading, so it has no events.
        """
        screened = Screening(self._rules, self._letters, self._clock()).call(event)
        counts = await settled(self._letters, screened.dead, self._tier.take(screened.items))
        readings = [item for item in screened.items if item.device_id != CANARY_DEVICE]
        if self._events and readings:
            await self._events.check(readings)
        return counts
