"""The faults of `faults.plans` for Firestore's gRPC calls."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import grpc

from l3kit.sandbox.faults.plans import AFTER, AGAIN
from l3kit.sandbox.faults.services import agent_caller
from l3kit.sandbox.gcp.firestore import CallInfo, CallRefusedError

if TYPE_CHECKING:
    from l3kit.sandbox.faults.plans import FaultPlans, Plan

SILENCE_SECONDS = 600.0
REFUSALS = {
    "error_500": grpc.StatusCode.INTERNAL,
    "error_503": grpc.StatusCode.UNAVAILABLE,
    "throttle": grpc.StatusCode.RESOURCE_EXHAUSTED,
}


class FirestoreFaults:
    """`Intercept` of the sandbox's Firestore that carries out fault plans."""

    def __init__(self, plans: FaultPlans) -> None:
        self._plans = plans
        self._due: dict[asyncio.Task[object] | None, tuple[Plan, str]] = {}

    async def before(self, call: CallInfo) -> None:
        plan = self._plans.of_caller(agent_caller(call.agent))
        if plan is None:
            return
        action = plan.note(f"firestore {call.method} {call.subject}".rstrip())
        if action == "delay" or action in AFTER:
            self._due[asyncio.current_task()] = (plan, action)
        if action == "delay":
            await asyncio.sleep(plan.random.random() * plan.milliseconds / 1000)
        elif action == "kill_before":
            self._plans.kill(plan.caller)
            raise _lost()
        elif action == "silence":
            await asyncio.sleep(SILENCE_SECONDS)
        elif action == "pause_before":
            await plan.hold()
        elif action == AGAIN:
            raise CallRefusedError(grpc.StatusCode.UNIMPLEMENTED, "The sandbox cannot deliver calls of Firestore twice")
        elif action in REFUSALS:
            raise CallRefusedError(REFUSALS[action], "The service cannot answer now")

    async def after(self, call: CallInfo) -> None:
        if asyncio.current_task() not in self._due:
            return
        plan, action = self._due.pop(asyncio.current_task())
        if action == "delay":
            await asyncio.sleep(plan.random.random() * plan.milliseconds / 1000)
        elif action == "kill_after":
            self._plans.kill(plan.caller)
            raise _lost()
        elif action in ("lose_answer", "cut_answer"):
            raise _lost()
        elif action == "silence_after":
            await asyncio.sleep(SILENCE_SECONDS)
        elif action == "pause_after":
            await plan.hold()


def _lost() -> CallRefusedError:
    return CallRefusedError(grpc.StatusCode.UNAVAILABLE, "The connection was lost")
