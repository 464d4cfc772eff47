"""What is stored: documents by collection, sorted by id, and past versions as long as a transaction may read them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from l3kit.sandbox.gcp.firestore import names


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as it is sent, never changed after it was stored. `version`: its update time in microseconds."""

    document: Any
    version: int

    @property
    def name(self) -> str:
        return str(self.document.name)


class Ticks:
    """Microseconds since 1970 that never stand still between two commits.

    Args:
        clock: nanoseconds since 1970.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._last = 0

    def reading(self) -> int:
        """Now, as the time of a read: every later commit has a greater one."""
        self._last = max(self._clock() // 1000, self._last)
        return self._last

    def commit(self) -> int:
        """A time greater than that of every read and commit before."""
        self._last = max(self._clock() // 1000, self._last + 1)
        return self._last


@dataclass(slots=True)
class _Collection:
    ids: list[str] = field(default_factory=list)
    documents: dict[str, Stored] = field(default_factory=dict)


class Documents:
    """All documents of all databases. `at` in its methods: microseconds; None is now."""

    def __init__(self) -> None:
        self._collections: dict[str, _Collection] = {}
        self._past: dict[str, list[tuple[int, Stored | None]]] = {}
        self._keep_since: int | None = None

    def get(self, name: str, at: int | None = None) -> Stored | None:
        """The document, or None."""
        if at is not None:
            for changed, before in self._past.get(name, ()):
                if changed > at:
                    return before
        path, one = names.split(name)
        collection = self._collections.get(path)
        return collection.documents.get(one) if collection else None

    def replace(self, name: str, new: Stored | None, at: int) -> None:
        """Store or take away."""
        path, one = names.split(name)
        collection = self._collections.setdefault(path, _Collection())
        old = collection.documents.get(one)
        if self._keep_since is not None:
            self._past.setdefault(name, []).append((at, old))
        if new is not None:
            if old is None:
                insort(collection.ids, one)
            collection.documents[one] = new
        elif old is not None:
            del collection.documents[one]
            del collection.ids[bisect_left(collection.ids, one)]
        if not collection.ids:
            del self._collections[path]

    def ids(self, path: str, at: int | None = None) -> Sequence[str]:
        """The sorted ids of a collection's documents. Do not keep it: it changes."""
        collection = self._collections.get(path)
        current = collection.ids if collection else []
        if at is None or not self._past:
            return current
        changed = {one for parent, one in map(names.split, self._past) if parent == path}
        if not changed:
            return current
        return [one for one in sorted(changed.union(current)) if self.get(f"{path}/{one}", at) is not None]

    def collections(self, parent: str, *, all_descendants: bool = False, at: int | None = None) -> list[str]:
        """Paths of the collections directly below, or anywhere below."""
        known = set(self._collections)
        if at is not None:
            known.update(names.split(name)[0] for name in self._past)
        prefix = parent + "/"
        below = [path for path in known if path.startswith(prefix)]
        return sorted(path for path in below if all_descendants or "/" not in path[len(prefix) :])

    def missing(self, path: str) -> set[str]:
        """Ids of a collection's documents that do not exist and have collections below them."""
        prefix = path + "/"
        owners = {other[len(prefix) :].partition("/")[0] for other in self._collections if other.startswith(prefix)}
        return owners.difference(self.ids(path))

    def keep_past(self, since: int | None) -> None:
        """Keep versions that were current at this time or later; None: no past ones."""
        self._keep_since = since
        if since is None:
            self._past.clear()
            return
        kept = {name: [one for one in past if one[0] > since] for name, past in self._past.items()}
        self._past = {name: past for name, past in kept.items() if past}

    def walk(self, paths: Sequence[str], at: int | None = None) -> Iterator[Stored]:
        """All documents of these collections."""
        for path in paths:
            for one in self.ids(path, at):
                found = self.get(f"{path}/{one}", at)
                if found is not None:
                    yield found
