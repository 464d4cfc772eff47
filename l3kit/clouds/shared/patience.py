"""Patience with a control plane: one rule for repeating requests, and waits that name the thing awaited."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from l3kit.clouds.ports.control import Refusal
from l3kit.clouds.shared.waiting import LONGEST_WAIT, wait_until

T = TypeVar("T")
BUSY = frozenset({429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed."""


class UnansweredError(Exception):
    """A request without an answer: whether it took effect is unknown. The text is the cause, without addresses."""


@dataclass(frozen=True, slots=True)
class Patience:
    """The rule for repetition: exponential waits with full jitter, longer if the cloud asks for it.

    Attributes:
        tries: including the first one.
        base, cap: the first and the longest wait, in seconds.
        longest: maximum seconds of a wait that the cloud asks for.
        between: maximum seconds between two looks at something that is awaited.
    """

    tries: int = 7
    base: float = 0.5
    cap: float = 16.0
    longest: float = 60.0
    between: float = LONGEST_WAIT
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random

    def send(self, once: Callable[[], T]) -> T:
        """Send a request, again while the cloud is busy or does not answer. Raises: Refusal; UnansweredError."""
        for failures in range(1, self.tries):
            try:
                return once()
            except UnansweredError:
                asked = 0.0
            except Refusal as refusal:
                if refusal.status not in BUSY:
                    raise
                asked = refusal.wait
            drawn = self.random() * min(self.cap, self.base * 2 ** (failures - 1))
            self.sleep(max(drawn, min(asked, self.longest)))
        return once()

    def wait(self, ready: Callable[[], bool], what: str, limit: float) -> None:
        """Poll until ready; see `wait_until`. Raises: ProvisioningError at the limit."""
        wait_until(ready, what, limit, longest=self.between, sleep=self.sleep, clock=self.clock)

    def poll(self, read: Callable[[], T], is_done: Callable[[T], bool], what: str, limit: float) -> T:
        """Read until the state is final, as of a long-running operation. Raises: ProvisioningError at the limit."""
        seen: list[T] = []

        def done() -> bool:
            seen[:] = [read()]
            return is_done(seen[0])

        self.wait(done, what, limit)
        return seen[0]

    def retry_while(self, call: Callable[[], T], is_passing: Callable[[Refusal], bool], what: str, limit: float) -> T:
        """Repeat a call while it is refused for a reason that passes, such as an identity not known everywhere yet.

        Args:
            what: the thing awaited, named in the error, e.g. `service account x can be used`.
            limit: seconds.
        Raises: Refusal of any other kind; ProvisioningError at the limit.
        """
        results: list[T] = []

        def done() -> bool:
            try:
                results.append(call())
            except Refusal as refusal:
                if not is_passing(refusal):
                    raise
                return False
            return True

        self.wait(done, what, limit)
        return results[0]
