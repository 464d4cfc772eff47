"""Running coroutines from ordinary code, also where an event loop is already running, as in Jupyter."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")
SIGNAL_SECONDS = 0.5
"""Seconds of one wait; Python handles a signal that arrives just before a wait only after it, so it must be short."""
READS_AT_ONCE = 16
"""Number of objects or records that are read concurrently."""
START_ROUNDS = 20
"""Number of waits after which a thread that has not started is taken as never starting."""


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to completion and return the result. Inside a running loop this happens on a thread of its own.

    An interrupt (Ctrl-C, Jupyter's stop button) cancels the coroutine, waits for its cleanup, and is then raised, with
    the notes that the coroutine added to its cancellation.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run_here(coroutine)
    # An interrupt can arrive between any two steps of this thread and would leave a lock just acquired held for ever,
    # so the threads communicate through lists alone, whose append and pop are atomic.
    cancels: list[Callable[[], object]] = []
    stopped: list[bool] = []
    ended: list[T | _Raised] = []
    alarm = threading.Lock()
    alarm.acquire()

    def cancel_once() -> None:
        with contextlib.suppress(IndexError, RuntimeError):  # it has not begun, or has ended
            cancels.pop()()

    async def cancellable() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        cancels.append(lambda: loop.call_soon_threadsafe(task.cancel))
        if stopped:
            cancel_once()
        return await coroutine

    def work() -> None:
        try:
            ended.append(asyncio.run(cancellable()))
        except BaseException as error:
            ended.append(_Raised(error))
        alarm.release()

    # Not an executor: if interrupted while starting its thread, it loses track of the thread and does not wait for it.
    thread = threading.Thread(target=work, name="l3kit-coroutine")
    try:
        thread.start()
        _wait(ended, alarm, thread)
    except KeyboardInterrupt as stop:  # may come before the coroutine has started; it is then cancelled at its start
        stopped.append(True)
        cancel_once()
        _wait(ended, alarm, thread)
        for outcome in ended:
            _take_notes(stop, outcome.error if isinstance(outcome, _Raised) else None)
        raise
    thread.join()
    (outcome,) = ended
    if isinstance(outcome, _Raised):
        raise outcome.error
    return outcome


def _run_here(coroutine: Coroutine[Any, Any, T]) -> T:
    ended: list[T] = []

    async def kept() -> None:
        # Not the task's result: at the end asyncio.run looks at the handler of SIGINT, whose text has that of the task
        # and of its result. A report's text is a table, for which pandas would be loaded.
        ended.append(await coroutine)

    try:
        asyncio.run(kept())
    except KeyboardInterrupt as stop:
        _take_notes(stop, stop.__context__)
        raise
    (outcome,) = ended
    return outcome


def _take_notes(stop: KeyboardInterrupt, cancellation: BaseException | None) -> None:
    for note in getattr(cancellation, "__notes__", ()):
        stop.add_note(note)


@dataclass(frozen=True, slots=True)
class _Raised:
    error: BaseException


def _wait(ended: Sequence[object], alarm: threading.Lock, thread: threading.Thread) -> None:
    """Wait until the coroutine has finished, or the thread was evidently interrupted before it ran."""
    rounds = 0
    while not ended:
        alarm.acquire(timeout=SIGNAL_SECONDS)
        rounds += 1
        if thread.ident is None and rounds > START_ROUNDS:
            return
