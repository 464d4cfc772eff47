"""All buckets and objects. Changes contain no `await`, so they are atomic on the event loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from l3kit.sandbox.gcp.storage.access import Access
from l3kit.sandbox.gcp.storage.answers import Refusal
from l3kit.sandbox.gcp.storage.bodies import Bodies, Body
from l3kit.sandbox.gcp.storage.buckets import Bucket
from l3kit.sandbox.gcp.storage.conditions import Conditions
from l3kit.sandbox.gcp.storage.objects import Fields, StoredObject


@dataclass(frozen=True)
class NewObject:
    """The object that an upload or a copy will create. `storage_class`: None for the bucket's default."""

    bucket: str
    name: str
    fields: Fields
    storage_class: str | None
    conditions: Conditions


class Storage:
    """Buckets by name, and the files with the objects' contents.

    Args:
        clock: seconds since the epoch.
    """

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self.bodies = Bodies(folder)
        self.clock = clock
        self.buckets: dict[str, Bucket] = {}
        self._generation = 0

    def next_generation(self) -> int:
        """A strictly increasing generation: microseconds since the epoch."""
        self._generation = max(self._generation + 1, int(self.clock() * 1_000_000))
        return self._generation

    def bucket(self, name: str) -> Bucket:
        """The bucket with this name. Raises: Refusal (404)."""
        found = self.buckets.get(name)
        if found is None:
            raise Refusal(404, "notFound", "The specified bucket does not exist.")
        return found

    def admit(self, access: Access, new: NewObject) -> None:
        """Check whether a new object may be put where it is wanted. Raises: Refusal (401, 403, 404)."""
        access.to_put(self.bucket(new.bucket), new.name)

    def put(self, new: NewObject, body: Body) -> StoredObject:
        """Make an uploaded body the live object if its conditions hold. Raises: Refusal; the body is then removed."""
        try:
            bucket = self.bucket(new.bucket)
            new.conditions.check(bucket.objects.get(new.name))
        except Refusal:
            self.bodies.remove(body)
            raise
        stored = StoredObject(
            new.bucket,
            new.name,
            self.next_generation(),
            new.storage_class or bucket.storage_class,
            {"contentType": "application/octet-stream", **new.fields},
            body,
            self.clock(),
        )
        replaced = bucket.put(stored)
        if replaced is not None:
            bucket.keep(replaced, self.clock())
            self.bodies.remove(replaced.body)
        return stored

    def remove(self, stored: StoredObject) -> None:
        bucket = self.bucket(stored.bucket)
        bucket.take(stored.name)
        bucket.keep(stored, self.clock())
        self.bodies.remove(stored.body)
