"""Reading calls: each takes a request and returns its answer, or a list of answers for a streaming call."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from l3kit.sandbox.gcp.firestore import messages, names
from l3kit.sandbox.gcp.firestore.documents import Documents, Ticks
from l3kit.sandbox.gcp.firestore.queries import Query, project
from l3kit.sandbox.gcp.firestore.refusal import invalid, not_found, unimplemented

PAGE = 300
"""Default page size of a listing."""


class Reads:
    """The reading calls of the service."""

    def __init__(self, documents: Documents, ticks: Ticks) -> None:
        self._documents = documents
        self._ticks = ticks

    def get_document(self, request: Any) -> Any:
        _check_now(request)
        names.check_document(request.name)
        found = self._documents.get(request.name)
        if found is None:
            raise not_found(request.name)
        return _masked(found.document, request)

    def batch_get_documents(self, request: Any) -> list[Any]:
        _check_now(request)
        read_time = messages.timestamp(self._ticks.reading())
        answers = []
        for name in dict.fromkeys(request.documents):
            names.check_document(name)
            if not name.startswith(request.database + "/documents/"):
                raise invalid(f"{name} is not in {request.database}")
            found = self._documents.get(name)
            if found is None:
                answers.append(messages.BatchGetDocumentsResponse(missing=name, read_time=read_time))
            else:
                document = _masked(found.document, request)
                answers.append(messages.BatchGetDocumentsResponse(found=document, read_time=read_time))
        return answers

    def run_query(self, request: Any) -> list[Any]:
        _check_now(request)
        if request.HasField("explain_options"):
            raise unimplemented("query explanations")
        query = Query(request.parent, request.structured_query)
        read_time = messages.timestamp(self._ticks.reading())
        found = [query.projected(stored) for stored in query.run(self._documents)]
        if not found:
            return [messages.RunQueryResponse(read_time=read_time)]
        return [messages.RunQueryResponse(document=document, read_time=read_time) for document in found]

    def list_documents(self, request: Any) -> Any:
        _check_now(request)
        names.check_parent(request.parent)
        if request.order_by not in ("", "__name__", "__name__ asc"):
            raise unimplemented("order of listings other than __name__")
        if not request.collection_id:
            raise unimplemented("listings of all collections")
        path = f"{request.parent}/{request.collection_id}"
        ids = set(self._documents.ids(path))
        if request.show_missing:
            ids |= self._documents.missing(path)
        page, token = _page([f"{path}/{one}" for one in sorted(ids)], request)
        answer = messages.ListDocumentsResponse(next_page_token=token)
        for name in page:
            found = self._documents.get(name)
            document = messages.Document(name=name) if found is None else _masked(found.document, request)
            answer.documents.append(document)
        return answer


def _check_now(request: Any) -> None:
    """Refuse reads of past versions and in transactions. Raises: CallRefusedError."""
    selector = request.WhichOneof("consistency_selector")
    if selector is not None:
        raise unimplemented("past versions" if selector == "read_time" else "transactions")


def _masked(document: Any, request: Any) -> Any:
    return project(document, request.mask.field_paths) if request.HasField("mask") else document


def _page(listed: Sequence[str], request: Any) -> tuple[list[str], str]:
    """One page of a sorted list, and the token of the next page."""
    if request.page_token:
        try:
            after = base64.urlsafe_b64decode(request.page_token.encode()).decode()
        except (binascii.Error, ValueError):
            raise invalid("the page token is not one of this server") from None
        listed = [one for one in listed if one > after]
    size = request.page_size or PAGE
    page = list(listed[:size])
    token = base64.urlsafe_b64encode(page[-1].encode()).decode() if len(listed) > size else ""
    return page, token
