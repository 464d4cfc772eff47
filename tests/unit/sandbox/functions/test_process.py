"""A function's process: its log says once why it ended, and whoever killed it first is named."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from l3kit.sandbox.functions.process import FunctionProcess

HOST = "import sys, time\nsys.exit(int(sys.argv[1])) if sys.argv[1:] else time.sleep(60)\n"
Act = Callable[["Started"], Awaitable[None]]


class Started(FunctionProcess):
    """A process that ends with an exit status at once, or sleeps."""

    async def start(self, *status: str) -> None:
        host = self.log_file.with_name("host.py")
        host.write_text(HOST)
        with self.log_file.open("ab") as output:
            process = await self._spawn(host, *status, folder=host.parent, environment={}, output=output.fileno())
        if status:
            await process.wait()


async def killed(process: Started) -> None:
    await process.start()
    assert process.alive
    process.crash()
    assert not process.alive


async def ended(process: Started) -> None:
    await process.start("3")
    assert not process.alive


async def sleeping(process: Started) -> None:
    await process.start()


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (killed, "was ended: as a crash would"),
        (ended, "ended by itself: exit status 3"),
        (sleeping, "was ended: its function is deleted"),
    ],
)
def test_the_log_says_once_why_a_process_ended(tmp_path: Path, act: Act, told: str) -> None:
    async def run() -> None:
        process = Started(tmp_path / "f.log")
        await act(process)
        for _ in range(2):
            await process.stop("its function is deleted")

    asyncio.run(run())
    (line,) = (tmp_path / "f.log").read_text().splitlines()
    assert line.endswith(told)


def test_a_process_is_unused_once_it_was_idle_for_long_or_has_ended(tmp_path: Path) -> None:
    async def run() -> None:
        process = Started(tmp_path / "f.log")
        assert process.is_unused(process.idle_since, 10)
        await process.start()
        assert not process.is_unused(process.idle_since + 10, 10)
        assert process.is_unused(process.idle_since + 11, 10)
        await process.stop("the test ends")

    asyncio.run(run())
