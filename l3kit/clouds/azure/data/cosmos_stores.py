"""Opens the hot store and the journal of one Cosmos DB account by name, for entry points and sessions."""

from __future__ import annotations

from l3kit.clouds.azure.data.cosmos import CosmosContainer
from l3kit.clouds.azure.data.cosmos_place import CosmosPlace
from l3kit.clouds.azure.data.hot_store import CosmosHotStore
from l3kit.clouds.azure.data.journal_store import CosmosJournalStore
from l3kit.tiering.ports import Usage
from l3kit.tiering.settings.tuning import REQUEST_TIMEOUT

__all__ = ["CosmosPlace", "open_container", "open_hot", "open_journal"]


def open_hot(
    container: str,
    place: CosmosPlace | None = None,
    *,
    delete_concurrency: int = 32,
    timeout: float = REQUEST_TIMEOUT,
) -> CosmosHotStore:
    """Open the hot tier's container; connections are opened on demand. `timeout`: seconds per request."""
    found = CosmosContainer(
        place or CosmosPlace.from_env(), container, Usage(), timeout=timeout, connections=delete_concurrency + 8
    )
    return CosmosHotStore(found, delete_concurrency=delete_concurrency)


def open_journal(
    container: str, place: CosmosPlace | None = None, *, timeout: float = REQUEST_TIMEOUT
) -> CosmosJournalStore:
    """Open the journal's container."""
    return CosmosJournalStore(
        CosmosContainer(place or CosmosPlace.from_env(), container, Usage(), timeout=timeout, connections=16)
    )


def open_container(name: str, place: CosmosPlace, *, timeout: float = REQUEST_TIMEOUT) -> CosmosContainer:
    """Open any container of a database."""
    return CosmosContainer(place, name, Usage(), timeout=timeout, connections=8)
