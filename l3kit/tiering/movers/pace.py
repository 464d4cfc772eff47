"""A mover's time budget: whether there is time for one more chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

RESERVE_SECONDS = 10.0
"""Time reserved for closing the journal and storing the report before the runtime's deadline."""


class Pace:
    """Decides whether there is time for one more chunk: the reserve plus twice the slowest chunk so far.

    Args:
        remaining: seconds until the runtime's deadline.
    """

    def __init__(self, remaining: Callable[[], float]) -> None:
        self._remaining = remaining
        self._slowest = 0.0
        self._over = False

    def time_left(self) -> bool:
        """Return whether another chunk may begin; once False, always False."""
        self._over = self._over or self._remaining() < RESERVE_SECONDS + 2 * self._slowest
        return not self._over

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure the duration of the chunk moved within the block."""
        before = self._remaining()
        yield
        self._slowest = max(self._slowest, before - self._remaining())

    def turn(self) -> Callable[[], bool]:
        """Return a device's own `time_left`, which also measures how long its chunks take."""
        last: float | None = None

        def time_left() -> bool:
            nonlocal last
            remaining = self._remaining()
            if last is not None:
                self._slowest = max(self._slowest, last - remaining)
            last = remaining
            return self.time_left()

        return time_left
