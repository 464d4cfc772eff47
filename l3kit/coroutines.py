"""Running coroutines from ordinary code, also where an event loop is already running, as in Jupyter."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to completion and return the result. Inside a running loop this happens on a thread of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="l3kit-coroutine") as executor:
        return executor.submit(asyncio.run, coroutine).result()
