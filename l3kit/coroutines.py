"""Running coroutines from ordinary code, also where an event loop is already running, as in Jupyter."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to completion and return the result. Inside a running loop this happens on a thread of its own.

    An interrupt (Jupyter's stop button) cancels the coroutine, waits until it has tidied up, and is raised.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    begun: Future[Callable[[], object]] = Future()

    async def cancellable() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        begun.set_result(lambda: loop.call_soon_threadsafe(task.cancel))
        return await coroutine

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="l3kit-coroutine") as executor:
        outcome = executor.submit(asyncio.run, cancellable())
        try:
            return outcome.result()
        except KeyboardInterrupt:
            with contextlib.suppress(RuntimeError):  # it has ended meanwhile
                begun.result()()
            raise
