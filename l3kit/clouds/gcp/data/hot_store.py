"""The hot tier in Firestore: collection of the twin / device / `items` / sort key.

Each device is a document id below the twin's root collection, and each item a document in the device's subcollection
`items` whose id is the sort key. Firestore keeps ids sorted, so ranges need no field and no index: with a single-field
index exemption for the collection group `items`, item fields have no index entries that writes and deletes would have
to update. Only `last_item` needs an index: Firestore reads names in descending order only with the index
`__name__ DESC` of the collection group, one entry per item.

A document holds the whole item including its two keys, for users of other tools. When reading, the document's path is
authoritative. The device's own document need not exist; its id is the device id, percent-encoded as Firestore requires.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from grpc import StatusCode as Code

from l3kit.clouds.gcp.data import document_ids
from l3kit.clouds.gcp.data.creates import ItemCreates
from l3kit.clouds.gcp.data.firestore_client import FirestoreClient
from l3kit.clouds.gcp.data.item_reads import DESCENDING, ITEMS, LISTED_A_PAGE, ItemReads, place, sort_key
from l3kit.clouds.gcp.data.item_writes import BATCH, ItemWrites, batches, put_write
from l3kit.clouds.gcp.data.items import to_chunk_json
from l3kit.errors import ItemRefusedError
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.hot_pages import PAGE_BYTES, BatchDeletes, PageSize, Seen
from l3kit.tiering.ports import Creation, Held, Page, always

FIRST_DOCUMENT_BYTES = 1024
_GONE = frozenset({Code.OK, Code.NOT_FOUND})


class FirestoreHotStore:
    """`HotStore` on one root collection.

    Args:
        delete_concurrency: concurrent batches that delete, create or put items, over all devices.
    """

    def __init__(self, name: str, client: FirestoreClient, *, delete_concurrency: int = 32) -> None:
        self._client = client
        self._collection = f"{client.documents}/{name}"
        self._reads = ItemReads(client, f"collection {name}")
        self._writes = ItemWrites(client, f"collection {name}")
        self._bounded = Bounded(delete_concurrency)
        self._deletes = BatchDeletes(BATCH, self._delete, self._bounded, client.retry, client.usage)
        self._creates = ItemCreates(client, self._collection, f"collection {name}", self._bounded)
        self._page_size = PageSize(FIRST_DOCUMENT_BYTES)
        self.usage = client.usage

    async def read_page(
        self,
        device_id: str,
        *,
        before: str,
        after: str | None = None,
        since: str | None = None,
        limit: int | None = None,
    ) -> Page:
        """Estimate the limit from the documents read so far, since Firestore limits a response only by documents.

        Documents beyond the page size are not read.
        """
        device = place(self._collection, device_id)
        start = document_ids.below(since) if since is not None else document_ids.above(after or "")
        end = document_ids.below(before)
        if device is None or end is None or (since is not None and since >= before):
            return Page([], [], None)
        most = self._page_size.items(limit)
        size: int = 0

        def full(answer: Any) -> bool:
            nonlocal size
            size += int(answer.document.ByteSize())
            return size >= PAGE_BYTES

        documents = await self._reads.between(device, start, end, most, enough=full)
        self._page_size.note(size, len(documents))
        cut = len(documents) == most or size >= PAGE_BYTES
        if size > PAGE_BYTES and len(documents) > 1:
            documents.pop()
        next_after = sort_key(documents[-1]) if cut else None
        return _page(device_id, device, documents, next_after)

    async def delete_page(
        self,
        page: Page,
        sort_keys: Sequence[str],
        *,
        check: Callable[[], None] = always,
        attempt: int = 1,
    ) -> list[str]:
        """Delete in batches of 500, each item independently on condition of its update time."""
        return await self._deletes.run(page, sort_keys, check, attempt)

    async def put_items(self, device_id: str, items: Sequence[bytes]) -> None:
        writes = [put_write(self._collection, self._client.database, one) for one in items]
        last = {write.update.name: write for write in writes}  # a batch allows one write per document
        await self._bounded.run([self._writes.put(batch) for batch in batches(list(last.values()))])

    async def create_items(self, items: Sequence[bytes]) -> list[Creation]:
        """Create in batches of 500, each item only if it does not exist; existing items are read by name."""
        return await self._creates.run(items)

    async def replace_item(self, item: bytes, held: Held) -> bool:
        """Write on condition of the update time."""
        assert isinstance(held.seen, int)
        return await self._creates.replace(item, held.seen)

    async def delete_items(self, device_id: str, sort_keys: Sequence[str]) -> None:
        """Delete in batches of 500, unconditionally."""
        device = place(self._collection, device_id)
        if device is not None:
            names = [f"{device}/{ITEMS}/{key}" for key in dict.fromkeys(sort_keys)]
            cut = [names[at : at + BATCH] for at in range(0, len(names), BATCH)]
            await self._bounded.run([self._writes.delete_all(batch) for batch in cut])

    async def last_item(self, device_id: str) -> bytes | None:
        """Cost: one document read, with the index `__name__ DESC`."""
        device = place(self._collection, device_id)
        if device is None:
            return None
        documents = await self._reads.between(device, None, None, 1, direction=DESCENDING)
        return to_chunk_json(documents[0].fields, device_id, sort_key(documents[0])) if documents else None

    async def device_ids(self, *, limit: int | None = None) -> AsyncIterator[Sequence[str]]:
        """List missing documents too, since a device has no document of its own."""
        async for found in self._reads.listed(self._collection, limit or LISTED_A_PAGE):
            yield [document_ids.decode(document_id) for document_id in found]

    async def close(self) -> None:
        await self._client.close()

    async def _delete(self, device: str, batch: Sequence[tuple[str, int]]) -> list[str]:
        codes = await self._writes.delete([(f"{device}/{ITEMS}/{key}", time) for key, time in batch])
        return [key for (key, _), code in zip(batch, codes, strict=True) if code not in _GONE]


def _page(device_id: str, device: str, documents: Sequence[Any], next_after: str | None) -> Page:
    sort_keys: list[str] = []
    items: list[bytes] = []
    update_times: list[int] = []
    refused: list[tuple[str, str]] = []
    for document in documents:
        key = sort_key(document)
        try:
            items.append(to_chunk_json(document.fields, device_id, key))
        except ItemRefusedError as error:
            refused.append((key, error.cause))
        else:
            sort_keys.append(key)
            update_times.append(document.update_time.ToNanoseconds())
    return Page(sort_keys, items, next_after, Seen(device, update_times), tuple(refused))
