"""Opens the Firestore stores of one project by name; imports Google's libraries only when it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from l3kit.clouds.gcp.data.remedies import FUNCTION_DENIED
from l3kit.tiering.retry import RetryPolicy
from l3kit.tiering.settings.tuning import REQUEST_TIMEOUT

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

    from l3kit.clouds.gcp.data.firestore_client import FirestoreClient
    from l3kit.clouds.gcp.data.hot_store import FirestoreHotStore
    from l3kit.clouds.gcp.data.journal_store import FirestoreJournalStore


@dataclass(frozen=True, slots=True)
class FirestorePlace:
    """Project, database and endpoint of Firestore.

    Attributes:
        endpoint: host and port of a server without TLS; None for Google's.
        agent: user agent of the requests.
        credentials: called once, at the first request; None: an emulator's, which asks for none, or the default ones.
        denied: remedy for a permission that the credentials lack.
    """

    project: str
    database: str = "(default)"
    endpoint: str | None = None
    agent: str = "l3kit"
    retry: RetryPolicy | None = None
    denied: str = FUNCTION_DENIED
    credentials: Callable[[], Credentials] | None = None


def open_hot(
    name: str, place: FirestorePlace, *, delete_concurrency: int = 32, timeout: float = REQUEST_TIMEOUT
) -> FirestoreHotStore:
    """Open the hot tier's collection; connections are opened on demand. `timeout`: seconds per request."""
    from l3kit.clouds.gcp.data.hot_store import FirestoreHotStore

    return FirestoreHotStore(name, open_client(place, timeout), delete_concurrency=delete_concurrency)


def open_journal(name: str, place: FirestorePlace, *, timeout: float = REQUEST_TIMEOUT) -> FirestoreJournalStore:
    """Open the journal's collection. `timeout`: seconds per request."""
    from l3kit.clouds.gcp.data.journal_store import FirestoreJournalStore

    return FirestoreJournalStore(name, open_client(place, timeout))


def open_client(place: FirestorePlace, timeout: float = REQUEST_TIMEOUT) -> FirestoreClient:
    """Open the database, for any of its collections. `timeout`: seconds per request."""
    from l3kit.clouds.gcp.data.firestore_client import FirestoreClient

    return FirestoreClient(
        place.project,
        place.database,
        place.endpoint,
        place.agent,
        credentials=place.credentials,
        retry=place.retry,
        timeout=timeout,
        denied=place.denied,
    )
