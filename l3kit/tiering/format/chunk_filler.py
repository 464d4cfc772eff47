"""Collects a device's items and cuts them into chunks. No I/O."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, islice

from l3kit.tiering.format.chunks import (
    ENTRY_BYTES_PER_ITEM,
    MAX_ENTRY_BYTES,
    Draft,
    Taken,
    checksums,
    encode_sort_keys,
    json_array,
)
from l3kit.tiering.ports import Page
from l3kit.tiering.settings.tuning import MAX_CHUNK_BYTES


class ChunkFiller:
    """Collects items of successive pages and cuts them into chunks.

    Args:
        max_bytes: maximum size of a chunk, including brackets and commas. A larger single item becomes a chunk of its
            own.
        max_entry_bytes: maximum size of sort keys and checksums in the journal.

    Attributes:
        max_items: maximum number of items in the next chunk; None is unlimited.
    """

    def __init__(self, max_bytes: int = MAX_CHUNK_BYTES, max_entry_bytes: int = MAX_ENTRY_BYTES) -> None:
        self.max_items: int | None = None
        self._max_bytes = max_bytes
        self._max_entry_bytes = max_entry_bytes
        self._sort_keys: list[str] = []
        self._items: list[bytes] = []
        self._taken: list[Taken] = []
        self._ends = array("Q")  # bytes up to each item's end, with a comma after each; never counted anew
        self._start = 0

    def add(self, page: Page, chosen: Sequence[int] | None = None) -> None:
        """Append a page's items, or those with the chosen indexes. Add pages in sort key order."""
        keys, items = page.sort_keys, page.items
        if chosen is not None:
            keys, items = [keys[index] for index in chosen], [items[index] for index in chosen]
        if items:
            self._ends.extend(islice(accumulate([len(item) + 1 for item in items], initial=self._end), 1, None))
            self._sort_keys += keys
            self._items += items
            self._taken.append(Taken(replace(page, items=[]), keys))

    def drop(self, draft: Draft) -> None:
        """Remove the items of a draft, which are the first ones."""
        count, last = draft.count, draft.sort_keys[-1]
        self._start = self._ends[count - 1]
        del self._sort_keys[:count], self._items[:count], self._ends[:count]
        later = [one for one in self._taken if one.sort_keys[-1] > last]
        self._taken = [Taken(one.page, one.sort_keys[bisect_right(one.sort_keys, last) :]) for one in later]

    def clear(self) -> None:
        """Remove all items."""
        self._start = self._end
        del self._sort_keys[:], self._items[:], self._ends[:], self._taken[:]

    @property
    def empty(self) -> bool:
        return not self._items

    @property
    def first_key(self) -> str:
        """Sort key of the first item. Must not be asked for when empty."""
        return self._sort_keys[0]

    @property
    def full(self) -> bool:
        """True if at least one chunk's worth has been collected, by bytes, by number or by its journal entry's size."""
        most = self._max_entry_bytes // ENTRY_BYTES_PER_ITEM
        most = most if self.max_items is None else min(most, self.max_items)
        return 1 + self._end - self._start > self._max_bytes or len(self._items) >= most

    def room(self) -> int | None:
        """The number of items missing to `max_items`, at least 1; None if that is unlimited."""
        return None if self.max_items is None else max(1, self.max_items - len(self._items))

    def draft(self, max_bytes: int | None = None) -> tuple[Draft, bytes]:
        """Return the leading items that fit, at least one, and their JSON array. Must not be called when empty."""
        limit = self._max_bytes if max_bytes is None else max_bytes
        count = bisect_right(
            self._ends, self._start + limit - 1
        )  # 1: the opening bracket; the last comma stands for "]"
        count = max(1, count if self.max_items is None else min(count, self.max_items))
        encoded = encode_sort_keys(self._sort_keys[:count])
        while count > 1 and (entry := len(encoded) + 4 * count) > self._max_entry_bytes:
            count = max(1, min(count - 1, int(count * self._max_entry_bytes / entry * 0.95)))
            encoded = encode_sort_keys(self._sort_keys[:count])
        keys, items = self._sort_keys[:count], self._items[:count]
        taken = [one for one in self._taken if one.sort_keys[0] <= keys[-1]]
        return Draft(keys, taken, encoded, checksums(items)), json_array(items)

    @property
    def _end(self) -> int:
        return self._ends[-1] if self._ends else self._start
