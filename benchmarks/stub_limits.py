"""Meters the stub's DynamoDB: what each request takes, and what is refused for want of throughput."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from benchmarks.rates.dynamodb import Direction, DynamoBudget, DynamoLimits, Throttled


class Meter:
    """Units that were taken, and refusals.

    Args:
        limits: None admits everything.
    """

    def __init__(self, limits: DynamoLimits | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._budget = None if limits is None else DynamoBudget(limits)
        self.clock = clock
        self.refused = 0
        self.units: dict[Direction, float] = {"read": 0.0, "write": 0.0}
        self.throttled: Counter[str] = Counter()
        self._taken: dict[tuple[Direction, str, str], float] = {}

    def take(self, direction: Direction, table: str, key: str, units: float) -> Throttled | None:
        """Take the units of one item or page. Returns: the refusal, if any."""
        if self._budget is not None:
            throttled = self._budget.take(direction, table, key, units, self.clock())
            if throttled is not None:
                self.refused += 1
                return throttled
        self.units[direction] += units
        self._taken[direction, table, key] = self._taken.get((direction, table, key), 0.0) + units
        return None

    def throttle(self, operation: str) -> None:
        """Count a request of which something was refused."""
        self.throttled[operation] += 1

    def to_json(self) -> dict[str, object]:
        return {
            "throttled": dict(self.throttled),
            "refused": self.refused,
            "taken": [[*where, units] for where, units in self._taken.items()],
        }
