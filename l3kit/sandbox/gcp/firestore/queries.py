"""Structured queries: from, where, order, cursors, offset, limit and projection.

Indexes are not modelled: a query that the real Firestore answers with "requires an index" is answered here.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from google.cloud.firestore_v1 import types

from l3kit.sandbox.gcp.firestore import fields, filters, names, values
from l3kit.sandbox.gcp.firestore.documents import Documents, Stored
from l3kit.sandbox.gcp.firestore.refusal import invalid, unimplemented

_DESCENDING = types.StructuredQuery.Direction.DESCENDING
_BY_NAME = (fields.NAME,)


@dataclass(frozen=True, slots=True)
class Order:
    """One field of `order_by`."""

    path: fields.Path
    descending: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A query's result; `skipped` counts the documents that the offset left out."""

    documents: list[Stored]
    skipped: int


class Query:
    """A query below `parent`. Raises: CallRefusedError where it makes no sense."""

    def __init__(self, parent: str, query: Any) -> None:
        names.check_parent(parent)
        if query.HasField("find_nearest"):
            raise unimplemented("vector search")
        if len(query.from_) != 1:
            raise invalid("a query needs exactly one collection selector")
        if query.offset < 0 or query.limit.value < 0:
            raise invalid("offset and limit must not be negative")
        self._parent = parent
        self._selector = query.from_[0]
        if not self._selector.collection_id and not self._selector.all_descendants:
            raise invalid("the query's collection id is empty")
        self._matches = filters.compile_filter(query.where) if query.HasField("where") else None
        self._orders = _orders(query)
        self._start = _Cursor(query.start_at, self._orders) if query.HasField("start_at") else None
        self._end = _Cursor(query.end_at, self._orders) if query.HasField("end_at") else None
        self._offset = query.offset
        self._limit = query.limit.value if query.HasField("limit") else None
        self._projection = None
        if query.HasField("select") and query.select.fields:
            self._projection = [fields.parse(one.field_path) for one in query.select.fields]

    def run(self, documents: Documents, at: int | None = None) -> Found:
        """What matches, in order. `at`: as of then, in microseconds; None is now."""
        paths = self._paths(documents, at)
        only_by_name = [order.path for order in self._orders] == [_BY_NAME]
        if len(paths) == 1 and only_by_name:
            matching = self._by_id(documents, paths[0], at)
        else:
            matching = iter(self._sorted(documents.walk(paths, at)))
        skipped = sum(1 for _ in islice(matching, self._offset))
        return Found(list(islice(matching, self._limit)), skipped)

    def projected(self, stored: Stored) -> Any:
        """The document as it is answered."""
        if self._projection is None:
            return stored.document
        return fields.project(stored.document, self._projection)

    def _paths(self, documents: Documents, at: int | None) -> list[str]:
        wanted = self._selector.collection_id
        if not self._selector.all_descendants:
            return [f"{self._parent}/{wanted}"]
        below = documents.collections(self._parent, all_descendants=True, at=at)
        return [path for path in below if not wanted or names.split(path)[1] == wanted]

    def _by_id(self, documents: Documents, path: str, at: int | None) -> Iterator[Stored]:
        """One collection in the order of its ids, which are kept sorted: no document outside the cursors is touched."""
        ids = documents.ids(path, at)
        descending = self._orders[0].descending
        low, high = 0, len(ids)
        first, last = (self._end, self._start) if descending else (self._start, self._end)
        if first is not None:
            low = first.place(path, ids, above=first.before == descending)
        if last is not None:
            high = last.place(path, ids, above=last.before == descending)
        chosen: Iterable[int] = range(low, high)
        for index in reversed(range(low, high)) if descending else chosen:
            found = documents.get(f"{path}/{ids[index]}", at)
            if found is not None and (self._matches is None or self._matches(found.document)):
                yield found

    def _sorted(self, candidates: Iterable[Stored]) -> list[Stored]:
        keyed = []
        for stored in candidates:
            if self._matches is not None and not self._matches(stored.document):
                continue
            found = [filters.read(stored.document, order.path) for order in self._orders]
            if any(value is None for value in found):  # what lacks a field is not in its index
                continue
            key = [values.order(value) for value in found]
            if (self._start is None or self._start.is_before(key)) and (
                self._end is None or not self._end.is_before(key)
            ):
                keyed.append((key, stored))
        for index, order in reversed(list(enumerate(self._orders))):
            keyed.sort(key=partial(_part, index), reverse=order.descending)
        return [stored for _, stored in keyed]


class _Cursor:
    """A position between results: just before or just after certain values."""

    def __init__(self, cursor: Any, orders: Sequence[Order]) -> None:
        if len(cursor.values) > len(orders):
            raise invalid("a cursor has more values than the query has orders")
        for value, order in zip(cursor.values, orders, strict=False):
            if order.path == _BY_NAME:
                if not value.HasField("reference_value"):
                    raise invalid("a cursor's value for __name__ must be a reference")
                names.check_reference(value.reference_value)
        self.before = cursor.before
        self._values = list(cursor.values)
        self._orders = orders
        self._keys = [values.order(value) for value in cursor.values]

    def is_before(self, key: Sequence[tuple[Any, ...]]) -> bool:
        """Whether a result with these order values lies behind this position."""
        for own, other, order in zip(self._keys, key, self._orders, strict=False):
            if own != other:
                return (own < other) != order.descending
        return bool(self.before)

    def place(self, path: str, ids: Sequence[str], *, above: bool) -> int:
        """Where this position cuts a collection's sorted ids; `above`: ids equal to the cursor's lie below the cut."""
        if not self._values:
            return len(ids) if above else 0
        parent, one = names.split(self._values[0].reference_value)
        if parent != path or names.order(one)[0][0] == 0:
            key = names.order(self._values[0].reference_value)
            return sum(names.order(f"{path}/{other}") < key for other in ids)
        return (bisect_right if above else bisect_left)(ids, one)


def _part(index: int, entry: tuple[list[Any], Stored]) -> Any:
    return entry[0][index]


def _orders(query: Any) -> list[Order]:
    """The explicit orders, then the fields of inequalities, then the name; in the last one's direction."""
    orders = [Order(fields.parse(one.field.field_path), one.direction == _DESCENDING) for one in query.order_by]
    descending = orders[-1].descending if orders else False
    known = {order.path for order in orders}
    if query.HasField("where"):
        implied = sorted(set(filters.inequality_fields(query.where)) - known - {_BY_NAME})
        orders += [Order(path, descending) for path in implied]
    if _BY_NAME not in known:
        orders.append(Order(_BY_NAME, descending))
    return orders
