"""The hot tier in Firestore: collection of the twin / device / `items` / sort key.

Each device is a document id below the twin's one root collection, and each item a document in the device's
subcollection `items` whose id is the sort key itself. Ids are what Firestore keeps sorted anyway, so ranges need no
field and no index: with a single-field index exemption for the collection group `items`, no field of an item has an
index entry, and writing or deleting one touches none. One thing needs an index: Firestore reads names backwards,
which `last_item` does, only along the index `__name__ DESC` of the collection group, one entry an item.

A document holds the whole item, its two keys among the fields, for those who look at it with other tools. On
reading, the place decides. The device's own document need not exist; its id is the device's, percent-encoded where
Firestore demands it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.cloud.firestore_v1 import types
from grpc import StatusCode as Code

from l3kit.clouds.gcp import document_ids
from l3kit.clouds.gcp.document_ids import Position
from l3kit.clouds.gcp.firestore_client import FirestoreClient
from l3kit.clouds.gcp.item_reads import DESCENDING, ITEMS, ItemReads, place, sort_key
from l3kit.clouds.gcp.item_writes import BATCH, ItemWrites, batches, put_write
from l3kit.clouds.gcp.items import fill, parse, to_chunk_json
from l3kit.errors import ItemRefusedError, StoreError
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.ports import Page, always

PAGE_BYTES = 1 << 20
FIRST_LIMIT = 1000
MAX_LIMIT = 10_000
COMPARED_BATCH = 200
"""Documents read at once to be compared before they are deleted."""
COMPARE_TRIES = 20

_Document: Any = types.Document.pb()
_Write: Any = types.Write.pb()
_GONE = frozenset({Code.OK, Code.NOT_FOUND})


@dataclass(frozen=True, slots=True)
class _Asked:
    """A page's query, for `page_unchanged`. `count`: documents answered; `cut`: there may be more behind them."""

    device: str
    start: Position | None
    end: Position
    count: int
    cut: bool


class FirestoreHotStore:
    """The port `HotStore` on one root collection.

    Args:
        delete_concurrency: batches under way at once, over all devices.
    """

    def __init__(self, name: str, client: FirestoreClient, *, delete_concurrency: int = 32) -> None:
        self._client = client
        self._collection = f"{client.documents}/{name}"
        self._reads = ItemReads(client, f"collection {name}")
        self._writes = ItemWrites(client, f"collection {name}")
        self._resource = f"collection {name}"
        self._bounded = Bounded(delete_concurrency)
        self._document_bytes = PAGE_BYTES / FIRST_LIMIT
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
        """See `HotStore.read_page`.

        Firestore limits an answer by documents only, so the limit follows the size of the documents seen so far, and
        what comes beyond a page's size is left unread.
        """
        device = place(self._collection, device_id)
        start = document_ids.below(since) if since is not None else document_ids.above(after or "")
        end = document_ids.below(before)
        if device is None or end is None or (since is not None and since >= before):
            return Page([], [], None, None, b"")
        fitting = max(1, int(PAGE_BYTES / self._document_bytes))
        most = min(fitting, MAX_LIMIT, MAX_LIMIT if limit is None else max(1, limit))
        size: int = 0

        def full(answer: Any) -> bool:
            nonlocal size
            size += int(answer.document.ByteSize())
            return size >= PAGE_BYTES

        documents = await self._reads.between(device, start, end, most, enough=full)
        if documents:
            self._document_bytes = max(PAGE_BYTES / MAX_LIMIT, size / len(documents))
        cut = len(documents) == most or size >= PAGE_BYTES
        if size > PAGE_BYTES and len(documents) > 1:
            documents.pop()
        asked = _Asked(device, start, end, len(documents), cut)
        return _page(device_id, documents, asked)

    async def page_unchanged(self, page: Page) -> bool:
        """Ask the same again, for names and update times only. Firestore bills a read for each all the same."""
        asked = page.request
        if asked is None:
            return True
        assert isinstance(asked, _Asked)
        most = asked.count + (not asked.cut)  # at the range's end one more, which somebody may have added
        documents = await self._reads.between(asked.device, asked.start, asked.end, most, keys_only=True)
        dated = all(document.HasField("update_time") for document in documents)
        return dated and _fingerprint(documents) == page.fingerprint

    async def delete_items(
        self, device_id: str, sort_keys: Sequence[str], *, check: Callable[[], None] = always, attempt: int = 1
    ) -> list[str]:
        """See `HotStore.delete_items`; 500 a batch. Left are those of failed batches and of failed writes."""
        device = place(self._collection, device_id)
        if device is None:
            return []

        async def delete(batch: Sequence[str]) -> list[str]:
            check()
            codes = await self._writes.once("batch_delete", [_Write(delete=f"{device}/{ITEMS}/{key}") for key in batch])
            return [key for key, code in zip(batch, codes, strict=True) if code not in _GONE]

        keys = _holdable(sort_keys)
        results = await self._bounded.run([delete(keys[at : at + BATCH]) for at in range(0, len(keys), BATCH)])
        left = [key for some in results for key in some]
        if left:
            self.usage.retried("batch_delete", sum(map(bool, results)))
            await self._client.retry.wait(attempt)
        return left

    async def delete_if_unchanged(self, device_id: str, items: Mapping[str, bytes]) -> list[str]:
        """See `HotStore.delete_if_unchanged`.

        Exact, and here no dearer than `page_unchanged`: each document is read and compared, and deleted on the
        condition that it has still the update time that was read, 200 in a request.
        """
        device = place(self._collection, device_id)
        if device is None:
            return []
        keys = _holdable(items)
        slices = [keys[at : at + COMPARED_BATCH] for at in range(0, len(keys), COMPARED_BATCH)]
        results = await self._bounded.run(
            [self._delete_same(device_id, device, {key: items[key] for key in some}) for some in slices]
        )
        return [key for some in results for key in some]

    async def put_items(self, device_id: str, items: Sequence[bytes]) -> None:
        """See `HotStore.put_items`."""
        writes = [put_write(self._collection, self._client.database, one) for one in items]
        last = {write.update.name: write for write in writes}  # a batch takes one write a document
        await self._bounded.run([self._writes.put(batch) for batch in batches(list(last.values()))])

    async def last_item(self, device_id: str) -> bytes | None:
        """See `HotStore.last_item`; one document read, along the index `__name__ DESC`."""
        device = place(self._collection, device_id)
        if device is None:
            return None
        documents = await self._reads.between(device, None, None, 1, direction=DESCENDING)
        return to_chunk_json(documents[0].fields, device_id, sort_key(documents[0])) if documents else None

    async def close(self) -> None:
        await self._client.close()

    async def _delete_same(self, device_id: str, device: str, items: Mapping[str, bytes]) -> list[str]:
        """The conditions make a repetition harmless: what is gone stays gone, what was written anew stays."""
        left: list[str] = []
        pending = dict(items)
        for attempt in range(1, COMPARE_TRIES + 1):
            found = await self._reads.named(device, list(pending))
            same = {key: found[key] for key in found if _equals(device_id, found[key], pending[key])}
            left += [key for key in found if key not in same]
            if not same:
                return left
            writes = [
                _Write(delete=document.name, current_document={"update_time": document.update_time})
                for document in same.values()
            ]
            codes = await self._writes.repeatable("conditional_delete", writes)
            pending = {key: items[key] for key, code in zip(same, codes, strict=True) if code not in _GONE}
            if not pending:
                return left
            self.usage.retried("conditional_delete")
            await self._client.retry.wait(attempt)
        raise StoreError(
            self._resource,
            f"{len(pending)} items of {device_id} could be neither deleted nor found changed in {COMPARE_TRIES} tries",
            "It is busy: run again later",
        )


def _page(device_id: str, documents: Sequence[Any], asked: _Asked) -> Page:
    sort_keys: list[str] = []
    items: list[bytes] = []
    refused: list[tuple[str, str]] = []
    for document in documents:
        key = sort_key(document)
        try:
            items.append(to_chunk_json(document.fields, device_id, key))
            sort_keys.append(key)
        except ItemRefusedError as error:
            refused.append((key, error.cause))
    next_after = sort_key(documents[-1]) if asked.cut else None
    return Page(sort_keys, items, next_after, asked, _fingerprint(documents), tuple(refused))


def _fingerprint(documents: Sequence[Any]) -> bytes:
    """Names and update times: a document that was deleted and written anew, or changed, has another one."""
    seen = [(document.name, document.update_time.seconds, document.update_time.nanos) for document in documents]
    return hashlib.sha256(repr(seen).encode()).digest()


def _equals(device_id: str, document: Any, chunk_json: bytes) -> bool:
    try:
        stored = to_chunk_json(document.fields, device_id, sort_key(document))
        if stored == chunk_json:
            return True
        given = _Document()
        fill(given.fields, parse(chunk_json))
        return stored == to_chunk_json(given.fields, device_id, sort_key(document))
    except ItemRefusedError:
        return False


def _holdable(sort_keys: Sequence[str] | Mapping[str, Any]) -> list[str]:
    """Each once, without those that no document can have: they are gone anyway."""
    return [key for key in dict.fromkeys(sort_keys) if document_ids.refusal(key) is None]
