"""Whether a mover still has time for one more chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

RESERVE_SECONDS = 10.0
"""Time kept for closing the journal and storing the report before the runtime's deadline."""


class Pace:
    """Decides whether there is time for one more chunk: the reserve and twice the slowest chunk so far must remain.

    Args:
        remaining: seconds until the runtime's deadline.
    """

    def __init__(self, remaining: Callable[[], float]) -> None:
        self._remaining = remaining
        self._slowest = 0.0
        self._over = False

    def time_left(self) -> bool:
        """Whether another chunk may begin; once False it stays so."""
        self._over = self._over or self._remaining() < RESERVE_SECONDS + 2 * self._slowest
        return not self._over

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure how long the chunk within takes."""
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
