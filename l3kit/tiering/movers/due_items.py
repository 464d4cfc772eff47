"""The due items of one device, read in whole pages and each once, however small the chunks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from l3kit.tiering.format.chunk_filler import ChunkFiller
from l3kit.tiering.format.item_times import movable_moment
from l3kit.tiering.format.time_ranges import due, movable_range
from l3kit.tiering.movers.report import DeviceReport
from l3kit.tiering.ports import HotStore


class DueItems:
    """Reads due items in the order of their sort keys and collects them until they fill a chunk.

    What a page holds beyond a chunk's end stays collected for the next chunk: a store bills what it reads, and a page
    may hold many small chunks.

    Args:
        cutoff: items before this moment are due.
        max_bytes: maximum size of a chunk.
        report: counts the items that are never moved.
        refuse: called with the sort key and the reason of each item that the store cannot give as JSON.
    """

    def __init__(
        self,
        hot: HotStore,
        device_id: str,
        cutoff: int,
        *,
        max_bytes: int,
        report: DeviceReport,
        refuse: Callable[[str, str], None],
    ) -> None:
        self._hot = hot
        self._device_id = device_id
        self._cutoff = cutoff
        self._before = movable_range(None, cutoff - 1).before
        self._filler = ChunkFiller(max_bytes)
        self._report = report
        self._refuse = refuse
        self._after: str | None = None
        self._exhausted = False
        self._checked_up_to = ""

    async def fill(self, max_items: int | None) -> ChunkFiller:
        """Read until a chunk is full or the device has no more items. Raises: StoreError.

        Args:
            max_items: maximum number of items in the chunk; None is unlimited.
        Returns: always the same filler; take a chunk's items out of it by `drop`.
        """
        filler = self._filler
        filler.max_items = max_items
        while not (self._exhausted or filler.full):
            page = await self._hot.read_page(
                self._device_id, before=self._before, after=self._after, limit=filler.room()
            )
            for sort_key, reason in page.refused:
                self._refuse(sort_key, reason)
            chosen = due(page.sort_keys, self._cutoff)
            if chosen is not None:
                self._leave_unmovable(page.sort_keys)
            filler.add(page, chosen)
            self._after, self._exhausted = page.next_after, page.next_after is None
        return filler

    def read_again(self, after: str | None) -> None:
        """Drop what is collected; read again after this sort key, or from the first item."""
        self._filler.clear()
        self._after, self._exhausted = after, False

    def _leave_unmovable(self, sort_keys: Sequence[str]) -> None:
        """Count unmovable keys, each once, also if they are read again."""
        for key in sort_keys:
            if key > self._checked_up_to and movable_moment(key) is None:
                self._report.leave(key)
        self._checked_up_to = max(self._checked_up_to, sort_keys[-1])
