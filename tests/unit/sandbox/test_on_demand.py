"""A part that is started when it is first needed: once for all who need it, and again after a start that failed."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from l3kit.errors import SandboxError
from l3kit.sandbox.emulators import Emulator
from l3kit.sandbox.on_demand import OnDemand
from l3kit.sandbox.state import ProcessInfo


class Starts:
    """Counts them; each takes until `go` is set, and fails as often as told."""

    def __init__(self, failures: int = 0) -> None:
        self.begun, self.failures, self.go = 0, failures, asyncio.Event()
        self.told: list[Emulator] = []
        self.part = OnDemand(self.start, self.told.append)

    async def start(self) -> Emulator:
        self.begun += 1
        await self.go.wait()
        if self.begun <= self.failures:
            raise SandboxError("sandbox emulator x", "ended with exit code 7")
        return Emulator(ProcessInfo("x", 1, 4711, "x.log", 1.0), cast(Any, None))


def test_all_who_need_it_at_once_wait_for_one_start() -> None:
    async def scene() -> None:
        starts = Starts()
        asking = [asyncio.create_task(starts.part.port()) for _ in range(5)]
        await asyncio.sleep(0)
        starts.go.set()
        assert await asyncio.gather(*asking) == [4711] * 5
        assert await starts.part.port() == 4711
        assert (starts.begun, len(starts.told)) == (1, 1)

    asyncio.run(scene())


def test_a_failed_start_is_told_to_all_and_tried_again_by_the_next() -> None:
    async def scene() -> None:
        starts = Starts(failures=1)
        starts.go.set()
        told = await asyncio.gather(*(starts.part.port() for _ in range(3)), return_exceptions=True)
        assert [str(one) for one in told] == ["sandbox emulator x: ended with exit code 7"] * 3
        assert starts.part.emulator is None
        assert await starts.part.port() == 4711
        assert (starts.begun, len(starts.told)) == (2, 1)

    asyncio.run(scene())


def test_who_gives_up_waiting_does_not_end_the_start() -> None:
    async def scene() -> None:
        starts = Starts()
        one = asyncio.create_task(starts.part.port())
        await asyncio.sleep(0)
        one.cancel()
        starts.go.set()
        assert await starts.part.port() == 4711
        assert starts.begun == 1

    asyncio.run(scene())


def test_a_start_under_way_ends_with_the_gateway() -> None:
    async def scene() -> None:
        starts = Starts()
        starts.part.begin()
        await asyncio.sleep(0)
        await starts.part.give_up()
        assert (starts.part.emulator, starts.told) == (None, [])

    asyncio.run(scene())
