"""Reads of a device's documents: ranges and listings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from google.cloud.firestore_v1 import types

from l3kit.clouds.gcp.data import document_ids
from l3kit.clouds.gcp.data.document_ids import Position
from l3kit.clouds.gcp.data.firestore_client import FirestoreClient

ITEMS = "items"
"""Name of each device's subcollection; its collection group has the index exemption and the index `__name__ DESC`."""
NAME = "__name__"
LISTED_A_PAGE = 300
ASCENDING = types.StructuredQuery.Direction.ASCENDING
DESCENDING = types.StructuredQuery.Direction.DESCENDING
_Query: Any = types.StructuredQuery.pb()


def place(collection: str, device_id: str) -> str | None:
    """The name of a device's document; None if the id is not valid in Firestore, so that it has no items."""
    encoded = document_ids.encode(device_id)
    return None if document_ids.refusal(encoded) else f"{collection}/{encoded}"


def sort_key(document: Any) -> str:
    """The sort key of an item: its document id."""
    return str(document.name.rpartition("/")[2])


def never(answer: Any) -> bool:
    """An `enough` that reads everything."""
    return False


class ItemReads:
    """Reads below one root collection. `device` arguments are results of `place`."""

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
        """The first documents between two positions, at most `most`; `enough` may end the read early."""
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
        """The ids of all documents of a collection, page by page, including those with only subcollections."""
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
