"""The journal in Firestore: a document per record in one root collection; swaps are conditional on its update time."""

from __future__ import annotations

from typing import Any

from google.cloud.firestore_v1 import types
from grpc import StatusCode as Code

from l3kit.clouds.gcp.data import document_ids
from l3kit.clouds.gcp.data.firestore_client import FirestoreClient, Refused
from l3kit.clouds.gcp.data.item_reads import NAME
from l3kit.errors import StoreError
from l3kit.tiering.ports import JournalRow

VERSION = "version"
EXPIRES = "expires_at"
"""Seconds since 1970 for callers; a Timestamp in the store, as TTL policies require."""
NAMES_PAGE = 1000
_MISSING = frozenset({Code.NOT_FOUND})
_NOT_MET = frozenset({Code.NOT_FOUND, Code.ALREADY_EXISTS, Code.FAILED_PRECONDITION})
_Query: Any = types.StructuredQuery.pb()
_RunQuery: Any = types.RunQueryRequest.pb()
_Write: Any = types.Write.pb()
_Commit: Any = types.CommitRequest.pb()


class FirestoreJournalStore:
    """`JournalStore` on one collection.

    Caches the update time of each record that it loaded or wrote, so that the next swap is a single request.
    """

    def __init__(self, name: str, client: FirestoreClient) -> None:
        self._client = client
        self._collection_id = name
        self._resource = f"collection {name}"
        self._known: dict[str, tuple[int, Any]] = {}
        self.usage = client.usage

    async def load(self, name: str) -> JournalRow | None:
        self._known.pop(name, None)
        request = types.GetDocumentRequest(name=self._name(name))
        document = await self._client.call("get_document", "get", self._resource, request, expected=_MISSING)
        self.usage.read_units += 1
        if isinstance(document, Refused):
            return None
        version = int(document.fields[VERSION].integer_value)
        self._known[name] = (version, document.update_time)
        attributes = {key: _plain(value) for key, value in document.fields.items() if key != VERSION}
        return JournalRow(version, attributes)

    async def swap(self, name: str, row: JournalRow) -> bool:
        """Cost: one conditional write, and a read before it if the update time is not cached."""
        write = _Write()
        if row.version == 1:
            write.current_document.exists = False
        else:
            if name not in self._known and await self.load(name) is None:
                return False
            version, update_time = self._known[name]
            if version != row.version - 1:
                # The cache may be outdated. A version above that of the row never requires a new read.
                if version >= row.version or await self.load(name) is None:
                    return False
                version, update_time = self._known[name]
                if version != row.version - 1:
                    return False
            write.current_document.update_time.CopyFrom(update_time)
        write.update.name = self._name(name)
        write.update.fields[VERSION].integer_value = row.version
        for key, value in row.attributes.items():
            _fill(write.update.fields[key], key, value)
        return await self._commit(name, row.version, write)

    async def remove(self, name: str, version: int) -> bool:
        """Delete on condition of the update time, after a read."""
        there = await self.load(name)
        if there is None:
            return True
        if there.version != version:
            return False
        write = _Write(delete=self._name(name))
        write.current_document.update_time.CopyFrom(self._known.pop(name)[1])
        request = types.CommitRequest.wrap(_Commit(database=self._client.database, writes=[write]))
        answer = await self._client.call("commit", "delete", self._resource, request, expected=_NOT_MET)
        if isinstance(answer, Refused):
            return await self.load(name) is None  # deleted by an earlier try whose response was lost
        self.usage.write_units += 1
        return True

    async def names(self, prefix: str = "") -> list[str]:
        """Read every name; for people, not for movers."""
        found: list[str] = []
        after = ""
        while True:
            page = await self._ids(after)
            found += [name for name in map(document_ids.decode, page) if name.startswith(prefix)]
            if len(page) < NAMES_PAGE:
                return sorted(found)
            after = page[-1]

    async def close(self) -> None:
        await self._client.close()

    async def _commit(self, name: str, version: int, write: Any) -> bool:
        self._known.pop(name, None)
        request = types.CommitRequest.wrap(_Commit(database=self._client.database, writes=[write]))
        answer = await self._client.call("commit", "put", self._resource, request, expected=_NOT_MET)
        if isinstance(answer, Refused):
            return False
        self.usage.write_units += 1
        self._known[name] = (version, answer.write_results[0].update_time)
        return True

    async def _ids(self, after: str) -> list[str]:
        query = _Query()
        query.from_.add(collection_id=self._collection_id)
        query.select.fields.add(field_path=NAME)
        query.order_by.add().field.field_path = NAME
        query.limit.value = NAMES_PAGE
        if after:
            query.start_at.values.add(reference_value=f"{self._client.documents}/{self._collection_id}/{after}")
        request = types.RunQueryRequest.wrap(_RunQuery(parent=self._client.documents, structured_query=query))
        answers = await self._client.call("run_query", "scan", self._resource, request, enough=lambda _: False)
        ids = [answer.document.name.rpartition("/")[2] for answer in answers if answer.HasField("document")]
        self.usage.read_units += max(1, len(ids))
        return ids

    def _name(self, name: str) -> str:
        encoded = document_ids.encode(name)
        cause = document_ids.refusal(encoded)
        if cause:
            raise StoreError(f"journal record {name}", f"its name {cause}")
        return f"{self._client.documents}/{self._collection_id}/{encoded}"


def _fill(target: Any, key: str, value: str | int | bytes) -> None:
    if isinstance(value, bytes):
        target.bytes_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif key == EXPIRES:
        target.timestamp_value.seconds = value
    else:
        target.integer_value = value


def _plain(value: Any) -> str | int | bytes:
    kind = value.WhichOneof("value_type")
    if kind == "bytes_value":
        return bytes(value.bytes_value)
    if kind == "string_value":
        return str(value.string_value)
    return int(value.timestamp_value.seconds if kind == "timestamp_value" else value.integer_value)
