"""Waits for what another process does, as long as a loaded machine may take."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(done: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Whether it was done within so many seconds; the caller asserts it."""
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(0.05)
    return done()
