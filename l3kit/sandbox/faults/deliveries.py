"""Delivery faults: partially processed batches and requests delivered a second time."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from l3kit.sandbox.answers import json_answer
from l3kit.sandbox.faults.services import SERVICE, operation
from l3kit.sandbox.upstream import BODY, WHOLE

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
THROTTLED = (
    {"Code": "ThrottlingError", "Message": "Throughput exceeds the current capacity of your table or index"},
    {"Code": "ProvisionedThroughputExceeded", "Message": "The level of throughput was exceeded"},
)
"""Returned alternately, because DynamoDB's service model has both and a caller must handle both."""


async def partial(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Carry out half of a batch; pass any other call on unchanged."""
    if operation(request) == "BatchWriteItem":
        return await _half_of_items(request, handler)
    if operation(request) == "BatchExecuteStatement":
        return await _half_of_statements(request, handler)
    return await handler(request)


async def _half_of_items(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Carry out the first half of the items and answer that the rest is unprocessed."""
    content = json.loads(request[BODY])
    ((table, entries),) = content["RequestItems"].items()
    done, left = entries[: len(entries) // 2], entries[len(entries) // 2 :]
    if done:
        answer = await _with_body(request, {**content, "RequestItems": {table: done}}, handler)
        if answer.status != 200:
            return answer
    return json_answer({"UnprocessedItems": {table: left}})


async def _half_of_statements(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Carry out every second statement, starting with the second, and answer that the others are throttled."""
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
    """Something to deliver again. `calls`: the caller's calls until then; 0 or less: only on `deliver_all`."""

    deliver: Callable[[], Awaitable[object]]
    calls: int


@dataclass(slots=True)
class LateDeliveries:
    """Second deliveries of one caller's requests. `delivered`: number carried out so far."""

    waiting: list[_Late] = field(default_factory=list)
    delivered: int = 0

    async def carry_out(self, request: web.Request, handler: Handler, calls: int) -> web.StreamResponse:
        """Carry a request out and keep it for a second delivery; 501 for Cloud Storage, which streams its bodies."""
        if request.app.get(SERVICE) == "storage":
            return web.Response(status=501, text="The sandbox cannot deliver calls of Cloud Storage twice")
        request[BODY] = request[BODY] if BODY in request else await request.read()
        request[WHOLE] = True
        answer = await handler(request)
        self.keep(lambda: handler(request), calls)
        return answer

    def keep(self, deliver: Callable[[], Awaitable[object]], calls: int) -> None:
        """Keep a second delivery until the caller has made this many further calls; 0: until `deliver_all`."""
        self.waiting.append(_Late(deliver, calls))

    async def after_a_call(self, earlier: list[_Late]) -> None:
        """Count a completed call and deliver what is due. `earlier`: requests that were waiting before that call."""
        for late in earlier:
            late.calls -= 1
            if late.calls == 0:
                await self._deliver(late)

    async def deliver_all(self) -> None:
        """Deliver all waiting requests in their original order."""
        for late in list(self.waiting):
            await self._deliver(late)

    async def _deliver(self, late: _Late) -> None:
        if late in self.waiting:
            self.waiting.remove(late)
            await late.deliver()
            self.delivered += 1
