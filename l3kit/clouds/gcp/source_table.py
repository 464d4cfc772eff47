"""Foreign Firestore collections whose documents `load` copies, with queries alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from google.cloud.firestore_v1 import types

from l3kit.clouds.gcp.data.firestore_client import FirestoreClient
from l3kit.clouds.gcp.data.item_reads import ASCENDING, NAME
from l3kit.clouds.gcp.data.items import fields_to_json
from l3kit.clouds.ports.source_table import WHOLE, SourceFacts, SourceItem, SourcePage
from l3kit.errors import ConfigurationError, ItemRefusedError
from l3kit.tiering.hot_pages import PAGE_BYTES

KEY = "document id"
REASON = "whole, in the order of its document ids, since Firestore finds the devices of a collection only by reading it"
CAPACITY = "each item takes one document read, and Firestore is not asked how many there are"
UNTOLD = "Firestore does not show whether the collection has been refilled since; if it has, load it with --restart"
_Query: Any = types.StructuredQuery.pb()


def collection_path(name: str) -> tuple[str, ...]:
    """Split the path of a collection. Raises: ConfigurationError if it is invalid."""
    parts = tuple(name.split("/"))
    if len(parts) % 2 == 0 or not all(parts):
        remedy = "Give COLLECTION, or COLLECTION/DOCUMENT/COLLECTION for one below a document"
        raise ConfigurationError(f"collection {name}", "is not the path of a collection", remedy)
    return parts


class FirestoreSource:
    """`SourceTable` on one collection."""

    def __init__(self, client: FirestoreClient, path: Sequence[str]) -> None:
        self._client = client
        self._path = path
        self.usage = client.usage

    async def facts(self) -> SourceFacts:
        """Describe the collection without a request: it has no properties of its own."""
        resource = f"collection {'/'.join(self._path)}"
        identity = f"{self._client.documents}/{'/'.join(self._path)}"
        return SourceFacts(resource, identity, (KEY,), capacity=CAPACITY, unverified=UNTOLD)

    def reading(self, facts: SourceFacts, device: str) -> FirestoreReading:
        """By document id, whatever the device."""
        return FirestoreReading(self._client, self._path, facts.resource)

    async def close(self) -> None:
        await self._client.close()


@dataclass(frozen=True, slots=True)
class FirestoreReading:
    """`SourceReading` on one collection; a place is a document id."""

    client: FirestoreClient
    path: Sequence[str]
    resource: str
    reason: str = REASON
    by_device: bool = False
    parts: Sequence[str] = (WHOLE,)

    async def read(self, part: str, after: str | None, most: int) -> SourcePage:
        """Firestore's reads are always strongly consistent."""
        parent = "/".join((self.client.documents, *self.path[:-1]))
        query = _Query()
        query.from_.add(collection_id=self.path[-1])
        query.order_by.add(direction=ASCENDING).field.field_path = NAME
        query.limit.value = most
        if after is not None:
            query.start_at.values.add(reference_value=f"{parent}/{self.path[-1]}/{after}")
            query.start_at.before = False
        request = types.RunQueryRequest.wrap(types.RunQueryRequest.pb()(parent=parent, structured_query=query))
        size: int = 0

        def full(answer: Any) -> bool:
            nonlocal size
            size += int(answer.document.ByteSize())
            return size >= PAGE_BYTES

        answers = await self.client.call("run_query", "query", self.resource, request, enough=full)
        documents = [answer.document for answer in answers if answer.HasField("document")]
        cut = len(documents) == most or size >= PAGE_BYTES
        units = max(1, len(documents))
        self.client.usage.read_units += units
        return SourcePage([_item(document) for document in documents], _id(documents[-1]) if cut else None, units)


def _id(document: Any) -> str:
    return str(document.name.rpartition("/")[2])


def _item(document: Any) -> SourceItem:
    key = json.dumps({KEY: _id(document)}, ensure_ascii=False)
    try:
        return SourceItem(key, fields_to_json(document.fields))
    except ItemRefusedError as error:
        return SourceItem(key, str(document).encode(), error.cause)
