"""Batched writes to Firestore. A BatchWrite is not atomic: each write succeeds or fails independently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from google.cloud.firestore_v1 import types
from grpc import StatusCode as Code

from l3kit.clouds.gcp.data import document_ids
from l3kit.clouds.gcp.data.document_size import MAX_DOCUMENT_BYTES, document_size
from l3kit.clouds.gcp.data.firestore_client import TRANSIENT, FirestoreClient
from l3kit.clouds.gcp.data.item_reads import ITEMS, place
from l3kit.clouds.gcp.data.items import fill
from l3kit.errors import ItemRefusedError, StoreError
from l3kit.tiering.format.item_json import PARTITION_KEY, SORT_KEY, item_name, parse_item
from l3kit.tiering.hot_creates import cut
from l3kit.tiering.retry import Passing

BATCH = 500
"""Maximum writes per BatchWrite (Firestore's limit)."""
BATCH_BYTES = 8 << 20
"""Below Firestore's request limit of 10 MiB."""

_Write: Any = types.Write.pb()
_CODES = {code.value[0]: code for code in Code}


def put_write(collection: str, database: str, chunk_json: bytes) -> Any:
    """Build the write that stores an item. Raises: ItemRefusedError if Firestore cannot hold it unchanged."""
    item = parse_item(chunk_json)
    named = item_name(item)
    device = place(collection, item[PARTITION_KEY])
    if device is None:
        cause = document_ids.refusal(document_ids.encode(item[PARTITION_KEY]))
        raise ItemRefusedError(
            named, f"its device id {cause}", "Rename the device: Firestore uses the id as a document id"
        )
    cause = document_ids.refusal(item[SORT_KEY])
    if cause:
        raise ItemRefusedError(
            named, f"its sort key {cause}", "Change the item's id: Firestore uses it as a document id"
        )
    write = _Write()
    write.update.name = f"{device}/{ITEMS}/{item[SORT_KEY]}"
    fill(write.update.fields, item)
    size = document_size(write.update.name.removeprefix(f"{database}/documents/"), write.update.fields)
    if size > MAX_DOCUMENT_BYTES:
        raise ItemRefusedError(
            named, f"has {size} bytes as a document, and Firestore allows {MAX_DOCUMENT_BYTES}", "Split the item"
        )
    return write


def batches(writes: Sequence[Any]) -> Iterator[list[Any]]:
    """Split writes by number and size."""
    return cut(writes, BATCH, BATCH_BYTES, lambda write: int(write.ByteSize()))


def write_request(database: str, writes: Sequence[Any]) -> Any:
    """The request of a BatchWrite."""
    return types.BatchWriteRequest.wrap(types.BatchWriteRequest.pb()(database=database, writes=writes))


def code_of(status: Any) -> Code:
    """The status of one write."""
    return _CODES.get(status.code, Code.UNKNOWN)


class ItemWrites:
    """Writes items below one root collection."""

    def __init__(self, client: FirestoreClient, resource: str) -> None:
        self._client = client
        self._resource = resource

    async def delete(self, documents: Sequence[tuple[str, int]]) -> list[Code]:
        """Delete documents, each only if its update time (nanoseconds) still matches; sent once.

        Returns: a status for each; UNKNOWN if the call failed or its response was lost.
        Raises: StoreError if a retry would not help.
        """
        request = types.BatchWriteRequest.pb()(database=self._client.database)
        for name, update_time in documents:
            write = request.writes.add()
            write.delete = name
            write.current_document.update_time.FromNanoseconds(update_time)
        wrapped = types.BatchWriteRequest.wrap(request)
        outcome = await self._client.attempt("batch_write", "batch_delete", self._resource, wrapped)
        if isinstance(outcome, Passing):
            return [Code.UNKNOWN] * len(documents)
        codes = [code_of(status) for status in outcome.status]
        self._client.usage.write_units += codes.count(Code.OK)
        return codes

    async def put(self, writes: Sequence[Any]) -> None:
        """Store items. Raises: ItemRefusedError naming the item; StoreError."""
        await self._write("batch_put", writes)

    async def delete_all(self, names: Sequence[str]) -> None:
        """Delete documents whatever they hold, at most `BATCH`. Raises: StoreError."""
        await self._write("batch_delete", [_Write(delete=name) for name in names])

    async def _write(self, kind: str, writes: Sequence[Any]) -> None:
        retry, usage = self._client.retry, self._client.usage

        async def once(left: list[Any]) -> list[Any]:
            return await self._write_once(kind, left)

        await retry.until_none_left(usage, kind, self._resource, list(writes), once)

    async def _write_once(self, kind: str, writes: list[Any]) -> list[Any]:
        """Send the writes; return those that were left. Raises: ItemRefusedError, StoreError."""
        request = write_request(self._client.database, writes)
        answer = await self._client.call("batch_write", kind, self._resource, request)
        left = []
        for write, status in zip(writes, answer.status, strict=True):
            code = code_of(status)
            if code in TRANSIENT:
                left.append(write)
            elif code is Code.INVALID_ARGUMENT:
                raise ItemRefusedError(f"item {_relative(write.update.name)}", status.message)
            elif code is not Code.OK:
                raise StoreError(self._resource, f"{kind} returned {code.name} {status.message}".rstrip())
        self._client.usage.write_units += len(writes) - len(left)
        return left


def _relative(name: str) -> str:
    return "/".join(name.split("/")[6:])
