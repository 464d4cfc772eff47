"""The hot tier in Cosmos DB: partition key `/iotDeviceId`, document id the item's timestamp."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from l3kit.clouds.azure.data.cosmos import CosmosContainer, Reply
from l3kit.clouds.azure.data.cosmos_batches import BATCH, CHANGED, GONE, batch_call, batched, execute
from l3kit.clouds.azure.data.creates import ItemCreates
from l3kit.clouds.azure.data.items import Document, to_chunk_json, to_document
from l3kit.clouds.azure.data.pages import Bounds, decode
from l3kit.errors import ItemRefusedError, StoreError
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.format.item_json import PARTITION_KEY, SORT_KEY, item_name
from l3kit.tiering.hot_pages import BatchDeletes, PageSize, Seen
from l3kit.tiering.ports import Creation, Held, Page, always

ITEMS_A_LISTING = 10_000
"""Items per request when listing devices."""
FIRST_ITEM_BYTES = 2048


class CosmosHotStore:
    """`HotStore` on one container.

    Args:
        delete_concurrency: concurrent batches that delete, create or put items, over all devices.
    """

    def __init__(self, container: CosmosContainer, *, delete_concurrency: int = 32) -> None:
        self._container = container
        self._bounded = Bounded(delete_concurrency)
        self._deletes = BatchDeletes(BATCH, self._delete, self._bounded, container.retry, container.usage)
        self._creates = ItemCreates(container, self._bounded)
        self._page_size = PageSize(FIRST_ITEM_BYTES)
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
        """Estimate the number of items from those seen so far, since the service has no page limit in bytes.

        Items beyond 1 MiB are left for the next page.
        """
        if since is not None and since >= before:
            return Page([], [], None)
        bounds = Bounds(before, after, since)
        condition, values = bounds.condition()
        text = f"SELECT * FROM c WHERE {condition} ORDER BY c.id"
        documents, more = await self._ask(device_id, text, values, self._page_size.items(limit))
        page = decode(documents)
        self._page_size.note(page.size, len(page.items))
        next_after = page.last if more or page.cut else None
        return Page(page.sort_keys, page.items, next_after, Seen(device_id, page.etags), page.refused)

    async def delete_page(
        self,
        page: Page,
        sort_keys: Sequence[str],
        *,
        check: Callable[[], None] = always,
        attempt: int = 1,
    ) -> list[str]:
        """Delete in transactional batches of 100, each item on condition of its etag.

        A batch with a missing or rewritten item is refused as a whole: all its items are returned, and the caller,
        which reads them again, resends only the unchanged ones.
        """
        return await self._deletes.run(page, sort_keys, check, attempt)

    async def put_items(self, device_id: str, items: Sequence[bytes]) -> None:
        """Write the items, or none if any is refused."""
        documents: dict[str, Document] = {}
        for item in items:
            document = to_document(item)
            if document[PARTITION_KEY] != device_id:
                raise ItemRefusedError(item_name(document), f"does not belong to the device {device_id}")
            documents[document[SORT_KEY]] = document

        async def put(batch: Sequence[Document]) -> None:
            operations = [("upsert", (document,)) for document in batch]
            await execute(self._container, "batch_put", device_id, operations, frozenset())

        await self._bounded.run([put(batch) for batch in batched(list(documents.values()))])

    async def create_items(self, items: Sequence[bytes]) -> list[Creation]:
        """Create in transactional batches of 100 per device; one with taken keys is sent again without them."""
        return await self._creates.run(items)

    async def replace_item(self, item: bytes, held: Held) -> bool:
        """Replace on condition of the etag."""
        assert isinstance(held.seen, str)
        return await self._creates.replace(item, held.seen)

    async def delete_items(self, device_id: str, sort_keys: Sequence[str]) -> None:
        """Delete each unconditionally by itself: a batch with a missing item would be refused as a whole."""

        async def delete(key: str) -> None:
            await self._container.call(
                "delete",
                "write",
                lambda container, options: container.delete_item(key, device_id, **options),
                expected=frozenset({GONE}),
            )

        await self._bounded.run([delete(key) for key in dict.fromkeys(sort_keys)])

    async def last_item(self, device_id: str) -> bytes | None:
        """Cost: one item read."""
        documents, _ = await self._ask(device_id, "SELECT TOP 1 * FROM c ORDER BY c.id DESC", (), 1)
        return to_chunk_json(documents[0]) if documents else None

    async def device_ids(self, *, limit: int | None = None) -> AsyncIterator[Sequence[str]]:
        """Read every item, thousands per request.

        Only `id` is indexed, which makes writes cheaper, so no query can list the devices from an index.
        """
        continuation: str | None = None
        while True:
            devices, continuation = await self._some_devices(continuation, limit or ITEMS_A_LISTING)
            yield sorted(set(devices))
            if continuation is None:
                return

    async def _some_devices(self, continuation: str | None, most: int) -> tuple[list[str], str | None]:
        text = f"SELECT VALUE c.{PARTITION_KEY} FROM c"

        async def send(container: Any, options: dict[str, Any]) -> tuple[list[str], str | None]:
            pages = container.query_items(text, max_item_count=most, **options).by_page(continuation)
            async for page in pages:
                return [device async for device in page], pages.continuation_token
            return [], None

        reply = await self._container.call("query", "read", send)
        devices, more = reply.result
        return devices, more

    async def close(self) -> None:
        await self._container.close()

    async def _delete(self, device_id: str, batch: Sequence[tuple[str, str]]) -> list[str]:
        operations = [("delete", (key,), {"if_match_etag": etag}) for key, etag in batch]
        outcome = await self._container.attempt("batch_delete", "write", batch_call(device_id, operations), once=True)
        if not isinstance(outcome, Reply):
            return [key for key, _ in batch]
        statuses = self._only_expected("batch_delete", outcome, {GONE, CHANGED})
        return [key for (key, _), status in zip(batch, statuses, strict=False) if status != GONE]

    async def _ask(
        self, device_id: str, text: str, values: Sequence[tuple[str, str]], count: int
    ) -> tuple[list[Document], bool]:
        """Query the first documents, at most `count` and 4 MB. Returns: documents, and whether there are more.

        The service may return an empty page with a continuation; the SDK skips it.
        """
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
        """The operations' statuses of a batch that was refused for an expected reason; empty if it was not refused."""
        if reply.status and reply.status not in expected:
            raise StoreError(self._container.resource, f"{kind} returned {reply.status}")
        return reply.operations
