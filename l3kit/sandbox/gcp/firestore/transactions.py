"""Transactions with optimistic concurrency: what one has read must still be so when it commits.

Each reads a snapshot, taken at its first read. The real Firestore's default for server clients is pessimistic: it
lets a conflicting writer wait before it aborts one of the two. What clients may rely on is the same: no update is
lost, and ABORTED means try again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import grpc

from l3kit.sandbox.gcp.firestore.documents import Documents, Ticks
from l3kit.sandbox.gcp.firestore.queries import Query
from l3kit.sandbox.gcp.firestore.refusal import CallRefusedError, invalid

MAX_SECONDS = 270
IDLE_SECONDS = 60

Seen = tuple[tuple[str, int], ...]


@dataclass(slots=True)
class Transaction:
    """One that has begun. `read_at`: its snapshot's time in microseconds; None before its first read."""

    id: bytes
    read_only: bool
    began: int
    used: int
    read_at: int | None = None
    documents: dict[str, int | None] = field(default_factory=dict)
    queries: list[tuple[Query, Seen]] = field(default_factory=list)
    aborted: bool = False


class Transactions:
    """Those under way."""

    def __init__(self, documents: Documents, ticks: Ticks, clock: Callable[[], int]) -> None:
        self._documents = documents
        self._ticks = ticks
        self._clock = clock
        self._open: dict[bytes, Transaction] = {}

    def begin(self, options: Any) -> Transaction:
        """Begin one. Raises: CallRefusedError for a read time in the past, of which nothing is kept."""
        read_only = options.HasField("read_only")
        if read_only and options.read_only.HasField("read_time"):
            raise CallRefusedError(grpc.StatusCode.UNIMPLEMENTED, "the sandbox's Firestore keeps no past versions")
        self._expire()
        self.end(options.read_write.retry_transaction)
        now = self._clock()
        begun = Transaction(secrets.token_bytes(16), read_only, now, now)
        self._open[begun.id] = begun
        return begun

    def get(self, id_: bytes) -> Transaction:
        """Raises: CallRefusedError where it has ended or run out, or was aborted."""
        self._expire()
        found = self._open.get(id_)
        if found is None:
            raise invalid("the transaction has expired or is no longer valid")
        if found.aborted:
            raise _aborted()
        found.used = self._clock()
        return found

    def snapshot(self, transaction: Transaction) -> int:
        """The time of which it reads."""
        if transaction.read_at is None:
            transaction.read_at = self._ticks.reading()
            self._keep_past()
        return transaction.read_at

    def note_document(self, transaction: Transaction, name: str, version: int | None) -> None:
        """It has read this version of a document (None: there was none)."""
        transaction.documents[name] = version

    def note_query(self, transaction: Transaction, query: Query, seen: Seen) -> None:
        """It has run this query and seen these names and versions."""
        transaction.queries.append((query, seen))

    def check(self, transaction: Transaction) -> None:
        """Raises: CallRefusedError (ABORTED) where what it has read is no longer so."""
        changed = any(
            (stored.version if (stored := self._documents.get(name)) else None) != version
            for name, version in transaction.documents.items()
        )
        if changed or any(seen(query, self._documents, None) != before for query, before in transaction.queries):
            transaction.aborted, transaction.read_at = True, None
            self._keep_past()
            raise _aborted()

    def end(self, id_: bytes) -> None:
        """Forget it; one that is not known any more is no error: a client rolls back whatever failed."""
        self._open.pop(id_, None)
        self._keep_past()

    def _expire(self) -> None:
        now = self._clock()
        for one in list(self._open.values()):
            if now - one.began > MAX_SECONDS * 10**9 or now - one.used > IDLE_SECONDS * 10**9:
                self.end(one.id)

    def _keep_past(self) -> None:
        reading = [one.read_at for one in self._open.values() if one.read_at is not None]
        self._documents.keep_past(min(reading, default=None))


def seen(query: Query, documents: Documents, at: int | None) -> Seen:
    """What a query's result depends on."""
    return tuple((stored.name, stored.version) for stored in query.run(documents, at).documents)


def _aborted() -> CallRefusedError:
    return CallRefusedError(
        grpc.StatusCode.ABORTED, "Aborted due to a conflicting change of what the transaction has read. Try again."
    )
