"""The hot store of items, and the usage that every store counts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


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


class Held(NamedTuple):
    """The key is taken.

    Attributes:
        item: the existing item, as chunk JSON.
        seen: its version in the adapter's own form, for the condition of `replace_item`.
    """

    item: bytes
    seen: object


class Refused(NamedTuple):
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
        """Delete items of a device unconditionally, also those that `read_page` refuses; for the end of their life.

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
