"""The gates answer as Cosmos DB and Firestore do once their rates are used up, and count what passes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import aiohttp
import grpc
import pytest
from aiohttp import web

from benchmarks.limiting import CosmosGate, FirestoreGate
from benchmarks.rates.cosmos import CosmosLimits
from l3kit.sandbox.gcp.firestore import CallInfo, CallRefusedError

ONE_DEVICE = {"x-ms-documentdb-partitionkey": '["a"]'}
COST = 350.0


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def asked(
    gate_of: Callable[[str], CosmosGate], *requests: dict[str, str]
) -> list[tuple[int, dict[str, str], str]]:
    """Status, headers and body of requests with these headers to a container behind a gate."""

    async def answer(request: web.Request) -> web.Response:
        body = f"{request.method} {request.path_qs} {(await request.read()).decode()}"
        return web.Response(text=body, headers={"x-ms-request-charge": str(COST)})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    gate = gate_of(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    url = await gate.start()
    found = []
    try:
        async with aiohttp.ClientSession() as session:
            for headers in requests:
                async with session.post(f"{url}/dbs/b/colls/c/docs?x=1", headers=headers, data=b"{}") as got:
                    lower = {name.lower(): value for name, value in got.headers.items()}
                    found.append((got.status, lower, await got.text()))
    finally:
        await gate.stop()
        await runner.cleanup()
    return found


def test_what_exceeds_the_request_units_is_told_how_long_to_wait() -> None:
    gates = []

    def gate_of(endpoint: str) -> CosmosGate:
        gates.append(CosmosGate(endpoint, CosmosLimits(400), Clock()))
        return gates[0]

    first, second, third = asyncio.run(asked(gate_of, ONE_DEVICE, ONE_DEVICE, ONE_DEVICE))
    assert (first[0], first[2]) == (200, "POST /dbs/b/colls/c/docs?x=1 {}")
    assert second[0] == 200, "a partition admits while any unit is left"
    assert third[0] == 429
    assert third[1]["x-ms-retry-after-ms"] == "753"
    assert third[1]["x-ms-substatus"] == "3200"
    assert (gates[0].requests, gates[0].throttled, gates[0].charged) == (3, 1, {"a": 2 * COST})


def test_a_crowd_is_not_admitted_on_one_budget() -> None:
    """Ten batches of a hundred operations at once: those beyond the units of a second are refused."""

    async def answer(request: web.Request) -> web.Response:
        await asyncio.sleep(0.05)
        return web.Response(headers={"x-ms-request-charge": "495"})

    async def ask() -> list[int]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        gate = CosmosGate(f"http://127.0.0.1:{runner.addresses[0][1]}", CosmosLimits(2_000), Clock())
        url = await gate.start()
        headers = {**ONE_DEVICE, "x-ms-cosmos-is-batch-request": "True"}
        try:
            async with aiohttp.ClientSession() as session:

                async def one() -> int:
                    async with session.post(f"{url}/docs", headers=headers, json=[{}] * 100) as got:
                        return got.status

                return sorted(await asyncio.gather(*(one() for _ in range(10))))
        finally:
            await gate.stop()
            await runner.cleanup()

    assert asyncio.run(ask()) == [200] * 4 + [429] * 6


def test_requests_of_the_account_pass_and_cost_nothing() -> None:
    gates = []

    def gate_of(endpoint: str) -> CosmosGate:
        gates.append(CosmosGate(endpoint, CosmosLimits(1), Clock()))
        return gates[0]

    assert [one[0] for one in asyncio.run(asked(gate_of, {}, {}, {}))] == [200] * 3
    assert (gates[0].requests, gates[0].charged) == (0, {})


def test_without_limits_costs_are_counted_only() -> None:
    gates = []

    def gate_of(endpoint: str) -> CosmosGate:
        gates.append(CosmosGate(endpoint, None))
        return gates[0]

    assert [one[0] for one in asyncio.run(asked(gate_of, *[ONE_DEVICE] * 3))] == [200] * 3
    assert (gates[0].requests, gates[0].throttled, gates[0].charged) == (3, 0, {"a": 3 * COST})


def calls(gate: FirestoreGate, *infos: CallInfo) -> list[grpc.StatusCode | None]:
    async def one(info: CallInfo) -> grpc.StatusCode | None:
        try:
            await gate.before(info)
        except CallRefusedError as refused:
            return refused.code
        await gate.after(info)
        return None

    async def ask() -> list[grpc.StatusCode | None]:
        return [await one(info) for info in infos]

    return asyncio.run(ask())


def batch(count: int, subject: str = "devices/a/items/x") -> CallInfo:
    return CallInfo("BatchWrite", "agent", subject, count)


def test_writes_that_grow_faster_than_documented_are_aborted() -> None:
    clock = Clock()
    gate = FirestoreGate(limited=True, clock=clock)
    gate.open = True
    assert calls(gate, batch(300), batch(300), batch(100)) == [None, grpc.StatusCode.ABORTED, None]
    clock.now = 0.5
    assert calls(gate, batch(300)) == [None]
    assert (gate.requests, gate.throttled, gate.operations) == (4, 1, 700)


def test_a_document_that_is_written_twice_a_second_is_aborted() -> None:
    gate = FirestoreGate(limited=True, clock=Clock())
    gate.open = True
    read = CallInfo("RunQuery", "agent", "devices/a/items")
    assert calls(gate, batch(1), read, batch(1), batch(1, "other"), read) == [
        None,
        None,
        grpc.StatusCode.ABORTED,
        None,
        None,
    ]


@pytest.mark.parametrize(("limited", "open_"), [(True, False), (False, True)])
def test_a_gate_that_is_shut_or_has_no_limits_refuses_nothing(limited: bool, open_: bool) -> None:
    gate = FirestoreGate(limited=limited, clock=Clock())
    gate.open = open_
    assert calls(gate, *[batch(500)] * 5) == [None] * 5
    assert gate.operations == (2_500 if open_ else 0)
