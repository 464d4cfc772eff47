"""Rates that Firestore documents: how fast traffic may grow, and how often a document is written.

Sources:
    firebase.google.com/docs/firestore/best-practices, "Ramping up traffic": at most 500 operations a second to a new
        collection, then 50 % more every 5 minutes
    the same, "High write rates to a collection containing documents with sequential values", and
        firebase.google.com/docs/firestore/solutions/shard-timestamp: at most 500 writes a second to a collection with a
        sequential indexed field, and no such limit if the field is exempt from indexing
    cloud.google.com/firestore/native/docs/understand-error-codes: too many updates of a document, or traffic that
        grows faster, lead to ABORTED, after a longer wait to DEADLINE_EXCEEDED

These are no hard limits: the service may serve more, only slower. Taken as hard ones, they refuse a call as a whole
with ABORTED and give no time to wait. An operation is a document that is written, or a call that reads. l3kit's items
carry no index (docs/reference/stores.md), so the rate of sequential values does not apply. A document takes one write a
second.
"""

from __future__ import annotations

from benchmarks.rates.token_bucket import TokenBucket

START, GROWTH, STEP_SECONDS = 500.0, 1.5, 300.0
DOCUMENT_WRITES = 1.0


def ramp(seconds: float) -> float:
    """Operations a second that are admitted so long after the traffic began."""
    return START * GROWTH ** int(max(0.0, seconds) // STEP_SECONDS)


def seconds_for(operations: float) -> float:
    """The least time for so many operations, on the ramp, with one second's worth at once."""
    left, spent = operations - START, 0.0
    while left > 0:
        rate = ramp(spent)
        here = min(left, rate * STEP_SECONDS)
        spent += here / rate
        left -= here
    return spent


class FirestoreBudget:
    """What a collection's ramp and its documents have left.

    A call with more writes than a second has is admitted once a full second's worth is there, and owes the rest.
    """

    def __init__(self) -> None:
        self._began: float | None = None
        self._ramp = TokenBucket(START, START)
        self._documents: dict[str, TokenBucket] = {}

    def admits(self, operations: int, now: float) -> bool:
        """Take operations of the ramp, or none."""
        if self._began is None:
            self._began = now
        rate = self._ramp.rate = self._ramp.depth = ramp(now - self._began)
        if not self._ramp.has(min(float(operations), rate), now):
            return False
        self._ramp.charge(operations, now)
        return True

    def writes(self, document: str, now: float) -> bool:
        """Take one write of a document."""
        bucket = self._documents.setdefault(document, TokenBucket(DOCUMENT_WRITES, DOCUMENT_WRITES))
        return bucket.take(1, now)
