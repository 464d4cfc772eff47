"""The event checker: evaluates the twin's events on stored items and runs their actions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from l3kit.errors import L3Error
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.format.exact_numbers import exact_loads
from l3kit.tiering.format.messages import MessageRules, Telemetry
from l3kit.tiering.stream.events import Call, Event, Match, matches
from l3kit.tiering.stream.letters import ACTION_FAILED, Letters
from l3kit.tiering.stream.ports import Feedback
from l3kit.tiering.stream.screening import Screening

CONCURRENT = 16
"""Maximum items whose actions run concurrently."""
ACTION_SECONDS = 30.0

log = logging.getLogger(__name__)

CallAction = Callable[[Call, bytes], Awaitable[None]]
"""Calls the function of an action with JSON, and waits for its answer. Raises: L3Error."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Outcomes of the messages of a call.

    Attributes:
        checked: messages.
        fired: completed actions.
        failed: actions that failed, each recorded in a dead letter.
        dead: messages that are no items, also in the dead letters.
    """

    checked: int
    fired: int = 0
    failed: int = 0
    dead: int = 0

    def to_json(self) -> dict[str, int]:
        return {"checked": self.checked, "fired": self.fired, "failed": self.failed, "dead": self.dead}


class EventChecker:
    """Runs the actions of all events whose condition holds, for each item given, at least once.

    Args:
        call: calls functions.
        feedback: opens the sender of feedback; called when an action needs it.
        clock: wall clock, UTC.
        seconds: time limit of one action.
    """

    def __init__(
        self,
        rules: MessageRules,
        letters: Letters,
        events: Sequence[Event],
        call: CallAction,
        feedback: Callable[[], Feedback],
        clock: Callable[[], datetime],
        *,
        seconds: float = ACTION_SECONDS,
    ) -> None:
        self._rules = rules
        self._letters = letters
        self._events = events
        self._call = call
        self._feedback = feedback
        self._clock = clock
        self._seconds = seconds

    async def handle(self, event: bytes) -> Checked:
        """Check the items of a call. A failed action is recorded in a dead letter, and the others still run.

        Raises: StoreError if a dead letter could not be stored; the caller may call again.
        """
        screened = Screening(self._rules, self._letters, self._clock()).call(event)
        outcomes: list[tuple[int, list[str]]] = await Bounded(CONCURRENT).run(
            [self._check(item) for item in screened.items]
        )
        failed = [(item, causes) for item, (_, causes) in zip(screened.items, outcomes, strict=True) if causes]
        letters = [self._letters.of_item(ACTION_FAILED, "; ".join(causes), item) for item, causes in failed]
        await self._letters.write([*screened.dead, *letters])
        fired = sum(number for number, _ in outcomes)
        dead = len(screened.dead)
        return Checked(len(screened.items) + dead, fired, sum(len(causes) for _, causes in failed), dead)

    async def _check(self, item: Telemetry) -> tuple[int, list[str]]:
        """Run an item's actions. Returns: the number carried out, and the causes of the failed ones."""
        fired, causes = 0, []
        for match in matches(self._events, exact_loads(item.json)):
            for action in self._actions(match, item):
                try:
                    async with asyncio.timeout(self._seconds):
                        await action()
                    fired += 1
                except TimeoutError:
                    causes.append(f"{match.event.condition.text}: the action was not done within {self._seconds:g} s")
                except L3Error as error:
                    causes.append(f"{match.event.condition.text}: {error}")
        return fired, causes

    def _actions(self, match: Match, item: Telemetry) -> list[Callable[[], Awaitable[None]]]:
        actions: list[Callable[[], Awaitable[None]]] = []
        if match.event.call is not None:
            actions.append(partial(self._run_call, match.event.call, match, item))
        if match.event.reply is not None:
            actions.append(partial(self._run_reply, match))
        return actions

    async def _run_call(self, call: Call, match: Match, item: Telemetry) -> None:
        await self._call(call, match.call_payload(item.json))

    async def _run_reply(self, match: Match) -> None:
        device, payload = match.reply_payload()
        await self._feedback().send(device, payload)
