"""Structured queries of one collection by document name: cursors, direction, limit and projection.

These are the queries that l3kit uses. Filters, other orders, offsets and collection groups are refused.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from google.cloud.firestore_v1 import types

from l3kit.sandbox.gcp.firestore import names
from l3kit.sandbox.gcp.firestore.documents import Documents, Stored
from l3kit.sandbox.gcp.firestore.messages import Document
from l3kit.sandbox.gcp.firestore.refusal import invalid, unimplemented

_DESCENDING = types.StructuredQuery.Direction.DESCENDING
_NAME = "__name__"
_PLAIN_FIELD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")


class Query:
    """A query below `parent`. Raises: CallRefusedError for an invalid or unsupported query."""

    def __init__(self, parent: str, query: Any) -> None:
        names.check_parent(parent)
        if len(query.from_) != 1:
            raise invalid("a query needs exactly one collection selector")
        _check_served(query)
        if not query.from_[0].collection_id:
            raise invalid("the query's collection id is empty")
        if query.limit.value < 0:
            raise invalid("the limit must not be negative")
        self._path = f"{parent}/{query.from_[0].collection_id}"
        self._descending = bool(query.order_by) and query.order_by[0].direction == _DESCENDING
        self._start = _Cursor(query.start_at) if query.HasField("start_at") else None
        self._end = _Cursor(query.end_at) if query.HasField("end_at") else None
        self._limit = query.limit.value if query.HasField("limit") else None
        self._fields = [one.field_path for one in query.select.fields] if query.HasField("select") else []

    def run(self, documents: Documents) -> list[Stored]:
        """The matching documents in order; documents outside the cursors are not read."""
        return list(islice(self._matching(documents), self._limit))

    def projected(self, stored: Stored) -> Any:
        """The document with the selected fields."""
        return project(stored.document, self._fields) if self._fields else stored.document

    def _matching(self, documents: Documents) -> Iterator[Stored]:
        ids = documents.ids(self._path)
        first, last = (self._end, self._start) if self._descending else (self._start, self._end)
        low = 0 if first is None else first.place(self._path, ids, above=first.before == self._descending)
        high = len(ids) if last is None else last.place(self._path, ids, above=last.before == self._descending)
        chosen: Iterable[int] = range(low, high)
        for index in reversed(range(low, high)) if self._descending else chosen:
            found = documents.get(f"{self._path}/{ids[index]}")
            if found is not None:
                yield found


def project(document: Any, paths: Iterable[str]) -> Any:
    """The document with only these fields, its name and its times. Raises: CallRefusedError for a nested field."""
    part = Document(name=document.name, create_time=document.create_time, update_time=document.update_time)
    for path in paths:
        if not _PLAIN_FIELD.fullmatch(path):
            raise unimplemented("projection to nested fields")
        if path in document.fields:
            part.fields[path].CopyFrom(document.fields[path])
    return part


class _Cursor:
    """A position just before or just after a document name."""

    def __init__(self, cursor: Any) -> None:
        if len(cursor.values) > 1:
            raise invalid("a cursor has more values than the query has orders")
        for value in cursor.values:
            if not value.HasField("reference_value"):
                raise invalid("a cursor's value for __name__ must be a reference")
            names.check_document(value.reference_value)
        self.before = cursor.before
        self._name = cursor.values[0].reference_value if cursor.values else None

    def place(self, path: str, ids: Sequence[str], *, above: bool) -> int:
        """Index of this position in a collection's sorted ids; `above`: after an id equal to the cursor's."""
        if self._name is None:
            return len(ids) if above else 0
        parent, one = names.split(self._name)
        if parent != path:
            key = self._name.split("/")
            return sum([*path.split("/"), other] < key for other in ids)
        return (bisect_right if above else bisect_left)(ids, one)


def _check_served(query: Any) -> None:
    """Refuse query features that only the real Firestore supports. Raises: CallRefusedError."""
    if query.from_[0].all_descendants:
        raise unimplemented("collection groups")
    if query.HasField("find_nearest"):
        raise unimplemented("vector search")
    if query.HasField("where"):
        raise unimplemented("filters")
    if query.offset:
        raise unimplemented("offsets")
    if [one.field.field_path for one in query.order_by] not in ([], [_NAME]):
        raise unimplemented("order other than by __name__")
