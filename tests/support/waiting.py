"""Waiting for another process, with time limits for a loaded machine."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(done: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Poll until `done`. Returns: whether it was done within the time limit."""
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(0.05)
    return done()
