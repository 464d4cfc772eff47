"""Creation and replacement of items in Cosmos DB.

A transactional batch creates all of its items or none. If one key is taken, a query finds which others are as well, and
the free ones are sent in another batch: so a batch that was delivered before takes two requests, not one per item.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from l3kit.clouds.azure.data.cosmos import CosmosContainer, Reply
from l3kit.clouds.azure.data.cosmos_batches import BATCH, BATCH_BYTES, CHANGED, GONE, OPERATION_BYTES, execute
from l3kit.clouds.azure.data.items import Document, to_chunk_json, to_document
from l3kit.errors import ItemRefusedError
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.format.item_json import PARTITION_KEY, SORT_KEY, item_name
from l3kit.tiering.hot_creates import CREATED, Batch, BatchCreates, Entry, cut, held
from l3kit.tiering.ports import Creation, Refused

TAKEN = 409
UNHOLDABLE = frozenset((400, 413))
"""Statuses for an item that Cosmos DB cannot store."""


@dataclass(frozen=True, slots=True)
class Sized:
    """A document and its bytes as JSON."""

    document: Document
    size: int


def sized(item: bytes) -> Sized:
    """Convert an item. Raises: ItemRefusedError."""
    document = to_document(item)
    return Sized(document, len(orjson.dumps(document)))


class ItemCreates:
    """Creates items in one container, and replaces them."""

    def __init__(self, container: CosmosContainer, bounded: Bounded) -> None:
        self._container = container
        self._batches = BatchCreates(
            sized, _cut, self._send, bounded, container.retry, container.usage, container.resource
        )

    async def run(self, items: Sequence[bytes]) -> list[Creation]:
        """Create items as `HotStore.create_items` does."""
        return await self._batches.run(items)

    async def replace(self, item: bytes, etag: str) -> bool:
        """Replace as `HotStore.replace_item` does, on condition of the etag."""
        document = to_document(item)
        device_id, sort_key = document[PARTITION_KEY], document[SORT_KEY]
        operations = [("replace", (sort_key, document), {"if_match_etag": etag})]
        expected = UNHOLDABLE | {GONE, CHANGED}
        reply = await execute(self._container, "replace", device_id, operations, expected)
        if reply.status in UNHOLDABLE:
            raise ItemRefusedError(item_name(document), _refusal(reply))
        if not reply.status:
            return True
        there = (await self._found(device_id, [sort_key])).get(sort_key)
        return there is not None and _same(there, document)

    async def _send(self, batch: Batch[Sized]) -> Sequence[Creation | None]:
        device_id = batch[0].encoded.document[PARTITION_KEY]
        operations = [("create", (entry.encoded.document,)) for entry in batch]
        reply = await execute(self._container, "batch_create", device_id, operations, UNHOLDABLE | {TAKEN})
        if not reply.status:
            return [CREATED] * len(batch)
        if reply.status == TAKEN:
            return await self._with_taken(device_id, batch)
        at = next((at for at, status in enumerate(reply.operations) if status == reply.status), None)
        if at is None:  # the request was refused as a whole
            raise ItemRefusedError(item_name(batch[0].encoded.document), _refusal(reply))
        refused = Refused(f"{item_name(batch[at].encoded.document)}: {_refusal(reply)}")
        return [*await self._rest(batch[:at]), refused, *await self._rest(batch[at + 1 :])]

    async def _with_taken(self, device_id: str, batch: Batch[Sized]) -> Sequence[Creation | None]:
        """Return the existing items of the taken keys, and create the other items."""
        found = await self._found(device_id, [entry.encoded.document[SORT_KEY] for entry in batch])
        free = [entry for entry in batch if entry.encoded.document[SORT_KEY] not in found]
        if len(free) == len(batch):  # deleted meanwhile
            return [None] * len(batch)
        outcomes = {entry.index: outcome for entry, outcome in zip(free, await self._rest(free), strict=True)}
        for entry in batch:
            there = found.get(entry.encoded.document[SORT_KEY])
            if there is not None:
                outcomes[entry.index] = held(to_chunk_json, there, there["_etag"])
        return [outcomes[entry.index] for entry in batch]

    async def _rest(self, batch: Batch[Sized]) -> Sequence[Creation | None]:
        return await self._send(batch) if batch else []

    async def _found(self, device_id: str, sort_keys: Sequence[str]) -> dict[str, Document]:
        """Read a device's documents with these sort keys, as far as they exist."""
        names = [f"@k{number}" for number in range(len(sort_keys))]
        text = f"SELECT * FROM c WHERE c.id IN ({', '.join(names)})"
        parameters = [{"name": name, "value": key} for name, key in zip(names, sort_keys, strict=True)]

        async def send(proxy: Any, options: dict[str, Any]) -> list[Document]:
            documents = proxy.query_items(text, parameters=parameters, partition_key=device_id, **options)
            return [document async for document in documents]

        reply = await self._container.call("query", "read", send)
        return {document[SORT_KEY]: document for document in reply.result}


def _cut(entries: Sequence[Entry[Sized]]) -> Iterator[Batch[Sized]]:
    """Split entries by device, then by number and size."""
    devices: dict[str, list[Entry[Sized]]] = {}
    for entry in entries:
        devices.setdefault(entry.encoded.document[PARTITION_KEY], []).append(entry)
    for ours in devices.values():
        yield from cut(ours, BATCH, BATCH_BYTES, lambda entry: entry.encoded.size + OPERATION_BYTES)


def _same(there: Document, document: Document) -> bool:
    try:
        return to_chunk_json(there) == to_chunk_json(document)
    except ItemRefusedError:
        return False


def _refusal(reply: Reply) -> str:
    return f"Cosmos DB refuses it with status {reply.status} {reply.message}".rstrip()
