"""The few methods a mover needs from a cloud, with their contracts.

All methods are coroutines. Adapters retry what is safe to retry (throttling, 5xx, resets, time-outs) inside each
call; an exception that leaves a method is final for this run and is one of `l3kit.errors`. Every method may be
called again after a crash or a lost answer: what each does then is part of its contract below.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NotRequired, Protocol, TypedDict, Unpack

Tier = Literal["cold", "archive"]
Compression = Literal["none", "gzip", "zstd"]


def always() -> None:
    """The check that permits everything."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a device's items, in sort key order, already in the chunk's JSON form.

    Attributes:
        sort_keys: the items' sort keys (timestamps), ascending.
        items: each item as UTF-8 JSON, no surrounding blanks; `items[i]` belongs to `sort_keys[i]`.
        next_after: pass as `after` to read on; None where this was the last page.
        seen: how the store recognises what it gave, in the adapter's own form; `delete_page` deletes nothing else.
        refused: items of this page that cannot be written as JSON, each with the reason; they are not in `items`.
    """

    sort_keys: list[str]
    items: list[bytes]
    next_after: str | None
    seen: object = None
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Usage:
    """Counts what an adapter asked of its cloud, by kind (`query`, `batch_delete`, ...); retries are counted apart."""

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
            after: continue behind this sort key (a page's `next_after`).
            since: start at this sort key (inclusive). At most one of `after` and `since` is given.
            limit: at most so many items.
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
        """Try once to delete these items of a page, in batches, each only while it is as it was read; gone is deleted.

        The store decides, by a condition in each delete: the version that was read (ETag, update time), which leaves
        no gap; on DynamoDB the attributes that were read, which leaves the gap that docs/journal.md names.
        A request that failed or whose answer was lost is not repeated here: the item may have been written anew
        since, so the caller reads it again first.

        Args:
            page: as `read_page` gave it; its items may have been taken out.
            check: called right before each batch is sent; raises where the caller may not delete any more.
            attempt: counts the caller's rounds from 1; where a store failed or was throttled it has been given time
                before this returns, longer with each attempt.
        Returns: the sort keys of which it is not certain that they are gone: rewritten, refused, or unknown.
        """

    async def put_items(self, device_id: str, items: Sequence[bytes]) -> None:
        """Write items given as chunk JSON (upsert). Every item reads back equal, whatever cloud it came from.

        Raises: ItemRefusedError naming the item where the store cannot hold it unchanged.
        """

    async def last_item(self, device_id: str) -> bytes | None:
        """The item with the greatest sort key, or None."""

    def device_ids(self, *, limit: int | None = None) -> AsyncIterator[Sequence[str]]:
        """Every device of which the tier holds an item, in no particular order; for people, not for movers.

        Gives what each answer of the store names, which may be nothing new: so the caller can stop after any. What is
        written or deleted meanwhile may be among them or not.

        Args:
            limit: at most so many devices in an answer; None is as many as the store likes to give.
        Raises: StoreError.
        """

    async def close(self) -> None:
        """Release connections."""


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One device's journal record as the store keeps it: flat attributes, readable by a person.

    `version` grows by one with every change and is the fencing number: a swap with an old version fails.
    """

    version: int
    attributes: Mapping[str, str | int | bytes]


class JournalStore(Protocol):
    """Small records with compare-and-swap. At most 400 KB each."""

    usage: Usage

    async def load(self, name: str) -> JournalRow | None:
        """Read strongly consistent; None where there is no record."""

    async def swap(self, name: str, row: JournalRow) -> bool:
        """Replace the whole record if the stored version is `row.version - 1` (0: there is none yet).

        False where the version differs. A retry after a lost answer may report False although the first try took
        effect; the caller tells by loading and comparing.
        """

    async def names(self, prefix: str = "") -> list[str]:
        """Names of all records beginning with prefix, sorted."""

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a store says about one object. `sha256` is the hex digest of the *uncompressed* content, from metadata."""

    key: str
    size: int
    etag: str
    modified: datetime
    sha256: str | None = None
    storage_class: str | None = None
    content_encoding: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


class Declared(TypedDict):
    """What is declared of new content.

    Attributes:
        sha256: hex digest of the uncompressed content, which is that of the body where nothing is compressed.
        content_encoding: None where nothing is.
        metadata: kept with the object.
    """

    sha256: str
    content_encoding: NotRequired[str | None]
    metadata: NotRequired[Mapping[str, str] | None]


class ObjectStore(Protocol):
    """Objects of one bucket or container, in one tier's storage class.

    Keys are Unicode text of at most 1,024 UTF-8 bytes; `key_fault` tells which of them a store cannot hold.
    """

    tier: Tier
    name: str
    usage: Usage

    def key_fault(self, key: str) -> str | None:
        """Why this store cannot hold an object of this key as it is; None where it can. No I/O."""

    async def create(self, key: str, body: bytes, **content: Unpack[Declared]) -> ObjectInfo:
        """Create the object in the tier's storage class, only if the key is free; the store checks the bytes it got.

        `sha256` is kept with the object. If the key is taken by content of the same sha256 this is a success too (a
        repeat after a lost answer). Content-Type is application/json.
        Raises: KeyConflictError where other content is there; it is left as it is.
        """

    async def create_large(self, key: str, parts: AsyncIterator[bytes], **content: Unpack[Declared]) -> ObjectInfo:
        """`create` for content that does not fit in memory; parts of any size are regrouped as the store needs.

        The digest of what streamed through is compared with `sha256` (of the bytes as stored when there is no
        content_encoding) before anything becomes visible. An interrupted call leaves nothing under the key.
        """

    async def head(self, key: str) -> ObjectInfo | None:
        """Metadata, or None where there is no such object."""

    async def read(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        """The stored bytes (still compressed where content_encoding says so).

        Raises: StoreError for a missing object, and one that names the restore for an archived object.
        """

    async def delete(self, key: str, *, etag: str | None = None) -> bool:
        """Delete; with an etag only while the object still has it: False where it had changed. Missing is deleted."""

    def list(self, prefix: str = "") -> AsyncIterator[ObjectInfo]:
        """All objects in key order, page by page. `sha256` and `metadata` are not filled in here."""

    async def copy_from(self, source: ObjectStore, info: ObjectInfo) -> ObjectInfo:
        """Server-side copy within one cloud into this tier's storage class, metadata kept, only if the key is free.

        Copies exactly the version `info.etag`. Same content already there: success. Other content: KeyConflictError.
        The source having changed: StoreError.
        """

    async def restore(self, key: str, *, days: int) -> str:
        """Ask for an archived object to become readable for some days; idempotent. Returns the new `restore_state`."""

    async def restore_state(self, key: str) -> str:
        """`readable`, `archived`, `restoring` (asked for, not there yet) or `restored` (readable for now)."""

    async def close(self) -> None: ...
