"""Running coroutines from ordinary code, also where an event loop is already running, as in Jupyter."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, wait
from typing import Any, TypeVar

T = TypeVar("T")
SIGNAL_SECONDS = 0.5
"""Python acts on a signal that comes just before a wait begins only when that wait ends: so it must end."""
START_ROUNDS = 20
"""Such waits after which a thread that has not begun will not begin any more."""


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to completion and return the result. Inside a running loop this happens on a thread of its own.

    An interrupt (Jupyter's stop button) cancels the coroutine, waits until it has tidied up, and is raised.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    begun: Future[Callable[[], object]] = Future()
    outcome: Future[T] = Future()

    async def cancellable() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        begun.set_result(lambda: loop.call_soon_threadsafe(task.cancel))
        return await coroutine

    def work() -> None:
        try:
            outcome.set_result(asyncio.run(cancellable()))
        except BaseException as error:
            outcome.set_exception(error)

    # Not an executor: one that is interrupted while it starts its thread forgets it and does not wait for it.
    thread = threading.Thread(target=work, name="l3kit-coroutine")
    try:
        thread.start()
        _wait(outcome, thread)
    except KeyboardInterrupt:  # which may come before the coroutine has begun: then it ends as it begins
        begun.add_done_callback(_cancel)
        _wait(outcome, thread)
        raise
    thread.join()
    return outcome.result()


def _wait(outcome: Future[Any], thread: threading.Thread) -> None:
    """Until it is done, or it is clear that the thread was interrupted before it ran."""
    rounds = 0
    while not wait([outcome], SIGNAL_SECONDS).done:
        rounds += 1
        if thread.ident is None and rounds > START_ROUNDS:
            return


def _cancel(begun: Future[Callable[[], object]]) -> None:
    with contextlib.suppress(RuntimeError):  # it has ended meanwhile
        begun.result()()
