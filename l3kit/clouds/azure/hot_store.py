"""The hot tier in Cosmos DB: partition key `/iotDeviceId`, the document's id the item's timestamp."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import orjson

from l3kit.clouds.azure.cosmos import CosmosContainer, Reply
from l3kit.clouds.azure.items import PARTITION_KEY, SORT_KEY, Document, to_chunk_json, to_document
from l3kit.clouds.azure.pages import Bounds, PageSize, decode, fingerprint
from l3kit.errors import ItemRefusedError, StoreError
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.ports import Page, always

BATCH = 100
"""Operations in one transactional batch (Cosmos DB's limit)."""
BATCH_BYTES = 1_500_000
"""Documents in one batch; the service takes 2 MB a request."""
TAGS_PER_PAGE = 5_000
"""Ids and etags, about 100 bytes each, that a check of a page reads at once."""
GONE = 404

T = TypeVar("T")


class CosmosHotStore:
    """The port `HotStore` on one container.

    Args:
        delete_concurrency: batches under way at once, over all devices.
    """

    def __init__(self, container: CosmosContainer, *, delete_concurrency: int = 32) -> None:
        self._container = container
        self._bounded = Bounded(delete_concurrency)
        self._page_size = PageSize()
        self.usage = container.usage

    async def read_page(
        self,
        device_id: str,
        *,
        before: str,
        after: str | None = None,
        since: str | None = None,
        limit: int | None = None,
    ) -> Page:
        """See `HotStore.read_page`.

        The service cannot be told a page's size in bytes: the number asked for follows the items seen so far, and what
        comes beyond 1 MiB is left for the next page.
        """
        if since is not None and since >= before:
            return Page([], [], None, None, b"")
        bounds = Bounds(before, after, since)
        documents, more = await self._query(device_id, "*", bounds, self._page_size.items(limit))
        page = decode(documents)
        self._page_size.note(page.size, len(page.items))
        next_after = page.last if more or page.cut else None
        asked = Bounds(before, after, since, through=next_after)
        return Page(page.sort_keys, page.items, next_after, (device_id, asked), page.fingerprint, page.refused)

    async def page_unchanged(self, page: Page) -> bool:
        """Read ids and etags of the same range: an etag changes with every write."""
        if page.request is None:
            return True
        assert isinstance(page.request, tuple)
        device_id, bounds = page.request
        tags: list[Document] = []
        while True:
            documents, more = await self._query(device_id, "c.id, c._etag", bounds, TAGS_PER_PAGE)
            tags += documents
            if not more or not documents:
                return fingerprint(tags) == page.fingerprint
            bounds = bounds.behind(documents[-1][SORT_KEY])

    async def delete_items(
        self, device_id: str, sort_keys: Sequence[str], *, check: Callable[[], None] = always, attempt: int = 1
    ) -> list[str]:
        """See `HotStore.delete_items`; 100 a batch, each batch whole or not at all.

        A batch that holds an item already gone is refused whole: its others are returned, and the caller, which looks
        again, finds only what is still there.
        """

        async def delete(batch: Sequence[str]) -> list[str]:
            check()
            operations = [("delete", (key,)) for key in batch]
            outcome = await self._container.attempt(
                "batch_delete", "write", _batch_call(device_id, operations), once=True
            )
            if not isinstance(outcome, Reply):
                return list(batch)
            statuses = self._only_expected("batch_delete", outcome, {GONE})
            return [key for key, status in zip(batch, statuses, strict=False) if status != GONE]

        batches = [sort_keys[at : at + BATCH] for at in range(0, len(sort_keys), BATCH)]
        results = await self._bounded.run([delete(batch) for batch in batches])
        left = [key for keys in results for key in keys]
        if left:
            self.usage.retried("batch_delete", sum(map(bool, results)))
            await self._container.retry.wait(attempt)
        return left

    async def delete_if_unchanged(self, device_id: str, items: Mapping[str, bytes]) -> list[str]:
        """See `HotStore.delete_if_unchanged`.

        Not dear here: up to 100 items are read with their etags, compared, and deleted in one batch on condition of
        these etags. What is written between the two makes the service refuse the batch; then the rest is read again.
        """
        keys = list(items)
        batches = [keys[at : at + BATCH] for at in range(0, len(keys), BATCH)]
        results = await self._bounded.run([self._delete_unchanged(device_id, batch, items) for batch in batches])
        return [key for left in results for key in left]

    async def put_items(self, device_id: str, items: Sequence[bytes]) -> None:
        """See `HotStore.put_items`; nothing is written where an item is refused."""
        documents: dict[str, Document] = {}
        for item in items:
            document = to_document(item)
            if document[PARTITION_KEY] != device_id:
                name = f"item {document[PARTITION_KEY]}/{document[SORT_KEY]}"
                raise ItemRefusedError(name, f"was to be written for the device {device_id}")
            documents[document[SORT_KEY]] = document

        async def put(batch: Sequence[Document]) -> None:
            operations = [("upsert", (document,)) for document in batch]
            reply = await self._container.call("batch_put", "write", _batch_call(device_id, operations))
            self._only_expected("batch_put", reply, set())

        await self._bounded.run([put(batch) for batch in _by_size(list(documents.values()))])

    async def last_item(self, device_id: str) -> bytes | None:
        """See `HotStore.last_item`; one item read."""
        documents, _ = await self._ask(device_id, "SELECT TOP 1 * FROM c ORDER BY c.id DESC", (), 1)
        return to_chunk_json(documents[0]) if documents else None

    async def close(self) -> None:
        await self._container.close()

    async def _delete_unchanged(self, device_id: str, keys: Sequence[str], items: Mapping[str, bytes]) -> list[str]:
        changed: list[str] = []
        while True:
            tags = {}
            for document in await self._read(device_id, keys):
                key, etag = document[SORT_KEY], document["_etag"]
                if _is_item(document, items[key]):
                    tags[key] = etag
                else:
                    changed.append(key)
            if not tags:
                return changed
            operations = [("delete", (key,), {"if_match_etag": etag}) for key, etag in tags.items()]
            reply = await self._container.call("conditional_delete", "write", _batch_call(device_id, operations))
            if not self._only_expected("conditional_delete", reply, {GONE, 412}):
                return changed
            keys = list(tags)

    async def _read(self, device_id: str, keys: Sequence[str]) -> list[Document]:
        """Those of the named documents that are there."""
        found: list[Document] = []
        wanted = sorted(keys)
        after = ""
        while True:
            names = [f"@k{n}" for n in range(len(wanted))]
            text = f"SELECT * FROM c WHERE c.id IN ({', '.join(names)}) AND c.id > @after ORDER BY c.id"
            values = [("@after", after), *zip(names, wanted, strict=True)]
            documents, more = await self._ask(device_id, text, values, len(wanted))
            found += documents
            if not more or not documents:
                return found
            after = documents[-1][SORT_KEY]

    async def _query(self, device_id: str, fields: str, bounds: Bounds, count: int) -> tuple[list[Document], bool]:
        condition, values = bounds.condition()
        return await self._ask(device_id, f"SELECT {fields} FROM c WHERE {condition} ORDER BY c.id", values, count)

    async def _ask(
        self, device_id: str, text: str, values: Sequence[tuple[str, str]], count: int
    ) -> tuple[list[Document], bool]:
        """The first documents, at most `count` and 4 MB, and whether there are more."""
        parameters = [{"name": name, "value": value} for name, value in values]

        async def send(container: Any, options: dict[str, Any]) -> list[Document]:
            pages = container.query_items(
                text, parameters=parameters, partition_key=device_id, max_item_count=count, **options
            ).by_page()
            async for page in pages:
                return [document async for document in page]
            return []

        reply = await self._container.call("query", "read", send)
        return reply.result, bool(reply.headers.get("x-ms-continuation"))

    def _only_expected(self, kind: str, reply: Reply, expected: set[int]) -> tuple[int, ...]:
        """The operations' statuses where the batch was refused for one of the expected reasons; none if it was not."""
        if reply.status and reply.status not in expected:
            raise StoreError(self._container.resource, f"{kind} was refused with {reply.status}")
        return reply.operations


def _batch_call(device_id: str, operations: Sequence[Any]) -> Callable[[Any, dict[str, Any]], Awaitable[Any]]:
    return lambda container, options: container.execute_item_batch(operations, partition_key=device_id, **options)


def _by_size(documents: Sequence[Document]) -> list[list[Document]]:
    batches: list[list[Document]] = []
    size = 0
    for document in documents:
        length = len(orjson.dumps(document)) + 100
        if not batches or len(batches[-1]) == BATCH or size + length > BATCH_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(document)
        size += length
    return batches


def _is_item(document: Document, item: bytes) -> bool:
    """Whether a stored document is this item, whichever cloud's adapter wrote the item's bytes."""
    try:
        stored = to_chunk_json(document)
        return stored == item or stored == to_chunk_json(to_document(item))
    except ItemRefusedError:
        return False
