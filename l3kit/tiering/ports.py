"""The ports: what movers, writers and readers need from a cloud, with the contract of each method.

All methods are coroutines. Adapters retry what is safe to retry (throttling, 5xx, resets, time-outs) inside each
call; an exception raised by a method is final for this run and is one of `l3kit.errors`. Every method may be called
again after a crash or a lost response: the effect of that is part of its contract below.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NotRequired, Protocol, TypedDict, Unpack

Tier = Literal["cold", "archive", "letters"]
"""Use of an object store; `letters` holds dead letters, which belong to no tier, in the standard class."""
Compression = Literal["none", "gzip", "zstd"]


def always() -> None:
    """A check that always passes."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a device's items, in sort key order, already in the chunk's JSON form.

    Attributes:
        sort_keys: the items' sort keys (timestamps), ascending.
        items: each item as UTF-8 JSON, no surrounding whitespace; `items[i]` belongs to `sort_keys[i]`.
        next_after: pass as `after` to read the next page; None on the last page.
        seen: version information of the items in the adapter's own form, for the conditions of `delete_page`.
        refused: sort keys of items that cannot be written as JSON, each with the reason; they are not in `items`.
    """

    sort_keys: list[str]
    items: list[bytes]
    next_after: str | None
    seen: object = None
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Usage:
    """Counts an adapter's requests by kind (`query`, `batch_delete`, ...); retries are counted separately as well."""

    requests: dict[str, int] = field(default_factory=dict)
    retries: dict[str, int] = field(default_factory=dict)
    write_units: float = 0.0
    read_units: float = 0.0
    bytes_in: int = 0
    bytes_out: int = 0

    def count(self, kind: str, n: int = 1) -> None:
        self.requests[kind] = self.requests.get(kind, 0) + n

    def retried(self, kind: str, n: int = 1) -> None:
        self.retries[kind] = self.retries.get(kind, 0) + n


@dataclass(frozen=True, slots=True)
class Created:
    """The item is in the store now; its key was free."""


@dataclass(frozen=True, slots=True)
class Held:
    """The key is taken.

    Attributes:
        item: the existing item, as chunk JSON.
        seen: its version in the adapter's own form, for the condition of `replace_item`.
    """

    item: bytes
    seen: object


@dataclass(frozen=True, slots=True)
class Refused:
    """The store cannot hold the item unchanged, or its key is taken by an item that JSON cannot represent."""

    reason: str


Creation = Created | Held | Refused
"""Outcome of creating one item."""


class HotStore(Protocol):
    """Single telemetry items, by device and sort key (the item's timestamp)."""

    usage: Usage

    async def read_page(
        self,
        device_id: str,
        *,
        before: str,
        after: str | None = None,
        since: str | None = None,
        limit: int | None = None,
    ) -> Page:
        """Read one page (at most about 1 MiB) of items with `sort key < before`, ascending, strongly consistent.

        Args:
            after: start after this sort key (a page's `next_after`), exclusive.
            since: start at this sort key, inclusive. Give at most one of `after` and `since`.
            limit: maximum number of items.
        Raises: StoreError. An unknown device is an empty last page.
        """

    async def delete_page(
        self,
        page: Page,
        sort_keys: Sequence[str],
        *,
        check: Callable[[], None] = always,
        attempt: int = 1,
    ) -> list[str]:
        """Try once to delete these items of a page, in batches, each only if unchanged since the read.

        Each delete is conditional: on the version read (ETag, update time), which leaves no gap; on DynamoDB on the
        attributes read, which leaves the gap described in docs/reference/journal.md. A missing item counts as deleted.
        A request that failed or whose response was lost is not repeated here: the item may have been written again
        since, so the caller reads it again first.

        Args:
            page: a result of `read_page`; its items may have been dropped.
            check: called right before each batch is sent; raises if the caller may no longer delete.
            attempt: the caller's round, from 1; after a failure or throttling this waits before it returns, longer
                with each attempt.
        Returns: the sort keys of items not certain to be gone: rewritten, refused, or unknown.
        """

    async def put_items(self, device_id: str, items: Sequence[bytes]) -> None:
        """Write items given as chunk JSON (upsert). Every item reads back equal, whichever cloud it came from.

        Raises: ItemRefusedError naming the item if the store cannot hold it unchanged.
        """

    async def create_items(self, items: Sequence[bytes]) -> list[Creation]:
        """Create items given as chunk JSON, of any devices, each whole and only if its key is free.

        A created item reads back as after `put_items`. A refused item does not affect the others. After an error, a
        crash or a lost response a repeated call finds its own items `Held` with the same content, as retries inside
        may; both create an item again that was deleted in between.

        Args:
            items: with distinct keys.
        Returns: the outcome of each item, in order.
        Raises: StoreError if the outcome of an item is unknown after all retries; others may have been created.
        """

    async def replace_item(self, item: bytes, held: Held) -> bool:
        """Replace exactly the version that `create_items` found under the key by a whole item.

        No attribute of the old version remains. The condition is the version (ETag, update time), which leaves no gap;
        on DynamoDB the content, with the gap described in docs/reference/stores.md. A lost response is resolved.

        Returns: whether the store holds this item now; False if another version is there, or none.
        Raises: ItemRefusedError if the store cannot hold the item unchanged; StoreError if the outcome is unknown.
        """

    async def delete_items(self, device_id: str, sort_keys: Sequence[str]) -> None:
        """Delete items of a device whatever they hold, those too that `read_page` refuses; for the end of their life.

        A missing item counts as deleted, so a repeat after a crash or a lost response has the same effect.
        Raises: StoreError; others of the items may have been deleted.
        """

    async def last_item(self, device_id: str) -> bytes | None:
        """The item with the greatest sort key, or None."""

    def device_ids(self, *, limit: int | None = None) -> AsyncIterator[Sequence[str]]:
        """All devices with an item in the tier, in no particular order; for people, not for movers.

        Yields the device ids of each response, possibly none that are new, so that the caller can stop after any.
        Items written or deleted during the iteration may or may not be reflected.

        Args:
            limit: maximum number of devices per response; None leaves it to the store.
        Raises: StoreError.
        """

    async def close(self) -> None:
        """Close connections."""


@dataclass(frozen=True, slots=True)
class JournalRow:
    """A journal record as stored: flat attributes, readable by a person.

    `version` increases by one with every change and is the fencing number: a swap with an old version fails.
    """

    version: int
    attributes: Mapping[str, str | int | bytes]


class JournalStore(Protocol):
    """Small records with compare-and-swap. At most 400 KB each."""

    usage: Usage

    async def load(self, name: str) -> JournalRow | None:
        """Read with strong consistency; None if there is no record."""

    async def swap(self, name: str, row: JournalRow) -> bool:
        """Replace the whole record if the stored version is `row.version - 1` (0: no record yet).

        Returns: False if the version differs. A retry after a lost response may return False although the first try
        took effect; the caller loads the record and compares.
        """

    async def remove(self, name: str, version: int) -> bool:
        """Delete the record if it has this version. A missing record counts as deleted.

        Returns: False if another version is there.
        """

    async def names(self, prefix: str = "") -> list[str]:
        """Names of all records beginning with prefix, sorted."""

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """Properties of one object. `sha256` is the hex digest of the *uncompressed* content, from its metadata."""

    key: str
    size: int
    etag: str
    modified: datetime
    sha256: str | None = None
    storage_class: str | None = None
    content_encoding: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """One version of an object that a store keeps: its content now, a former one, a snapshot, a mark of its deletion.

    Attributes:
        version: in the adapter's own form.
        etag: empty for a mark of deletion.
        current: whether a reader of the key gets this one.
        kept_until: the moment until which the store keeps it whatever is asked, since it was deleted softly; None for
            a version that can be deleted.
    """

    key: str
    version: str
    size: int
    etag: str
    modified: datetime
    current: bool
    kept_until: datetime | None = None


class Declared(TypedDict):
    """Properties that the caller declares for new content.

    Attributes:
        sha256: hex digest of the uncompressed content (equal to the body's if nothing is compressed).
        content_encoding: None if nothing is compressed.
        metadata: kept with the object.
    """

    sha256: str
    content_encoding: NotRequired[str | None]
    metadata: NotRequired[Mapping[str, str] | None]


class ObjectStore(Protocol):
    """Objects of one bucket or container, in one tier's storage class.

    Keys are Unicode text of at most 1,024 UTF-8 bytes; `key_fault` reports those that a store cannot hold.
    """

    tier: Tier
    name: str
    usage: Usage

    def key_fault(self, key: str) -> str | None:
        """The reason why this store cannot hold an object under exactly this key; None if it can. No I/O."""

    async def create(self, key: str, body: bytes, **content: Unpack[Declared]) -> ObjectInfo:
        """Create the object in the tier's storage class, only if the key is free; the store verifies the bytes.

        `sha256` is stored with the object. If the key already holds content with the same sha256, this succeeds as well
        (a repeat after a lost response). Content-Type is application/json.
        Raises: KeyConflictError if the key holds other content, which is left unchanged.
        """

    async def create_large(self, key: str, parts: AsyncIterator[bytes], **content: Unpack[Declared]) -> ObjectInfo:
        """Like `create`, for content larger than memory; parts of any size are regrouped as the store requires.

        Without content_encoding the digest of the streamed bytes is compared with `sha256` before the object becomes
        visible. An interrupted call leaves nothing under the key.
        """

    async def head(self, key: str) -> ObjectInfo | None:
        """Metadata, or None if there is no such object."""

    async def read(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        """The stored bytes (still compressed if content_encoding says so).

        Raises: StoreError for a missing object, and for an archived one with the restore as remedy.
        """

    async def delete(self, key: str, *, etag: str | None = None) -> bool:
        """Delete; with an etag only if it still matches, else return False. A missing object counts as deleted."""

    def list(self, prefix: str = "") -> AsyncIterator[ObjectInfo]:
        """All objects in key order, page by page. `sha256` and `metadata` are not filled in here."""

    def versions(self, prefix: str = "") -> AsyncIterator[ObjectVersion]:
        """All versions of the objects whose keys begin with prefix, page by page, those of one key together.

        Also of keys whose object was deleted. Without versioning and soft deletion these are the objects themselves.
        """

    async def delete_version(self, version: ObjectVersion) -> None:
        """Delete exactly this version for good; nothing of it is kept but what the store keeps by soft deletion.

        A missing version counts as deleted. Deleting the current version of a key may make a former one current, so
        delete the former ones first.
        Raises: StoreError, also if something holds the version.
        """

    async def copy_from(self, source: ObjectStore, info: ObjectInfo) -> ObjectInfo:
        """Server-side copy within one cloud into this tier's storage class, metadata included, only if the key is free.

        Copies exactly the version `info.etag`. Succeeds if the same content is there already.
        Raises: KeyConflictError if other content is there; StoreError if the source has changed.
        """

    async def restore(self, key: str, *, days: int) -> str:
        """Request a restore of an archived object for some days; idempotent. Returns the new `restore_state`."""

    async def restore_state(self, key: str) -> str:
        """`readable`, `archived`, `restoring` (requested) or `restored` (readable for a limited time)."""

    async def close(self) -> None: ...
