"""In-memory storage of documents by collection, sorted by id."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from l3kit.sandbox.gcp.firestore import names


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored document in wire form, immutable. `version`: update time in microseconds since 1970."""

    document: Any
    version: int

    @property
    def name(self) -> str:
        return str(self.document.name)


class Ticks:
    """Strictly increasing commit times in microseconds since 1970.

    Args:
        clock: nanoseconds since 1970.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._last = 0

    def reading(self) -> int:
        """The time of a read; every later commit has a greater one."""
        self._last = max(self._clock() // 1000, self._last)
        return self._last

    def commit(self) -> int:
        """The time of a commit, greater than that of every earlier read and commit."""
        self._last = max(self._clock() // 1000, self._last + 1)
        return self._last


@dataclass(slots=True)
class _Collection:
    ids: list[str] = field(default_factory=list)
    documents: dict[str, Stored] = field(default_factory=dict)


class Documents:
    """The documents of all databases."""

    def __init__(self) -> None:
        self._collections: dict[str, _Collection] = {}

    def get(self, name: str) -> Stored | None:
        """The document, or None."""
        path, one = names.split(name)
        collection = self._collections.get(path)
        return collection.documents.get(one) if collection else None

    def replace(self, name: str, new: Stored | None) -> None:
        """Store the document; None deletes it."""
        path, one = names.split(name)
        collection = self._collections.setdefault(path, _Collection())
        old = collection.documents.get(one)
        if new is not None:
            if old is None:
                insort(collection.ids, one)
            collection.documents[one] = new
        elif old is not None:
            del collection.documents[one]
            del collection.ids[bisect_left(collection.ids, one)]
        if not collection.ids:
            del self._collections[path]

    def drop(self, database: str) -> None:
        """Delete all documents of a database."""
        for path in [path for path in self._collections if path.startswith(f"{database}/documents/")]:
            del self._collections[path]

    def ids(self, path: str) -> Sequence[str]:
        """The sorted ids of a collection's documents; a live view, so do not keep it."""
        collection = self._collections.get(path)
        return collection.ids if collection else []

    def collections(self, database: str) -> list[str]:
        """The sorted ids of the collections in the root, also of those whose documents have only subcollections."""
        prefix = f"{database}/documents/"
        return sorted({path[len(prefix) :].partition("/")[0] for path in self._collections if path.startswith(prefix)})

    def missing(self, path: str) -> set[str]:
        """Ids of missing documents of a collection that have subcollections."""
        prefix = path + "/"
        owners = {other[len(prefix) :].partition("/")[0] for other in self._collections if other.startswith(prefix)}
        return owners.difference(self.ids(path))
