"""A device's documents: their names, ranges of them, and single ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from google.cloud.firestore_v1 import types

from l3kit.clouds.gcp.data import document_ids
from l3kit.clouds.gcp.data.document_ids import Position
from l3kit.clouds.gcp.data.firestore_client import FirestoreClient

ITEMS = "items"
"""The subcollection of every device. Its collection group has the index exemption and the index `__name__ DESC`."""
NAME = "__name__"
LISTED_A_PAGE = 300
ASCENDING = types.StructuredQuery.Direction.ASCENDING
DESCENDING = types.StructuredQuery.Direction.DESCENDING
_Query: Any = types.StructuredQuery.pb()


def place(collection: str, device_id: str) -> str | None:
    """The name of a device's document; None where Firestore cannot hold one of that id, so that nothing is there."""
    encoded = document_ids.encode(device_id)
    return None if document_ids.refusal(encoded) else f"{collection}/{encoded}"


def sort_key(document: Any) -> str:
    """An item's document id."""
    return str(document.name.rpartition("/")[2])


def never(answer: Any) -> bool:
    """No answer is enough: read all."""
    return False


class ItemReads:
    """Reading below one root collection. A `device` here is what `place` gives."""

    def __init__(self, client: FirestoreClient, resource: str) -> None:
        self._client = client
        self._resource = resource

    async def between(
        self,
        device: str,
        start: Position | None,
        end: Position | None,
        most: int,
        *,
        direction: int = ASCENDING,
        enough: Callable[[Any], bool] = never,
    ) -> list[Any]:
        """The first documents between two positions, at most so many; `enough` may end it earlier."""
        query = _Query()
        query.from_.add(collection_id=ITEMS)
        query.order_by.add(direction=direction).field.field_path = NAME
        query.limit.value = most
        for cursor, position in ((query.start_at, start), (query.end_at, end)):
            if position is not None:
                cursor.values.add(reference_value=f"{device}/{ITEMS}/{position.id}")
                cursor.before = position.before
        request = types.RunQueryRequest.wrap(types.RunQueryRequest.pb()(parent=device, structured_query=query))
        answers = await self._client.call("run_query", "query", self._resource, request, enough=enough)
        documents = [answer.document for answer in answers if answer.HasField("document")]
        self._client.usage.read_units += max(1, len(documents))
        return documents

    async def listed(self, collection: str, page_size: int) -> AsyncIterator[list[str]]:
        """The ids of all documents of a collection, page by page, also of those that have subcollections alone."""
        parent, _, name = collection.rpartition("/")
        token = ""
        while True:
            plain = types.ListDocumentsRequest.pb()(
                parent=parent, collection_id=name, page_size=page_size, page_token=token, show_missing=True
            )
            plain.mask.field_paths.append(NAME)
            request = types.ListDocumentsRequest.wrap(plain)
            answer = await self._client.call("list_documents", "list", self._resource, request)
            self._client.usage.read_units += max(1, len(answer.documents))
            yield [sort_key(document) for document in answer.documents]
            token = answer.next_page_token
            if not token:
                return
