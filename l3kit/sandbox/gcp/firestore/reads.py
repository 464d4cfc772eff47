"""The calls that read. Each takes its request and returns its answer, or its answers where the call streams."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from l3kit.sandbox.gcp.firestore import fields, messages, names
from l3kit.sandbox.gcp.firestore.documents import Documents, Stored, Ticks
from l3kit.sandbox.gcp.firestore.queries import Query
from l3kit.sandbox.gcp.firestore.refusal import invalid, not_found, unimplemented
from l3kit.sandbox.gcp.firestore.transactions import Transaction, Transactions

PAGE = 300
"""Documents or collection ids in an answer to a listing that names no page size."""


class Reads:
    """Reading calls on the documents."""

    def __init__(self, documents: Documents, transactions: Transactions, ticks: Ticks) -> None:
        self._documents = documents
        self._transactions = transactions
        self._ticks = ticks

    def get_document(self, request: Any) -> Any:
        names.check_document(request.name)
        transaction, at = self._view(request)
        found = self._get(request.name, transaction, at)
        if found is None:
            raise not_found(request.name)
        return fields.masked(found.document, request)

    def batch_get_documents(self, request: Any) -> list[Any]:
        transaction, at = self._view(request)
        read_time = messages.timestamp(at or self._ticks.reading())
        answers = []
        if request.HasField("new_transaction"):
            assert transaction is not None
            answers.append(messages.BatchGetDocumentsResponse(transaction=transaction.id, read_time=read_time))
        for name in dict.fromkeys(request.documents):
            names.check_document(name)
            if not name.startswith(request.database + "/documents/"):
                raise invalid(f"{name} is not in {request.database}")
            found = self._get(name, transaction, at)
            if found is None:
                answers.append(messages.BatchGetDocumentsResponse(missing=name, read_time=read_time))
            else:
                document = fields.masked(found.document, request)
                answers.append(messages.BatchGetDocumentsResponse(found=document, read_time=read_time))
        return answers

    def run_query(self, request: Any) -> list[Any]:
        if request.HasField("explain_options"):
            raise unimplemented("query explanations")
        query = Query(request.parent, request.structured_query)
        transaction, at = self._view(request)
        read_time = messages.timestamp(at or self._ticks.reading())
        answers = []
        if request.HasField("new_transaction"):
            assert transaction is not None
            answers.append(messages.RunQueryResponse(transaction=transaction.id))
        found = query.run(self._documents, at)
        self._note(transaction, query, found.documents)
        if found.skipped or not found.documents:
            answers.append(messages.RunQueryResponse(read_time=read_time, skipped_results=found.skipped))
        answers += [
            messages.RunQueryResponse(document=query.projected(stored), read_time=read_time)
            for stored in found.documents
        ]
        return answers

    def run_aggregation_query(self, request: Any) -> list[Any]:
        asked = request.structured_aggregation_query
        query = Query(request.parent, asked.structured_query)
        transaction, at = self._view(request)
        read_time = messages.timestamp(at or self._ticks.reading())
        found = query.run(self._documents, at)
        self._note(transaction, query, found.documents)
        result = messages.AggregationResult()
        unnamed = 0
        for aggregation in asked.aggregations:
            if not aggregation.HasField("count"):
                raise unimplemented("aggregation but count")
            count = len(found.documents)
            if aggregation.count.HasField("up_to"):
                count = min(count, aggregation.count.up_to.value)
            unnamed += not aggregation.alias
            result.aggregate_fields[aggregation.alias or f"field_{unnamed}"].integer_value = count
        answer = messages.RunAggregationQueryResponse(result=result, read_time=read_time)
        if request.HasField("new_transaction"):
            assert transaction is not None
            answer.transaction = transaction.id
        return [answer]

    def list_documents(self, request: Any) -> Any:
        names.check_parent(request.parent)
        if request.order_by not in ("", "__name__", "__name__ asc"):
            raise unimplemented("order of listings but __name__")
        transaction, at = self._view(request)
        if transaction is not None and not transaction.read_only:
            raise unimplemented("listing in a read-write transaction")
        paths = [f"{request.parent}/{request.collection_id}"]
        if not request.collection_id:
            paths = self._documents.collections(request.parent, at=at)
        listed = []
        for path in paths:
            ids = set(self._documents.ids(path, at))
            if request.show_missing:
                ids |= self._documents.missing(path)
            listed += [f"{path}/{one}" for one in sorted(ids)]
        page, token = _page(listed, request)
        answer = messages.ListDocumentsResponse(next_page_token=token)
        for name in page:
            found = self._documents.get(name, at)
            document = messages.Document(name=name) if found is None else fields.masked(found.document, request)
            answer.documents.append(document)
        return answer

    def list_collection_ids(self, request: Any) -> Any:
        names.check_parent(request.parent)
        _, at = self._view(request)
        ids = [names.split(path)[1] for path in self._documents.collections(request.parent, at=at)]
        # A collection exists as soon as something lies anywhere below it.
        prefix = request.parent + "/"
        deep = self._documents.collections(request.parent, all_descendants=True, at=at)
        ids = sorted({path[len(prefix) :].partition("/")[0] for path in deep}.union(ids))
        page, token = _page(ids, request)
        return messages.ListCollectionIdsResponse(collection_ids=page, next_page_token=token)

    def _view(self, request: Any) -> tuple[Transaction | None, int | None]:
        """The transaction to read in, and the time of which to read."""
        selector = request.WhichOneof("consistency_selector")
        if selector == "read_time":
            raise unimplemented("past versions")
        if selector == "new_transaction":
            options = request.new_transaction
            if options.WhichOneof("mode") is None:
                options.read_only.SetInParent()
            transaction = self._transactions.begin(options)
        elif selector == "transaction":
            transaction = self._transactions.get(request.transaction)
        else:
            return None, None
        return transaction, self._transactions.snapshot(transaction)

    def _get(self, name: str, transaction: Transaction | None, at: int | None) -> Stored | None:
        found = self._documents.get(name, at)
        if transaction is not None:
            self._transactions.note_document(transaction, name, found.version if found else None)
        return found

    def _note(self, transaction: Transaction | None, query: Query, found: Sequence[Stored]) -> None:
        if transaction is not None and not transaction.read_only:
            seen = tuple((stored.name, stored.version) for stored in found)
            self._transactions.note_query(transaction, query, seen)


def _page(listed: Sequence[str], request: Any) -> tuple[list[str], str]:
    """What a listing answers of a sorted list, and the token that continues it behind the last one."""
    if request.page_token:
        try:
            after = base64.urlsafe_b64decode(request.page_token.encode()).decode()
        except (binascii.Error, ValueError):
            raise invalid("the page token is not one of this server") from None
        listed = [one for one in listed if names.order(one) > names.order(after)]
    size = request.page_size or PAGE
    page = list(listed[:size])
    token = base64.urlsafe_b64encode(page[-1].encode()).decode() if len(listed) > size else ""
    return page, token
