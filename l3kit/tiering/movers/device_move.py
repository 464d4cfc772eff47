"""Moves one device's old items from the hot store into chunks; start reading at `DeviceMove.run`.

For each chunk: begin it in the journal, store it under a free key, mark it as stored, delete exactly its items, close
it. docs/reference/journal.md describes what a later run does after a crash between any two of these steps.
"""

from __future__ import annotations

import contextlib
from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable, Mapping, Sequence
from zlib import crc32

from l3kit.errors import ChunkRefusedError, KeyConflictError, L3Error, StoreError
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.chunk_filler import ChunkFiller
from l3kit.tiering.format.chunks import ChunkKey, Draft
from l3kit.tiering.format.item_times import movable_moment
from l3kit.tiering.format.time_ranges import MAX_SORT_KEY, movable_range
from l3kit.tiering.journal import DeviceJournal
from l3kit.tiering.journal_record import Entry
from l3kit.tiering.movers.cold_target import ColdTarget
from l3kit.tiering.movers.due_items import DueItems
from l3kit.tiering.movers.narrowing import MAX_REFUSED_ALONE, Narrowing
from l3kit.tiering.movers.report import DeviceReport
from l3kit.tiering.ports import HotStore, Page
from l3kit.tiering.settings.tuning import Tuning

MAX_NUMBERS_TRIED = 20
"""Maximum consecutive keys that turn out to hold other content before this run gives the device up."""
MAX_COUNTED_AHEAD = 1000
"""Maximum keys beyond the present that are counted in one run."""
DELETE_ROUNDS = 20
"""Maximum retry rounds for items that failed to delete."""


class DeviceMove:
    """The move of one device in one run.

    Args:
        cutoff: items before this moment are moved; None only finishes an earlier run's open entry.
        latest: later readings count as ahead of time.
        time_left, paused: called before each chunk; on False, or True, the device stops at that chunk boundary.
    """

    def __init__(
        self,
        device_id: str,
        *,
        hot: HotStore,
        target: ColdTarget,
        journal: DeviceJournal,
        cutoff: int | None,
        latest: int,
        tuning: Tuning,
        time_left: Callable[[], bool],
        paused: Callable[[], Awaitable[bool]],
    ) -> None:
        self._device_id = device_id
        self._hot = hot
        self._target = target
        self._journal = journal
        self._cutoff = cutoff
        self._latest = latest
        self._tuning = tuning
        self._time_left = time_left
        self._paused = paused
        self._refused: set[str] = set()
        self._narrowing = Narrowing()
        self._under_way: int | None = None
        self.report = DeviceReport(device_id)

    async def run(self) -> DeviceReport:
        """Finish an earlier run's open entry, then move chunk by chunk.

        Raises: LeaseTakenError, LeaseLostError, StoreError, TransferError; the journal then holds the open entry.
        """
        record = await self._journal.look()
        try:
            if record.entry is not None:
                await self._journal.acquire()
                await self._recover(record.entry)
            if self._cutoff is not None:
                await self._move_chunks(self._cutoff)
        finally:
            self.report.left_due(self._under_way)
            with contextlib.suppress(L3Error):  # an unreleased lease expires by itself
                await self._journal.release()
        return self.report

    async def _move_chunks(self, cutoff: int) -> None:
        await self._count_ahead()
        due = DueItems(
            self._hot,
            self._device_id,
            cutoff,
            max_bytes=self._tuning.max_chunk_bytes,
            report=self.report,
            refuse=self._refuse,
        )
        settled: str | None = None
        while not (filler := await due.fill(self._narrowing.max_items)).empty:
            self._under_way = movable_moment(filler.first_key)
            if not self._time_left():
                self.report.remains = True
                return
            if await self._paused():
                self.report.paused = True
                return
            draft, body = self._fitting_draft(filler)
            filler.drop(draft)  # frees its items; like the body they take 5 MiB
            try:
                stored = await self._store(draft, body)
            except ChunkRefusedError as error:
                if self._narrow(draft, error):
                    due.read_again(settled)
                    continue
                stored = False
            del body
            if stored:
                self._narrowing.taken(draft.sort_keys)
                await self._delete(draft)
                self._journal.forget()
            self._under_way = None
            settled = draft.sort_keys[-1]

    async def _count_ahead(self) -> None:
        """Count the keys that sort after the present, which reads of due items never reach."""
        since = movable_range(self._latest, None).since
        page = await self._hot.read_page(self._device_id, since=since, before=MAX_SORT_KEY, limit=MAX_COUNTED_AHEAD)
        unmovable = [key for key in page.sort_keys if movable_moment(key) is None]
        for key in unmovable:
            self.report.leave(key)
        self.report.ahead += len(page.sort_keys) - len(unmovable)

    def _refuse(self, sort_key: str, reason: str) -> None:
        if sort_key not in self._refused:
            self._refused.add(sort_key)
            self.report.skip(sort_key, reason)
            self.report.left_due(movable_moment(sort_key))

    def _narrow(self, draft: Draft, error: ChunkRefusedError) -> bool:
        """Decide whether to retry a refused chunk in smaller ones; otherwise report its single item as refused.

        Raises: ChunkRefusedError if the destination refuses everything.
        """
        self._journal.forget()
        if self._narrowing.refused(draft.sort_keys, error.index):
            return True
        self._refuse(draft.sort_keys[0], f"the destination refused it: {error.cause}")
        if self._narrowing.hopeless:
            raise ChunkRefusedError(error.resource, f"{MAX_REFUSED_ALONE} items in a row were refused", error.remedy)
        return False

    def _fitting_draft(self, filler: ChunkFiller) -> tuple[Draft, bytes]:
        draft, body = filler.draft()
        while not self._target.fits(body) and draft.count > 1:
            draft, body = filler.draft(len(body) // 2)
        return draft, body

    async def _store(self, draft: Draft, body: bytes) -> bool:
        """Store a chunk and mark it as stored; False for a single item over the receiver's limit."""
        if not self._target.fits(body):
            self._refuse(draft.sort_keys[0], f"the item's {len(body)} bytes exceed the receiver's limit")
            return False
        if len(body) > self._tuning.max_chunk_bytes:
            self.report.notes.append(f"{draft.sort_keys[0]} exceeds the chunk limit and is a chunk of its own")
        key = await self._store_under_free_key(draft, body)
        await self._journal.stored()
        self._count(key, draft.count, len(body))
        return True

    def _count(self, key: ChunkKey, items: int, size: int) -> None:
        self.report.items += items
        self.report.bytes += size
        self.report.chunks += 1
        self.report.keys.append(str(key))

    async def _store_under_free_key(self, draft: Draft, body: bytes) -> ChunkKey:
        if self._journal.record.is_new:
            await self._number_after_the_highest()
        for _ in range(MAX_NUMBERS_TRIED):
            number = self._journal.record.next_number
            chunk = draft.chunk(self._device_id, number, self._tuning.compression, body)
            await self._journal.begin(chunk, draft)
            try:
                await self._target.store(chunk)
            except KeyConflictError:
                self.report.notes.append(f"{chunk.key} holds other content and was kept; the next number was used")
                self._journal.forget()
            else:
                return chunk.key
        raise StoreError(
            f"device {self._device_id}",
            f"{MAX_NUMBERS_TRIED} object keys in a row hold other content",
            "If the journal was lost, see docs/reference/journal.md, 'A lost journal'",
        )

    async def _number_after_the_highest(self) -> None:
        """Continue after the highest number in the tiers: the device is new, or its record was lost.

        Of two concurrent runs, the journal lets only one begin.
        """
        highest = await self._target.highest_number(self._device_id)
        if highest is None:
            self.report.notes.append(
                "the cold writer, an older or third-party one, does not report which chunk numbers are spent: they"
                " start at 1 (docs/reference/journal.md, 'A lost journal')"
            )
        self._journal.start_numbering_at((highest or 0) + 1)

    async def _delete(self, draft: Draft) -> None:
        for taken in draft.taken:
            low = bisect_left(taken.sort_keys, draft.sort_keys[0])
            high = bisect_right(taken.sort_keys, draft.sort_keys[-1])
            await self._delete_page(taken.page, draft, taken.sort_keys[low:high])

    async def _delete_page(self, page: Page, draft: Draft, sort_keys: Sequence[str]) -> None:
        await self._journal.keep_alive()
        left = await self._hot.delete_page(page, sort_keys, check=self._journal.check_held)
        if left:
            await self._delete_matching(draft.crcs(left))

    async def _delete_matching(self, crcs: Mapping[str, int]) -> None:
        """Delete the given items that are unchanged since they were stored; the others stay for the next run.

        No delete is repeated blindly: items that may remain are read and compared again first.
        """
        for attempt in range(1, DELETE_ROUNDS + 1):
            left = await self._delete_round(crcs, attempt)
            if not left:
                return
            crcs = {key: crcs[key] for key in left}
        raise StoreError(
            f"device {self._device_id}",
            f"{len(crcs)} of its items could not be deleted in {DELETE_ROUNDS} tries",
            "Check whether the hot store is throttled. The items are in the cold tier; the next run deletes them here",
        )

    async def _delete_round(self, crcs: Mapping[str, int], attempt: int) -> list[str]:
        from l3kit.tiering.hot_pages import hot_pages

        left: list[str] = []
        async for page in hot_pages(self._hot, self._device_id, before=max(crcs) + "\x00", since=min(crcs)):
            ours = [(key, item) for key, item in zip(page.sort_keys, page.items, strict=True) if key in crcs]
            same = [key for key, item in ours if crc32(item) == crcs[key]]
            self._note_changed(sorted({key for key, _ in ours} - set(same)))
            await self._journal.keep_alive()
            check = self._journal.check_held
            left += await self._hot.delete_page(page, same, check=check, attempt=attempt)
        return left

    def _note_changed(self, sort_keys: list[str]) -> None:
        if sort_keys:
            changed = count_of(len(sort_keys), "item was", "items were")
            self.report.notes.append(
                f"{changed} rewritten during the move; the new version stays for the next run (first: {sort_keys[0]})"
            )

    async def _recover(self, entry: Entry) -> None:
        from l3kit.tiering.movers.device_recovery import Recovery

        noted = entry.items()
        recovery = Recovery(self._device_id, self._hot, self._target, self._journal, self.report)
        if await recovery.settle(entry, noted):
            await self._delete_matching(noted)
            self.report.notes.append(f"{entry.key} of an interrupted run was completed")
        self._journal.forget()
