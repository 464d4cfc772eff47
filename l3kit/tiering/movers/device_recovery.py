"""Recovery of a chunk that an interrupted run left under way: the cold tier's content decides, not the journal.

Afterwards the chunk is certain to be stored, or certain never to be. docs/reference/journal.md,
"What a later run finds".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from zlib import crc32

from l3kit.errors import ChunkRefusedError, KeyConflictError
from l3kit.tiering.format.chunks import Chunk, json_array
from l3kit.tiering.hot_pages import hot_pages
from l3kit.tiering.journal import DeviceJournal
from l3kit.tiering.journal_record import Entry
from l3kit.tiering.movers.cold_target import ColdTarget
from l3kit.tiering.movers.report import DeviceReport
from l3kit.tiering.ports import HotStore


@dataclass(frozen=True, slots=True)
class _Rebuilt:
    """The chunk rebuilt from the hot tier. `same`: the number of items unchanged since the entry was written."""

    body: bytes
    sha256: str
    same: int


@dataclass(frozen=True, slots=True)
class Recovery:
    """Recovery of one device's open entry by the run that holds the lease."""

    device_id: str
    hot: HotStore
    target: ColdTarget
    journal: DeviceJournal
    report: DeviceReport

    async def settle(self, entry: Entry, noted: Mapping[str, int]) -> bool:
        """Settle the entry. Returns: whether the chunk is stored, so that its items may be deleted, or never will be.

        Args:
            noted: `entry.items()`.
        """
        there = await self.target.look(entry.key)
        if there == entry.sha256:
            return await self._is_stored(entry)
        now = await self._rebuild(entry, noted)
        if there is None:
            return await self._store_or_seal(entry, now)
        if there == now.sha256:
            self._note(f"{entry.key} holds exactly the recorded items, with another digest than the recorded one")
            return await self._is_stored(entry)
        self._note(f"{entry.key} holds other content, with the digest {there}, and was left unchanged")
        return self._given_up(entry, now)

    async def _is_stored(self, entry: Entry) -> bool:
        if entry.state == "writing":  # otherwise the interrupted run has counted it
            await self.journal.stored()
            self.report.items += entry.count
            self.report.bytes += entry.size
            self.report.chunks += 1
            self.report.keys.append(str(entry.key))
        return True

    async def _store_or_seal(self, entry: Entry, now: _Rebuilt) -> bool:
        if now.sha256 == entry.sha256:
            try:
                await self.target.store(Chunk(entry.key, now.body, entry.sha256, entry.count), again=True)
            except KeyConflictError:  # a seal, or a late request of another run
                return self._given_up(entry, now)
            except ChunkRefusedError as error:
                self._note(f"{entry.key} was refused by the destination: {error.cause}")
                return self._given_up(entry, now)
            if entry.state == "stored":
                self._note(f"{entry.key} had been stored and was missing, without a receipt; it was stored again")
            return await self._is_stored(entry)
        if await self.target.seal(entry.key) == entry.sha256:
            return await self._is_stored(entry)
        return self._given_up(entry, now)

    def _given_up(self, entry: Entry, now: _Rebuilt) -> bool:
        self._note(f"{entry.key} of an interrupted run was abandoned; its items are moved again")
        if entry.state == "stored" and now.same < entry.count:
            self.report.skip(
                str(entry.key),
                f"was stored and is no longer in the cold tier: {now.same} of its {entry.count} items are unchanged in"
                " the hot tier and are moved again; the others were deleted from it or rewritten."
                " Restore the object from a backup or an older version, and check the bucket's lifecycle rules",
            )
        return False

    def _note(self, text: str) -> None:
        self.report.notes.append(text)

    async def _rebuild(self, entry: Entry, noted: Mapping[str, int]) -> _Rebuilt:
        items: list[bytes] = []
        same = 0
        before = entry.key.end + "\x00"
        async for page in hot_pages(self.hot, self.device_id, before=before, since=entry.key.start):
            for key, item in zip(page.sort_keys, page.items, strict=True):
                if key in noted:
                    items.append(item)
                    same += crc32(item) == noted[key]
        body = json_array(items)
        return _Rebuilt(body, hashlib.sha256(body).hexdigest(), same)
