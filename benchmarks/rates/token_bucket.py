"""A token bucket: what a service that refills continuously admits."""

from __future__ import annotations


class TokenBucket:
    """Admits at most `rate` x seconds + `depth` units in any span of time.

    Args:
        rate: units added a second.
        depth: units kept at most; the bucket is full at first, since the store was idle before.
    """

    __slots__ = ("_held", "_seen", "depth", "rate")

    def __init__(self, rate: float, depth: float) -> None:
        self.rate = rate
        self.depth = depth
        self._held = depth
        self._seen: float | None = None

    def has(self, units: float, now: float) -> bool:
        """Whether these units could be taken. `now`: seconds of any clock; one that goes back counts as standing."""
        self._refill(now)
        return self._held >= units

    def take(self, units: float, now: float) -> bool:
        """Take all of the units, or none."""
        if not self.has(units, now):
            return False
        self._held -= units
        return True

    def charge(self, units: float, now: float) -> None:
        """Take units whatever is there; nothing is admitted until a debt has been refilled."""
        self._refill(now)
        self._held -= units

    def wait(self, units: float, now: float) -> float:
        """Seconds until these units are there; infinite for more than the bucket holds."""
        self._refill(now)
        if units > self.depth:
            return float("inf")
        return max(0.0, (units - self._held) / self.rate)

    def _refill(self, now: float) -> None:
        if self._seen is None:
            self._seen = now
        if now > self._seen:
            self._held = min(self.depth, self._held + (now - self._seen) * self.rate)
            self._seen = now
