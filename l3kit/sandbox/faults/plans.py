"""Fault plans of the gateway, which carries the faults out between a function and its clouds.

Each calling function has at most one plan, which counts the function's calls and acts on the n-th. The deployed
function is unchanged. Tests and notebooks use the client side, `l3kit.sandbox.faults.arranged`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from l3kit.sandbox.answers import json_answer
from l3kit.sandbox.faults.deliveries import LateDeliveries
from l3kit.sandbox.faults.services import Handler, caller_of, function_of, service_of
from l3kit.sandbox.upstream import BODY, WHOLE

SILENCE_SECONDS = 600.0
POLL_SECONDS = 0.02
AGAIN = "deliver_again"
BEFORE = ("kill_before", "error_500", "error_503", "throttle", "partial", "silence", "pause_before")
AFTER = ("kill_after", "lose_answer", "silence_after", "cut_answer", "pause_after")
ACTIONS = ("watch", "delay", *BEFORE, *AFTER, AGAIN)


class _Unanswered(Exception):
    """The connection is to be closed without an answer."""


@dataclass(slots=True)
class Plan:
    """One function's fault and the calls so far.

    Attributes:
        writer: function whose URL the caller posts to, if any.
        about: text in the description of the calls to count; all other calls are passed on.
        at: number of the call to act on, from 1; 0 for none.
        times: number of consecutive calls.
        after: for `deliver_again`: number of further calls; 0 for `go_on` only.
        calls: service, operation and object of each call, in order of arrival.
    """

    caller: str
    action: str = "watch"
    at: int = 0
    times: int = 1
    writer: str | None = None
    seed: int = 0
    milliseconds: int = 20
    after: int = 0
    about: str = ""
    calls: list[str] = field(default_factory=list)
    fired: int = 0
    held: bool = False
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    random: random.Random = field(default_factory=random.Random)
    late: LateDeliveries = field(default_factory=LateDeliveries)

    @classmethod
    def of(cls, content: dict[str, Any]) -> Plan:
        """Build a plan from a JSON object. Raises: ValueError naming the problem."""
        wanted = ("caller", "action", "at", "times", "writer", "seed", "milliseconds", "after", "about")
        unknown = sorted(set(content) - set(wanted))
        if unknown or not isinstance(content.get("caller"), str):
            raise ValueError(f"a plan has {', '.join(wanted)}; caller is required; unknown: {unknown}")
        plan = cls(**content)
        _check_action(plan.action)
        plan.random = random.Random(plan.seed)
        return plan

    def note(self, call: str) -> str:
        """Count a call, if it is one to count, and return the action that is due."""
        if self.about not in call:
            return "watch"
        self.calls.append(call)
        return self.due(len(self.calls))

    def due(self, number: int) -> str:
        """The action for the call with this number."""
        if self.action in ("watch", "delay"):
            return self.action
        due = self.at <= number < self.at + self.times
        self.fired += due
        return self.action if due else "watch"

    async def hold(self) -> None:
        self.held = True
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                await self.go_on.wait()
        finally:
            self.held = False
            self.go_on.clear()

    def to_json(self) -> dict[str, Any]:
        return {
            "calls": self.calls,
            "fired": self.fired,
            "held": self.held,
            "waiting": len(self.late.waiting),
            "delivered": self.late.delivered,
        }


class FaultPlans:
    """All fault plans of a gateway.

    Args:
        kill: ends an instance of a function, or all busy ones if the instance is None, like a crash.
    """

    def __init__(self, kill: Callable[[str, str | None], None]) -> None:
        self._kill = kill
        self._plans: dict[str, Plan] = {}

    def add_routes(self, app: web.Application, admin: Callable[[Handler], Handler]) -> None:
        app.router.add_post("/_sandbox/faults", admin(self._arm))
        app.router.add_get("/_sandbox/faults/{caller}", admin(self._show))
        app.router.add_post("/_sandbox/faults/{caller}/go-on", admin(self._release))
        app.router.add_post("/_sandbox/faults/{caller}/deliver", admin(self._deliver))
        app.router.add_delete("/_sandbox/faults/{caller}", admin(self._disarm))

    async def handle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Pass a request to its handler, applying the caller's plan."""
        found = self._plan_of(request) if self._plans else None
        if found is None:
            return await handler(request)
        plan, instance = found
        service = service_of(request)
        if service.needs_body:
            request[BODY] = await request.read()
        action = plan.note(service.describe(request))
        earlier = list(plan.late.waiting)
        try:
            answer = await self._act(action, plan, instance, request, handler)
            await plan.late.after_a_call(earlier)
            return answer
        except _Unanswered:
            await plan.late.after_a_call(earlier)
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)

    async def _act(
        self, action: str, plan: Plan, instance: str | None, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        if action == "delay":
            await asyncio.sleep(plan.random.random() * plan.milliseconds / 1000)
            answer = await handler(request)
            await asyncio.sleep(plan.random.random() * plan.milliseconds / 1000)
            return answer
        if action == AGAIN:
            return await plan.late.carry_out(request, handler, plan.after)
        if action in AFTER:
            request[WHOLE] = True
            answer = await handler(request)
            return await self._after(action, plan, instance, request, answer)
        return await self._before(action, plan, instance, request, handler)

    async def _before(
        self, action: str, plan: Plan, instance: str | None, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        if action == "kill_before":
            self._kill(plan.caller, instance)
            raise _Unanswered
        if action == "silence":
            await _silence(request)
        if action == "pause_before":
            number = len(plan.calls)
            await plan.hold()
            if plan.action != "pause_before":
                return await self._act(plan.due(number), plan, instance, request, handler)
        if action == "error_500":
            return service_of(request).error(500)
        if action == "error_503":
            return service_of(request).error(503)
        if action == "throttle":
            return service_of(request).throttled()
        if action == "partial":
            return await service_of(request).partial(request, handler)
        return await handler(request)

    async def _after(
        self, action: str, plan: Plan, instance: str | None, request: web.Request, answer: web.StreamResponse
    ) -> web.StreamResponse:
        if action == "pause_after":
            await plan.hold()
            return answer
        if action == "kill_after":
            self._kill(plan.caller, instance)
        elif action == "silence_after":
            await _silence(request)
        elif action == "cut_answer":
            await _cut(request, answer)
        raise _Unanswered

    def of_caller(self, function: str) -> Plan | None:
        """The plan for this function's calls."""
        return self._plans.get(function)

    def kill(self, function: str, instance: str | None = None) -> None:
        """End the function's process like a crash."""
        self._kill(function, instance)

    def _plan_of(self, request: web.Request) -> tuple[Plan, str | None] | None:
        caller, instance = caller_of(request)
        if caller in self._plans:
            return self._plans[caller], instance
        writer = function_of(request)
        for plan in self._plans.values():
            if writer and plan.writer == writer:
                return plan, None
        return None

    async def _arm(self, request: web.Request) -> web.Response:
        plan = Plan.of(await request.json())
        self._plans[plan.caller] = plan
        return json_answer(plan.to_json())

    async def _show(self, request: web.Request) -> web.Response:
        plan = self._plans.get(request.match_info["caller"])
        return json_answer(plan.to_json()) if plan else json_answer({"error": "no such plan"}, 404)

    async def _release(self, request: web.Request) -> web.Response:
        plan = self._plans.get(request.match_info["caller"])
        if plan is None or not (plan.held or plan.late.waiting):
            return json_answer({"error": "nothing is held"}, 409)
        if request.can_read_body:
            following = await request.json()
            _check_action(following["action"])
            plan.action, plan.at = following["action"], following["at"]
        if plan.held:
            plan.go_on.set()
        await plan.late.deliver_all()
        return json_answer(plan.to_json())

    async def _deliver(self, request: web.Request) -> web.Response:
        plan = self._plans.get(request.match_info["caller"])
        if plan is None:
            return json_answer({"error": "no such plan"}, 404)
        await plan.late.deliver_all()
        return json_answer(plan.to_json())

    async def _disarm(self, request: web.Request) -> web.Response:
        plan = self._plans.pop(request.match_info["caller"], None)
        if plan is None:
            return json_answer({"error": "no such plan"}, 404)
        plan.go_on.set()
        return json_answer(plan.to_json())


def _check_action(action: str) -> None:
    if action not in ACTIONS:
        raise ValueError(f"action must be one of {', '.join(ACTIONS)}, not {action!r}")


async def _silence(request: web.Request) -> None:
    """Wait until the caller closes the connection, then leave the request unanswered."""
    for _ in range(int(SILENCE_SECONDS / POLL_SECONDS)):
        if request.transport is None or request.transport.is_closing():
            break
        await asyncio.sleep(POLL_SECONDS)
    raise _Unanswered


async def _cut(request: web.Request, answer: web.StreamResponse) -> None:
    """Send the head and the first half of the body."""
    body = answer.body if isinstance(answer, web.Response) else None
    if isinstance(body, bytes) and len(body) > 1 and request.transport is not None:
        head = f"HTTP/1.1 {answer.status} OK\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        request.transport.write(head + body[: len(body) // 2])
        await asyncio.sleep(POLL_SECONDS)
