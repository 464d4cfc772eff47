"""Moves one device's old items from the hot store into chunks. The recipe is `DeviceMove.run`.

For each chunk: note it in the journal, store it under a free key, note that it is stored, delete exactly its items,
forget it. docs/journal.md says what a later run does after a crash between any two of these steps.
"""

from __future__ import annotations

import contextlib
import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from typing import Protocol
from zlib import crc32

from l3kit.errors import KeyConflictError, L3Error, StoreError
from l3kit.tiering.chunks import Chunk, ChunkFiller, ChunkKey, Draft, json_array
from l3kit.tiering.journal import DeviceJournal, Entry
from l3kit.tiering.ports import HotStore, Page, Usage
from l3kit.tiering.report import DeviceReport
from l3kit.tiering.settings import Tuning

MAX_NUMBERS_TRIED = 20
"""Keys taken by foreign content before a device is given up for this run."""
DELETE_ROUNDS = 20
"""How often what a store did not delete is looked at and tried again."""


class ColdTarget(Protocol):
    """Where chunks go: a bucket of the same cloud, or a writer on another."""

    usage: Usage

    def fits(self, body: bytes) -> bool:
        """Whether the receiver takes a chunk with this JSON array."""

    async def store(self, chunk: Chunk, *, again: bool = False) -> None:
        """Store it under its key, unless exactly this is there already; return when the target confirmed the digest.

        Args:
            again: it may have been stored before, and archived since: then it must not be stored a second time.
        Raises: KeyConflictError (with `existing_sha256` where known) if other content is there.
        """

    async def seal(self, key: ChunkKey) -> str | None:
        """Make sure that nothing can be stored under the key any more, by an empty array if it is free.

        Returns: None when the key is sealed; else the digest of the content that is there, or was before it was
            archived.
        """


class DeviceMove:
    """One device's turn in one run.

    Args:
        before: sort keys below it are moved; None only finishes what an earlier run left half done.
        time_left: asked before each chunk; when it says False the device is left at that chunk's boundary.
    """

    def __init__(
        self,
        device_id: str,
        *,
        hot: HotStore,
        target: ColdTarget,
        journal: DeviceJournal,
        before: str | None,
        tuning: Tuning,
        time_left: Callable[[], bool],
    ) -> None:
        self._device_id = device_id
        self._hot = hot
        self._target = target
        self._journal = journal
        self._before = before
        self._tuning = tuning
        self._time_left = time_left
        self._refused: set[str] = set()
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
            if self._before is not None:
                await self._move_chunks(self._before)
        finally:
            with contextlib.suppress(L3Error):  # an unreleased lease runs out by itself
                await self._journal.release()
        return self.report

    async def _move_chunks(self, before: str) -> None:
        after: str | None = None
        while True:
            filler, exhausted = await self._fill(before, after)
            if filler.empty:
                return
            if not self._time_left():
                self.report.remains = True
                return
            draft, body = self._fitting_draft(filler)
            exhausted = exhausted and draft.count == filler.count
            del filler  # its items and the body, each 5 MiB, are given up as soon as they have served
            stored = await self._store(draft, body)
            del body
            if stored:
                await self._delete(draft)
                self._journal.forget()
            if exhausted:
                return
            # What was read beyond the chunk is little (ChunkFiller.room) and is read again.
            after = draft.sort_keys[-1]

    async def _fill(self, before: str, after: str | None) -> tuple[ChunkFiller, bool]:
        """Read until there is more than a chunk's worth, or nothing more (True)."""
        filler = ChunkFiller(self._tuning.max_chunk_bytes)
        while not filler.full:
            page = await self._hot.read_page(self._device_id, before=before, after=after, limit=filler.room())
            for sort_key, reason in page.refused:
                self._refuse(sort_key, reason)
            filler.add(page)
            if page.next_after is None:
                return filler, True
            after = page.next_after
        return filler, False

    def _refuse(self, sort_key: str, reason: str) -> None:
        if sort_key not in self._refused:
            self._refused.add(sort_key)
            self.report.skip(sort_key, reason)

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

    async def _delete(self, draft: Draft) -> None:
        for page in draft.pages:
            low = bisect_left(page.sort_keys, draft.sort_keys[0])
            high = bisect_right(page.sort_keys, draft.sort_keys[-1])
            await self._delete_page(page, draft, page.sort_keys[low:high])

    async def _delete_page(self, page: Page, draft: Draft, sort_keys: list[str]) -> None:
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
        since: str | None = min(crcs)
        end = max(crcs) + "\x00"
        after: str | None = None
        while True:
            page = await self._hot.read_page(self._device_id, before=end, after=after, since=since)
            ours = [(key, item) for key, item in zip(page.sort_keys, page.items, strict=True) if key in crcs]
            same = [key for key, item in ours if crc32(item) == crcs[key]]
            self._note_changed(sorted({key for key, _ in ours} - set(same)))
            await self._journal.keep_alive()
            check = self._journal.check_held
            left += await self._hot.delete_page(page, same, check=check, attempt=attempt)
            if page.next_after is None:
                return left
            after, since = page.next_after, None

    def _note_changed(self, sort_keys: list[str]) -> None:
        if sort_keys:
            self.report.notes.append(
                f"{len(sort_keys)} items were rewritten while they were moved; the new version stays for the next run"
                f" (first: {sort_keys[0]})"
            )

    async def _recover(self, entry: Entry) -> None:
        settled = entry if entry.state == "stored" else await self._settle(entry)
        if settled is not None and entry.state == "writing":  # else the interrupted run has counted it
            self._count(settled.key, settled.count, settled.size)
        if settled is None:
            self.report.notes.append(f"{entry.key} of an interrupted run was given up; its items are moved anew")
        else:
            await self._delete_matching(dict(zip(entry.sort_keys(), entry.crcs(), strict=True)))
            self.report.notes.append(f"{entry.key} of an interrupted run was completed")
        self._journal.forget()

    async def _settle(self, entry: Entry) -> Entry | None:
        """Decide a chunk that may or may not have been stored: now it is (the entry), or never will be (None)."""
        body = await self._rebuild(entry)
        if body is None:
            there = await self._target.seal(entry.key)
        else:
            try:
                await self._target.store(Chunk(entry.key, body, entry.sha256, entry.count), again=True)
                there = entry.sha256
            except KeyConflictError:
                return None
        return await self._journal.stored() if there == entry.sha256 else None

    async def _rebuild(self, entry: Entry) -> bytes | None:
        """The chunk's bytes from the hot store, or None where its items are no longer what they were."""
        wanted = set(entry.sort_keys())
        items: list[bytes] = []
        since: str | None = entry.key.start
        after: str | None = None
        while True:
            page = await self._hot.read_page(self._device_id, before=entry.key.end + "\x00", after=after, since=since)
            items += [item for key, item in zip(page.sort_keys, page.items, strict=True) if key in wanted]
            if page.next_after is None:
                break
            after, since = page.next_after, None
        body = json_array(items)
        return body if hashlib.sha256(body).hexdigest() == entry.sha256 else None
