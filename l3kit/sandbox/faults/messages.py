"""Faults of the deliveries from a message source (IoT rule, IoT Hub, Pub/Sub) to a function.

A delivery counts as a call of `source-of-FUNCTION`: `arm(endpoint, "source-of-twin-dispatcher", "deliver_again")`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from l3kit.sandbox.faults.plans import AGAIN, Plan

SOURCE = "source-of-"
UNTRIED = frozenset(("kill_before", "error_500", "error_503", "throttle", "silence"))
"""The delivery fails without reaching the function."""
UNHEARD = frozenset(("kill_after", "lose_answer", "silence_after", "cut_answer"))
"""The function carries it out, and its answer is lost; so the source delivers again."""
Result = TypeVar("Result")


class MessageFaults:
    """Carries out the faults arranged for the deliveries of all sources.

    Args:
        plan_of: returns the plan for a caller's calls; None without one.
        kill: ends a function's process like a crash.
    """

    def __init__(self, plan_of: Callable[[str], Plan | None], kill: Callable[[str], None]) -> None:
        self._plan_of = plan_of
        self._kill = kill

    async def deliver(
        self, function: str, what: str, attempt: Callable[[], Awaitable[Result]], failed: Result
    ) -> Result:
        """Deliver once, with the fault arranged for it.

        Args:
            function: deployed name of the function.
            what: the delivery, as in the plan's list of calls.
            attempt: delivers to the function.
            failed: result of a delivery that was not acknowledged.
        """
        plan = self._plan_of(SOURCE + function)
        if plan is None:
            return await attempt()
        action = plan.note(what)
        earlier = list(plan.late.waiting)
        if action == "delay":
            await asyncio.sleep(plan.random.random() * plan.milliseconds / 1000)
        if action == "pause_before":
            await plan.hold()
        result = failed if action in UNTRIED else await attempt()
        if action == "pause_after":
            await plan.hold()
        if action == "kill_after":
            self._kill(function)
        if action == AGAIN:
            plan.late.keep(attempt, plan.after)
        await plan.late.after_a_call(earlier)
        return failed if action in UNHEARD else result
