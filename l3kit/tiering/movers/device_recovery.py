"""Settling a chunk that an interrupted run left under way: what the cold tier holds decides, not what was noted.

Afterwards the chunk is certain to be stored, or certain never to be. docs/journal.md, "What a later run finds".
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
    """The chunk as the hot tier has it now. `same`: how many of its items are there as they were noted."""

    body: bytes
    sha256: str
    same: int


@dataclass(frozen=True, slots=True)
class Recovery:
    """One device's open entry in the hands of the run that holds the device."""

    device_id: str
    hot: HotStore
    target: ColdTarget
    journal: DeviceJournal
    report: DeviceReport

    async def settle(self, entry: Entry, noted: Mapping[str, int]) -> bool:
        """Whether the chunk is stored, so that its items may be deleted; if not, it never will be.

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
            self._note(f"{entry.key} holds exactly the noted items under another digest than the noted one")
            return await self._is_stored(entry)
        self._note(f"{entry.key} holds other content, with the digest {there}, and was left")
        return self._given_up(entry, now)

    async def _is_stored(self, entry: Entry) -> bool:
        if entry.state == "writing":  # else the interrupted run has counted it
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
            except KeyConflictError:  # a seal, or the late request of another hand
                return self._given_up(entry, now)
            except ChunkRefusedError as error:
                self._note(f"{entry.key} is refused by the target: {error.cause}")
                return self._given_up(entry, now)
            if entry.state == "stored":
                self._note(f"{entry.key} had been stored and was gone, without a receipt; it was stored again")
            return await self._is_stored(entry)
        if await self.target.seal(entry.key) == entry.sha256:
            return await self._is_stored(entry)
        return self._given_up(entry, now)

    def _given_up(self, entry: Entry, now: _Rebuilt) -> bool:
        self._note(f"{entry.key} of an interrupted run was given up; its items are moved anew")
        if entry.state == "stored" and now.same < entry.count:
            self.report.skip(
                str(entry.key),
                f"was stored, and is not in the cold tier any more: {now.same} of its {entry.count} items are still in"
                " the hot tier as they were and are moved anew, the others were deleted from it or rewritten."
                " Who removed the object, a lifecycle rule? Restore it from a backup or an older version",
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
