"""Delivery faults: requests delivered a second time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from l3kit.sandbox.faults.services import Handler, service_of
from l3kit.sandbox.upstream import BODY, WHOLE


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
    _under_way: int = 0
    _ended: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def carry_out(self, request: web.Request, handler: Handler, calls: int) -> web.StreamResponse:
        """Carry a request out and keep it for a second delivery; 501 for a service whose calls cannot be repeated."""
        if refused := service_of(request).once:
            return web.Response(status=501, text=refused)
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
        """Deliver all waiting requests in their original order; wait for those under way."""
        for late in list(self.waiting):
            await self._deliver(late)
        async with self._ended:
            await self._ended.wait_for(lambda: not self._under_way)

    async def _deliver(self, late: _Late) -> None:
        if late not in self.waiting:
            return
        self.waiting.remove(late)
        self._under_way += 1
        try:
            await late.deliver()
            self.delivered += 1
        finally:
            self._under_way -= 1
            async with self._ended:
                self._ended.notify_all()
