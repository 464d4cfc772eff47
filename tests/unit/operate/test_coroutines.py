"""Coroutines from ordinary code: results, errors and interruptions, with a loop running (Jupyter) or not."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import textwrap
import threading

import pytest

from l3kit.errors import StoreError
from l3kit.operate.coroutines import run


async def _thread() -> int:
    await asyncio.sleep(0)
    return threading.get_ident()


async def _fail() -> None:
    raise StoreError("table", "is gone")


def test_without_a_loop_it_runs_on_this_thread() -> None:
    assert run(_thread()) == threading.get_ident()


class Shown:
    """A result whose text is expensive, so it counts how often it is asked for."""

    asked = 0

    def __repr__(self) -> str:
        self.asked += 1
        return "shown"


def test_nobody_asks_for_the_text_of_the_result() -> None:
    async def work() -> Shown:
        return Shown()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # of a job in the background it is ignored
    try:
        assert run(work()).asked == 0
    finally:
        signal.signal(signal.SIGINT, before)


def test_inside_a_running_loop_it_runs_on_another_thread_to_its_end() -> None:
    async def cell() -> int:
        return run(_thread())

    assert asyncio.run(cell()) != threading.get_ident()


def test_it_can_be_used_again_and_again_inside_one_loop() -> None:
    async def cell() -> int:
        return len([run(_thread()) for _ in range(20)])

    assert asyncio.run(cell()) == 20
    assert "l3kit-coroutine" not in [thread.name for thread in threading.enumerate()]


def test_errors_arrive_as_they_are_either_way() -> None:
    async def cell() -> None:
        run(_fail())

    with pytest.raises(StoreError, match="table: is gone"):
        run(_fail())
    with pytest.raises(StoreError, match="table: is gone"):
        asyncio.run(cell())


INTERRUPTED = """
    import asyncio, signal, sys
    from l3kit.operate.coroutines import run

    signal.signal(signal.SIGINT, signal.default_int_handler)

    async def long():
        print("begun", flush=True)
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError as error:
            error.add_note("half")
            raise
        finally:
            print("tidied", flush=True)

    async def cell():
        run(long())

    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(cell()) if sys.argv[1] == "in a loop" else run(long())
    except KeyboardInterrupt as stop:
        print("interrupted at", *stop.__notes__, flush=True)
"""


@pytest.mark.parametrize("where", ["in a loop", "without one"])
def test_an_interruption_stops_it_at_once_lets_it_tidy_up_and_has_its_notes(where: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(INTERRUPTED), where], stdout=subprocess.PIPE, text=True
    ) as cell:
        assert cell.stdout is not None
        assert cell.stdout.readline() == "begun\n"
        cell.send_signal(signal.SIGINT)
        try:
            assert cell.communicate(timeout=240)[0].splitlines() == ["tidied", "interrupted at half"]
        finally:
            cell.kill()


INTERRUPTED_AT_ONCE = """
    import asyncio, gc, signal, threading
    from l3kit.operate.coroutines import run

    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where it was ignored around these tests

    async def long():
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        await asyncio.sleep(600)

    async def cell():
        run(long())

    loop = asyncio.new_event_loop()
    gc.disable()  # Python drops an interruption that comes while a __del__ runs, as those of event loops do
    for _ in range(300):
        try:
            loop.run_until_complete(cell())
        except KeyboardInterrupt:
            pass
        else:
            raise SystemExit("was not interrupted")
    print("300 times")
"""


def test_an_interruption_as_the_coroutine_begins_stops_it_too() -> None:
    """The signal may find the main thread anywhere between handing the coroutine over and waiting for it."""
    command = [sys.executable, "-c", textwrap.dedent(INTERRUPTED_AT_ONCE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.stdout == "300 times\n", done.stderr
