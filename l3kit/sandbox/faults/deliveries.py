"""Faults in how a request is delivered: only a part of a batch is carried out, or all of it a second time, later."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from l3kit.sandbox.aws.answers import json_answer
from l3kit.sandbox.faults.services import SERVICE, operation
from l3kit.sandbox.upstream import BODY, WHOLE

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
THROTTLED = (
    {"Code": "ThrottlingError", "Message": "Throughput exceeds the current capacity of your table or index"},
    {"Code": "ProvisionedThroughputExceeded", "Message": "The level of throughput was exceeded"},
)
"""In turn: DynamoDB's service model names both, and a caller must know both."""


async def partial(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Carry out half of a batch, any other call as a whole."""
    if operation(request) == "BatchWriteItem":
        return await _half_of_items(request, handler)
    if operation(request) == "BatchExecuteStatement":
        return await _half_of_statements(request, handler)
    return await handler(request)


async def _half_of_items(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The first half is done; the answer lists the rest as unprocessed."""
    content = json.loads(request[BODY])
    ((table, entries),) = content["RequestItems"].items()
    done, left = entries[: len(entries) // 2], entries[len(entries) // 2 :]
    if done:
        answer = await _with_body(request, {**content, "RequestItems": {table: done}}, handler)
        if answer.status != 200:
            return answer
    return json_answer({"UnprocessedItems": {table: left}})


async def _half_of_statements(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every second statement is carried out, from the second on; the others are answered as throttled."""
    content = json.loads(request[BODY])
    statements = content["Statements"]
    answered: dict[str, Any] = {"Responses": []}
    if done := statements[1::2]:
        answer = await _with_body(request, {**content, "Statements": done}, handler)
        if answer.status != 200:
            return answer
        assert isinstance(answer.body, bytes)
        answered = json.loads(answer.body)
    carried_out = iter(answered["Responses"])
    answered["Responses"] = [
        next(carried_out) if number % 2 else {"Error": THROTTLED[number // 2 % 2]} for number in range(len(statements))
    ]
    return json_answer(answered)


async def _with_body(request: web.Request, content: Any, handler: Handler) -> web.Response:
    request[BODY] = json.dumps(content).encode()
    request[WHOLE] = True
    answer = await handler(request)
    assert isinstance(answer, web.Response)
    return answer


@dataclass(slots=True)
class _Late:
    """A request that its service will get again. `calls`: of the caller until then; 0 or less: only when told to."""

    request: web.Request
    handler: Handler
    calls: int


@dataclass(slots=True)
class LateDeliveries:
    """The requests of one caller that are on their way a second time. `delivered`: how many have arrived."""

    waiting: list[_Late] = field(default_factory=list)
    delivered: int = 0

    async def carry_out(self, request: web.Request, handler: Handler, calls: int) -> web.StreamResponse:
        """Carry a request out, and keep it for later; 501 from a service that reads its bodies but once."""
        if request.app.get(SERVICE) == "storage":
            return web.Response(status=501, text="The sandbox delivers no call of Cloud Storage twice")
        request[BODY] = request[BODY] if BODY in request else await request.read()
        request[WHOLE] = True
        answer = await handler(request)
        self.waiting.append(_Late(request, handler, calls))
        return answer

    async def after_a_call(self, earlier: list[_Late]) -> None:
        """Deliver what was to wait for the call that was just carried out. `earlier`: what waited before it."""
        for late in earlier:
            late.calls -= 1
            if late.calls == 0:
                await self._deliver(late)

    async def deliver_all(self) -> None:
        """Deliver everything that waits, in the order in which it was sent first."""
        for late in list(self.waiting):
            await self._deliver(late)

    async def _deliver(self, late: _Late) -> None:
        if late in self.waiting:
            self.waiting.remove(late)
            await late.handler(late.request)
            self.delivered += 1
