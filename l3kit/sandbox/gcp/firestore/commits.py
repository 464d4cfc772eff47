"""The calls that write, and transactions' ends."""

from __future__ import annotations

import secrets
import string
from collections.abc import Sequence
from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.rpc.status_pb2 import Status

from l3kit.sandbox.gcp.firestore import fields, messages, names, writes
from l3kit.sandbox.gcp.firestore.documents import Documents, Stored, Ticks
from l3kit.sandbox.gcp.firestore.refusal import CallRefusedError, invalid
from l3kit.sandbox.gcp.firestore.transactions import Transactions

MAX_BATCH = 500
"""Writes in a BatchWrite. A Commit is limited only by its size, since March 2023."""
MAX_REQUEST_BYTES = 10 * 1024 * 1024
_ID_LETTERS = string.ascii_letters + string.digits


class Commits:
    """Writing calls on the documents. Nothing else runs between a call's first check and its last change."""

    def __init__(self, documents: Documents, transactions: Transactions, ticks: Ticks) -> None:
        self._documents = documents
        self._transactions = transactions
        self._ticks = ticks

    def begin_transaction(self, request: Any) -> Any:
        return messages.BeginTransactionResponse(transaction=self._transactions.begin(request.options).id)

    def rollback(self, request: Any) -> Any:
        self._transactions.end(request.transaction)
        return Empty()

    def commit(self, request: Any) -> Any:
        """All or nothing, in order. Several writes may be on one document."""
        _check_size(request)
        if request.transaction:
            transaction = self._transactions.get(request.transaction)
            if transaction.read_only and request.writes:
                raise invalid("a read-only transaction cannot write")
            if not transaction.read_only:
                self._transactions.check(transaction)
        results, at = self._write(request.writes, request.database)
        if request.transaction:
            self._transactions.end(request.transaction)
        return messages.CommitResponse(write_results=results, commit_time=messages.timestamp(at))

    def batch_write(self, request: Any) -> Any:
        """Each write by itself, with a status of its own."""
        _check_size(request)
        if len(request.writes) > MAX_BATCH:
            raise invalid(f"a BatchWrite holds at most {MAX_BATCH} writes, not {len(request.writes)}")
        targets = [writes.target(write) for write in request.writes]
        if len(set(targets)) < len(targets):
            raise invalid("a BatchWrite may not write to a document more than once")
        answer = messages.BatchWriteResponse()
        for write in request.writes:
            try:
                results, _ = self._write([write], request.database)
                answer.write_results.append(results[0])
                answer.status.append(Status())
            except CallRefusedError as error:
                answer.write_results.append(messages.WriteResult())
                answer.status.append(Status(code=error.code.value[0], message=error.message))
        return answer

    def create_document(self, request: Any) -> Any:
        names.check_parent(request.parent)
        if request.document.name:
            raise invalid("the name of a document to create must not be set")
        one = request.document_id or "".join(secrets.choice(_ID_LETTERS) for _ in range(20))
        write = messages.Write(update=request.document)
        write.update.name = f"{request.parent}/{request.collection_id}/{one}"
        write.current_document.exists = False
        return self._single(write, request)

    def update_document(self, request: Any) -> Any:
        write = messages.Write(update=request.document)
        if request.HasField("update_mask"):
            write.update_mask.CopyFrom(request.update_mask)
        if request.HasField("current_document"):
            write.current_document.CopyFrom(request.current_document)
        return self._single(write, request)

    def delete_document(self, request: Any) -> Any:
        write = messages.Write(delete=request.name)
        if request.HasField("current_document"):
            write.current_document.CopyFrom(request.current_document)
        self._write([write], None)
        return Empty()

    def _single(self, write: Any, request: Any) -> Any:
        self._write([write], None)
        stored = self._documents.get(write.update.name)
        assert stored is not None
        return fields.masked(stored.document, request)

    def _write(self, wanted: Sequence[Any], database: str | None) -> tuple[list[Any], int]:
        at = self._ticks.commit()
        new: dict[str, Stored | None] = {}
        results = []
        for write in wanted:
            name = writes.target(write)
            if database is not None and not name.startswith(database + "/documents/"):
                raise invalid(f"{name} is not in {database}")
            current = new[name] if name in new else self._documents.get(name)
            new[name], result = writes.apply(write, current, at)
            results.append(result)
        for name, stored in new.items():
            if stored is not self._documents.get(name):
                self._documents.replace(name, stored, at)
        return results, at


def _check_size(request: Any) -> None:
    if request.ByteSize() > MAX_REQUEST_BYTES:
        raise invalid(f"the request is larger than {MAX_REQUEST_BYTES} bytes")
