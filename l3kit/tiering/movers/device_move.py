"""Moves one device's old items from the hot store into chunks. The recipe is `DeviceMove.run`.

For each chunk: note it in the journal, store it under a free key, note that it is stored, delete exactly its items,
forget it. docs/journal.md says what a later run does after a crash between any two of these steps.
"""

from __future__ import annotations

import contextlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from zlib import crc32

from l3kit.errors import ChunkRefusedError, KeyConflictError, L3Error, StoreError
from l3kit.tiering.counts import count_of
from l3kit.tiering.format.chunks import ChunkFiller, ChunkKey, Draft
from l3kit.tiering.format.item_times import movable_moment
from l3kit.tiering.format.time_ranges import BEHIND_ALL, due, movable_range
from l3kit.tiering.hot_pages import hot_pages
from l3kit.tiering.journal import DeviceJournal
from l3kit.tiering.journal_record import Entry
from l3kit.tiering.movers.cold_target import ColdTarget
from l3kit.tiering.movers.device_recovery import Recovery
from l3kit.tiering.movers.narrowing import MAX_REFUSED_ALONE, Narrowing
from l3kit.tiering.movers.report import DeviceReport
from l3kit.tiering.ports import HotStore, Page
from l3kit.tiering.settings import Tuning

MAX_NUMBERS_TRIED = 20
"""Keys taken by foreign content before a device is given up for this run."""
MAX_STRANGE = 1000
"""Keys behind every possible time that are counted in one run."""
DELETE_ROUNDS = 20
"""How often what a store did not delete is looked at and tried again."""


class DeviceMove:
    """One device's turn in one run.

    Args:
        cutoff: items of earlier moments are moved; None only finishes what an earlier run left half done.
        latest: no reading of a device whose clock is right is of a later moment.
        time_left: asked before each chunk; when it says False the device is left at that chunk's boundary.
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
    ) -> None:
        self._device_id = device_id
        self._hot = hot
        self._target = target
        self._journal = journal
        self._cutoff = cutoff
        self._latest = latest
        self._looked_up_to = ""
        self._tuning = tuning
        self._time_left = time_left
        self._refused: set[str] = set()
        self._narrowing = Narrowing()
        self.report = DeviceReport(device_id)

    async def run(self) -> DeviceReport:
        """Finish what an earlier run left half done, then move chunk by chunk.

        Raises: LeaseTakenError, LeaseLostError, StoreError, TransferError; the journal then holds what is under way.
        """
        record = await self._journal.look()
        try:
            if record.entry is not None:
                await self._journal.acquire()
                await self._recover(record.entry)
            if self._cutoff is not None:
                await self._move_chunks(self._cutoff)
        finally:
            with contextlib.suppress(L3Error):  # an unreleased lease runs out by itself
                await self._journal.release()
        return self.report

    async def _move_chunks(self, cutoff: int) -> None:
        await self._look_behind()
        after: str | None = None
        while True:
            filler, exhausted = await self._fill(cutoff, after)
            if filler.empty:
                return
            if not self._time_left():
                self.report.remains = True
                return
            draft, body = self._fitting_draft(filler)
            exhausted = exhausted and draft.count == filler.count
            del filler  # its items and the body, each 5 MiB, are given up as soon as they have served
            try:
                stored = await self._store(draft, body)
            except ChunkRefusedError as error:
                if self._narrow(draft, error):
                    continue
                stored = False
            del body
            if stored:
                self._narrowing.taken(draft.sort_keys)
                await self._delete(draft)
                self._journal.forget()
            if exhausted:
                return
            # What was read beyond the chunk is little (ChunkFiller.room) and is read again.
            after = draft.sort_keys[-1]

    async def _fill(self, cutoff: int, after: str | None) -> tuple[ChunkFiller, bool]:
        """Read until there is more than a chunk's worth, or nothing more (True)."""
        before = movable_range(None, cutoff - 1).before
        filler = ChunkFiller(self._tuning.max_chunk_bytes, max_items=self._narrowing.max_items)
        while not filler.full:
            page = await self._hot.read_page(self._device_id, before=before, after=after, limit=filler.room())
            for sort_key, reason in page.refused:
                self._refuse(sort_key, reason)
            chosen = due(page.sort_keys, cutoff)
            if chosen is not None:
                self._leave_unmovable(page.sort_keys)
            filler.add(page, chosen)
            if page.next_after is None:
                return filler, True
            after = page.next_after
        return filler, False

    def _leave_unmovable(self, sort_keys: Sequence[str]) -> None:
        """Count what is no movable time, once: some of a page is read again with the next chunk."""
        for key in sort_keys:
            if key > self._looked_up_to and movable_moment(key) is None:
                self.report.leave(key)
        self._looked_up_to = max(self._looked_up_to, sort_keys[-1])

    async def _look_behind(self) -> None:
        """Count the keys that stand behind all times of the present: they would never be read with the due ones."""
        since = movable_range(self._latest, None).since
        page = await self._hot.read_page(self._device_id, since=since, before=BEHIND_ALL, limit=MAX_STRANGE)
        strange = [key for key in page.sort_keys if movable_moment(key) is None]
        for key in strange:
            self.report.leave(key)
        self.report.ahead += len(page.sort_keys) - len(strange)

    def _refuse(self, sort_key: str, reason: str) -> None:
        if sort_key not in self._refused:
            self._refused.add(sort_key)
            self.report.skip(sort_key, reason)

    def _narrow(self, draft: Draft, error: ChunkRefusedError) -> bool:
        """Whether the items of a refused chunk are to be tried in smaller ones; else its one item stays and is told.

        Raises: ChunkRefusedError where the target turns out to refuse everything.
        """
        self._journal.forget()
        if self._narrowing.refused(draft.sort_keys, error.index):
            return True
        self._refuse(draft.sort_keys[0], f"the target refuses it: {error.cause}")
        if self._narrowing.hopeless:
            raise ChunkRefusedError(error.resource, f"{MAX_REFUSED_ALONE} items in a row were refused", error.remedy)
        return False

    def _fitting_draft(self, filler: ChunkFiller) -> tuple[Draft, bytes]:
        draft, body = filler.draft()
        while not self._target.fits(body) and draft.count > 1:
            draft, body = filler.draft(len(body) // 2)
        return draft, body

    async def _store(self, draft: Draft, body: bytes) -> bool:
        """Store a chunk and note that it is; False for a single item that the receiver cannot take."""
        if not self._target.fits(body):
            self._refuse(draft.sort_keys[0], f"the item's {len(body)} bytes are more than the receiver takes")
            return False
        if len(body) > self._tuning.max_chunk_bytes:
            self.report.notes.append(f"{draft.sort_keys[0]} is larger than a chunk and became one of its own")
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
            await self._number_behind_the_highest()
        for _ in range(MAX_NUMBERS_TRIED):
            number = self._journal.record.next_number
            chunk = draft.chunk(self._device_id, number, self._tuning.compression, body)
            await self._journal.begin(chunk, draft)
            try:
                await self._target.store(chunk)
            except KeyConflictError:
                self.report.notes.append(f"{chunk.key} holds other content and was left; the next number was used")
                self._journal.forget()
            else:
                return chunk.key
        raise StoreError(
            f"device {self._device_id}",
            f"{MAX_NUMBERS_TRIED} object keys in a row hold other content",
            "Was the journal lost? See docs/journal.md, 'A lost journal'",
        )

    async def _number_behind_the_highest(self) -> None:
        """The journal does not know the device: it is new, or its record was lost. The tiers know its numbers.

        Of two runs that ask at once, the journal lets one begin.
        """
        highest = await self._target.highest_number(self._device_id)
        if highest is None:
            self.report.notes.append(
                "the cold writer, older or of another make, cannot tell which chunk numbers are spent: they begin at 1"
                " (docs/journal.md, 'A lost journal')"
            )
        self._journal.number_from((highest or 0) + 1)

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
        """Delete those of the given items that are still as they were stored; the others stay for the next run.

        No delete is repeated blindly: what a store may not have deleted is read and compared again first.
        """
        for attempt in range(1, DELETE_ROUNDS + 1):
            left = await self._delete_round(crcs, attempt)
            if not left:
                return
            crcs = {key: crcs[key] for key in left}
        raise StoreError(
            f"device {self._device_id}",
            f"{len(crcs)} of its items could not be deleted in {DELETE_ROUNDS} tries",
            "They are in the cold tier and stay in the hot one until the next run; is the table throttled?",
        )

    async def _delete_round(self, crcs: Mapping[str, int], attempt: int) -> list[str]:
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
                f"{changed} rewritten while on the way; the new version stays for the next run (first: {sort_keys[0]})"
            )

    async def _recover(self, entry: Entry) -> None:
        noted = entry.items()
        recovery = Recovery(self._device_id, self._hot, self._target, self._journal, self.report)
        if await recovery.settle(entry, noted):
            await self._delete_matching(noted)
            self.report.notes.append(f"{entry.key} of an interrupted run was completed")
        self._journal.forget()
