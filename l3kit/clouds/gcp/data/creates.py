"""Creation and replacement of items in Firestore: BatchWrites with a precondition on each write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from google.cloud.firestore_v1 import types
from grpc import StatusCode as Code

from l3kit.clouds.gcp.data import document_ids
from l3kit.clouds.gcp.data.firestore_client import TRANSIENT, FirestoreClient, Refused
from l3kit.clouds.gcp.data.item_reads import never
from l3kit.clouds.gcp.data.item_writes import BATCH, BATCH_BYTES, code_of, put_write, write_request
from l3kit.clouds.gcp.data.items import to_chunk_json
from l3kit.errors import ItemRefusedError, StoreError
from l3kit.tiering import ports
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.hot_creates import CREATED, Batch, BatchCreates, Entry, cut, held
from l3kit.tiering.ports import Creation
from l3kit.tiering.retry import Passing

INVALID = frozenset({Code.INVALID_ARGUMENT})
_CHANGED = frozenset({Code.FAILED_PRECONDITION, Code.NOT_FOUND})


class ItemCreates:
    """Creates items in one root collection, and replaces them."""

    def __init__(self, client: FirestoreClient, collection: str, resource: str, bounded: Bounded) -> None:
        self._client = client
        self._collection = collection
        self._resource = resource
        self._batches = BatchCreates(self._encode, _cut, self._send, bounded, client.retry, client.usage, resource)

    async def run(self, items: Sequence[bytes]) -> list[Creation]:
        """Create items as `HotStore.create_items` does."""
        return await self._batches.run(items)

    async def replace(self, item: bytes, update_time: int) -> bool:
        """Replace as `HotStore.replace_item` does, on condition of the update time (nanoseconds)."""
        write = put_write(self._collection, self._client.database, item)
        write.current_document.update_time.FromNanoseconds(update_time)
        usage, name = self._client.usage, str(write.update.name)
        status = await self._client.retry.until_settled(
            usage, "replace", self._resource, lambda: self._replace_once(write)
        )
        code = code_of(status)
        if code is Code.OK:
            usage.write_units += 1
            return True
        if code is Code.INVALID_ARGUMENT:
            raise ItemRefusedError(_item_name(name), status.message)
        if code not in _CHANGED:
            raise self._failed("replace", status)
        there = (await self._read([name])).get(name)
        return there is not None and _same(there, write.update)

    async def _replace_once(self, write: Any) -> Any:
        """Send once. Returns: the write's status; `Passing` for a transient one."""
        request = write_request(self._client.database, [write])
        answer = await self._client.attempt("batch_write", "replace", self._resource, request, expected=INVALID)
        if isinstance(answer, Passing):
            return answer
        if isinstance(answer, Refused):
            raise ItemRefusedError(_item_name(write.update.name), answer.message)
        (status,) = answer.status
        code = code_of(status)
        return Passing(f"replace returned {code.name} {status.message}".rstrip()) if code in TRANSIENT else status

    def _encode(self, item: bytes) -> Any:
        write = put_write(self._collection, self._client.database, item)
        write.current_document.exists = False
        return write

    async def _send(self, batch: Batch[Any]) -> Sequence[Creation | None]:
        request = write_request(self._client.database, [entry.encoded for entry in batch])
        answer = await self._client.call("batch_write", "batch_create", self._resource, request, expected=INVALID)
        if isinstance(answer, Refused):
            raise ItemRefusedError(_item_name(batch[0].encoded.update.name), answer.message)
        outcomes: list[Creation | None] = []
        taken: list[str] = []
        for entry, status in zip(batch, answer.status, strict=True):
            code, name = code_of(status), str(entry.encoded.update.name)
            outcomes.append(CREATED if code is Code.OK else None)
            if code is Code.ALREADY_EXISTS:
                taken.append(name)
            elif code is Code.INVALID_ARGUMENT:
                outcomes[-1] = ports.Refused(f"{_item_name(name)}: {status.message}")
            elif code is not Code.OK and code not in TRANSIENT:
                raise self._failed("batch_create", status)
        self._client.usage.write_units += sum(outcome is CREATED for outcome in outcomes)
        there = await self._read(taken) if taken else {}
        for number, entry in enumerate(batch):
            document = there.get(entry.encoded.update.name)
            if document is not None:
                outcomes[number] = held(_chunk_json, document, document.update_time.ToNanoseconds())
        return outcomes

    async def _read(self, names: Sequence[str]) -> dict[str, Any]:
        """Read those of these documents that exist, by name, strongly consistent."""
        request = types.BatchGetDocumentsRequest.pb()(database=self._client.database, documents=names)
        answers = await self._client.call(
            "batch_get_documents",
            "batch_get",
            self._resource,
            types.BatchGetDocumentsRequest.wrap(request),
            enough=never,
        )
        self._client.usage.read_units += len(names)
        found = [answer.found for answer in answers if answer.HasField("found")]
        return {str(document.name): document for document in found}

    def _failed(self, kind: str, status: Any) -> StoreError:
        return StoreError(self._resource, f"{kind} returned {code_of(status).name} {status.message}".rstrip())


def _cut(entries: Sequence[Entry[Any]]) -> Iterator[Batch[Any]]:
    return cut(entries, BATCH, BATCH_BYTES, lambda entry: int(entry.encoded.ByteSize()))


def _keys(name: str) -> tuple[str, str]:
    """Device id and sort key in a document's name."""
    *_, device, _, sort_key = name.split("/")
    return document_ids.decode(device), sort_key


def _item_name(name: str) -> str:
    return "item {}/{}".format(*_keys(name))


def _chunk_json(document: Any) -> bytes:
    return to_chunk_json(document.fields, *_keys(document.name))


def _same(there: Any, document: Any) -> bool:
    try:
        return _chunk_json(there) == _chunk_json(document)
    except ItemRefusedError:
        return False
