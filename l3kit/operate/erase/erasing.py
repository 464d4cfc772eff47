"""Erase a device in all tiers: movers kept away, each deletion recorded before it is made, resumable at any point.

The device is paused for both movers, and its lease taken, before anything is deleted. A chunk under way belongs to a
run, so a device that has one is refused. A run of the archive mover that began before the pause holds no lease: if it
may still put something back, tiers and dead letters are searched once more (the last look) when it must have ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from l3kit.errors import ConfigurationError, HeldError, L3Error, LeaseLostError, LeaseTakenError, StoreError
from l3kit.operate.erase.apart import Apart, Stores
from l3kit.operate.erase.finding import ObjectBatch, Sighting, item_batches, object_batches
from l3kit.operate.erase.naming import Mentions
from l3kit.operate.erase.pieces import Piece, Tally
from l3kit.operate.erase.record import EraseRecord
from l3kit.operate.erase.report import Unreached
from l3kit.operate.holds.report import released_by
from l3kit.tiering.bounded import Bounded
from l3kit.tiering.format.holds import Holds
from l3kit.tiering.format.pauses import Pauses
from l3kit.tiering.journal import DeviceJournal
from l3kit.tiering.journal_record import NEVER, DeviceRecord, record_digest
from l3kit.tiering.movers.holding import HoldWatch, holds_in_archive, holds_in_journal
from l3kit.tiering.object_versions import former_first
from l3kit.tiering.ports import ObjectStore
from l3kit.twin.layout import MOVERS

if TYPE_CHECKING:
    from l3kit.twin.config import Twin

ERASER = "l3kit erase"
"""Owner of the lease, the same for every erase, so that a repeated one continues at once; versions tell two apart."""
MAX_PASSES = 3
"""Maximum passes over the tiers; another one follows as long as the last one found something."""
DELETES_AT_ONCE = 16
WAIT_STEP = 30.0
"""Seconds of waiting after which the lease is renewed."""

EachLetter = Callable[[Callable[[ObjectStore, Sequence[Piece], Sequence[str]], Awaitable[None]]], Awaitable[None]]
"""Calls back with the store, the pieces and the keys of the device's dead letters, batch by batch."""


@dataclass
class Erasing:
    """One erase of one device.

    Attributes:
        clock: wall clock, UTC.
        sleep: waits for this many seconds.
        letters: iterates over the device's dead letters.
        progress: called with a description of each step.
    """

    twin: Twin
    device: str
    stores: Stores
    record: EraseRecord
    clock: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
    letters: EachLetter
    by: str = ""
    reason: str = ""
    progress: Callable[[str], None] = lambda step: None
    sighting: Sighting = field(default_factory=Sighting)

    def __post_init__(self) -> None:
        self._holds = HoldWatch(self._read_holds, self.clock)
        self._apart = Apart(self.twin, self.device, self.stores, self.clock)
        self._journal = DeviceJournal(self.stores.journal, self.device, ERASER, self.clock)
        self._bounded = Bounded(DELETES_AT_ONCE)
        self._had_record = False
        for piece in self.record.pieces():
            self.sighting.note_chunk(piece)

    async def check(self) -> None:
        """Check that the device may be erased.

        Raises: HeldError; LeaseTakenError while a run has the device; ConfigurationError for a chunk under way.
        """
        await self._check_hold()
        try:
            found = await self._journal.look()
        except LeaseTakenError as error:
            remedy = f"Erase it again when that run has ended. {error.remedy}"
            raise LeaseTakenError(error.resource, f"{error.cause}; {self._so_far()}", remedy) from None
        self._had_record = replace(found, version=0, owner="", lease_until=NEVER) != DeviceRecord()
        if found.entry is not None:
            cause = f"its chunk {found.entry.key} is under way; {self._so_far()}"
            remedy = f"Let the hot-to-cold mover finish it ({await self._finishing()}), then erase again"
            raise ConfigurationError(f"device {self.device}", cause, remedy)

    async def _finishing(self) -> str:
        """Return the commands by which the mover finishes a chunk under way."""
        pauses = Pauses.of_row(await self.stores.journal.load(Pauses.record))
        resume = f"l3kit resume{'' if pauses.twin else f' {self.device}'}, " if pauses.of(self.device) else ""
        return f"{resume}l3kit run {MOVERS[0]}"

    async def survey(self) -> Tally:
        """Count what there is, without changing anything. Raises: StoreError."""
        tally = Tally()
        async for items in item_batches(self.stores.hot, self.device):
            tally.add([items.piece])
        for store in (self.stores.cold, self.stores.archive):
            async for batch in self._batches(store):
                tally.add(batch.pieces)

        async def letters(store: ObjectStore, pieces: Sequence[Piece], keys: Sequence[str]) -> None:
            tally.add(pieces)

        await self.letters(letters)
        async for mention in self._mentions().all():
            tally.add([mention.piece])
        if self._had_record:
            tally.add([self._row_piece()])
        return tally

    async def anything_left(self) -> bool:
        """Return whether there is anything of the device, after `check`. Raises: StoreError."""
        if self._had_record:
            return True
        async for _ in item_batches(self.stores.hot, self.device):
            return True
        for store in (self.stores.cold, self.stores.archive):
            async for _ in self._batches(store):
                return True
        tally = Tally()

        async def letters(store: ObjectStore, pieces: Sequence[Piece], keys: Sequence[str]) -> None:
            tally.add(pieces)

        await self.letters(letters)
        return bool(tally)

    async def may_look_again(self) -> datetime | None:
        """The time of the last look if the erase began or continued now; None if it needs none. Raises: StoreError."""
        alone = await self._apart.alone_from(await self._apart.paused_since() or self.clock())
        return max(filter(None, (alone, self.record.look_again)), default=None)

    async def run(self, *, wait: bool, unreached: Callable[[], Iterable[Unreached]] = tuple) -> str:
        """Erase. Returns: the key of the closed record; empty if a last look is needed and is not waited for.

        `unreached`: returns what the record is to tell of what stays; called when all has been looked at.
        Raises: HeldError, LeaseLostError, LeaseTakenError, ConfigurationError; StoreError. A repeated call continues.
        """
        try:
            await self.check()
            paused = await self._apart.pause(self.by or ERASER)
            await self._acquire()
            look_again = await self.record.last_look(await self._apart.alone_from(paused))
            await self._tiers(look_again)
            await self._letters(look_again)
            if look_again is not None and self.clock() < look_again and not (wait and await self._wait(look_again)):
                await self._journal.release()
                return ""
            if look_again is not None:
                await self._tiers(look_again)
                await self._letters(look_again)
            await self._mentioned(look_again)
            return await self._finish(unreached)
        except asyncio.CancelledError as stop:
            if self.record.begun:
                stop.add_note(f"Device {self.device} is erased in part and stays paused: the same command continues")
            raise
        except L3Error as error:
            if not isinstance(error, LeaseLostError):
                await self._give_back()
            raise

    # --- keeping others away

    async def _read_holds(self) -> Holds:
        return (await holds_in_journal(self.stores.journal)).joined(await holds_in_archive(self.stores.archive))

    async def _check_hold(self) -> None:
        if hold := await self._holds.of(self.device):
            twin = await self._holds.of_twin()
            holds = Holds(twin, {} if twin else {self.device: hold})
            cause = f"is {hold.summary()}{', like the whole twin' if twin else ''}; {self._so_far()}"
            remedy = f"If whoever set it agrees, lift it: {released_by(holds)}"
            raise HeldError(f"device {self.device}", cause, remedy)

    async def _acquire(self) -> None:
        """Take the lease of the device, which is paused by now. Raises: LeaseTakenError."""
        try:
            await self._journal.acquire()
        except LeaseTakenError as error:
            cause = f"{error.cause}; {self._so_far()}, and the device stays paused"
            remedy = f"Erase it again when that run has ended, or l3kit resume {self.device}"
            raise LeaseTakenError(error.resource, cause, remedy) from None

    def _so_far(self) -> str:
        return "nothing more was erased" if self.record.begun else "nothing was erased"

    async def _wait(self, until: datetime) -> bool:
        """Wait, renewing the lease. Returns: True."""
        while (left := (until - self.clock()).total_seconds()) > 0:
            self.progress(f"wait for runs of movers, until {until:%H:%M:%S} UTC")
            await self._journal.keep_alive()
            await self.sleep(min(left, WAIT_STEP))
        return True

    async def _give_back(self) -> None:
        """Free the device after an error, if the journal responds."""
        try:
            await self._journal.release()
        except L3Error:
            return

    # --- erasing

    async def _gone(
        self, pieces: Sequence[Piece], delete: Callable[[], Awaitable[object]], look_again: datetime | None
    ) -> None:
        """Record pieces, then delete them, if that is still allowed."""
        await self._check_hold()
        await self._journal.keep_alive()
        await self.record.begin({"twin": self.twin.name, "by": self.by, "reason": self.reason}, look_again)
        await self.record.note(pieces)
        self._journal.check_held()
        await delete()

    async def _tiers(self, look_again: datetime | None) -> None:
        """Go over the tiers until nothing more is found. Raises: StoreError if data keep appearing."""
        for _ in range(MAX_PASSES):
            found = False
            self.progress("items of the hot tier")
            async for items in item_batches(self.stores.hot, self.device):
                found = True
                delete = partial(self.stores.hot.delete_items, self.device, items.keys)
                await self._gone([items.piece], delete, look_again)
            for store in (self.stores.cold, self.stores.archive):
                self.progress(f"objects of the {store.tier} tier")
                async for batch in self._batches(store):
                    found = True
                    await self._gone(batch.pieces, partial(self._delete, store, batch), look_again)
            if not found:
                return
        cause = f"new data of it came in during each of {MAX_PASSES} passes; what was there before is erased"
        raise StoreError(f"device {self.device}", cause, "Stop the device from sending, then erase again")

    async def _delete(self, store: ObjectStore, batch: ObjectBatch) -> None:
        """Delete versions, all former ones before the current ones."""
        ordered = former_first(batch.versions)
        for current in (False, True):
            await self._bounded.run([store.delete_version(one) for one in ordered if one.current is current])

    def _batches(self, store: ObjectStore) -> AsyncIterator[ObjectBatch]:
        return object_batches(store, self.device, self.sighting, self._apart.cutoffs())

    async def _letters(self, look_again: datetime | None) -> None:
        self.progress("dead letters")

        async def gone(store: ObjectStore, pieces: Sequence[Piece], keys: Sequence[str]) -> None:
            async def delete() -> None:
                versions = [one for key in keys async for one in store.versions(key) if one.key == key]
                await self._delete(store, ObjectBatch(former_first(versions), pieces))

            await self._gone(pieces, delete, look_again)

        await self.letters(gone)

    def _mentions(self) -> Mentions:
        listed = any(one.id == self.device for one in self.twin.devices)
        return Mentions(self.stores.journal, self.stores.cold, self.stores.archive, self.device, listed)

    async def _mentioned(self, look_again: datetime | None) -> None:
        self.progress("reports")
        async for mention in self._mentions().all():
            await self._gone([mention.piece], mention.replace, look_again)

    def _row_piece(self) -> Piece:
        name = f"device/{self.device}"
        return Piece("journal", "journal record", name, digest=f"sha256:{record_digest(self._journal.record)}")

    async def _finish(self, unreached: Callable[[], Iterable[Unreached]]) -> str:
        """Free the device, delete its journal record, and close the record of the erase."""
        stays = [one.to_json() for one in unreached()]
        await self._check_hold()
        if self._had_record:
            await self.record.begin({"twin": self.twin.name, "by": self.by, "reason": self.reason}, None)
            await self.record.note([self._row_piece()])
        await self._journal.keep_alive()
        if not await self.stores.journal.remove(f"device/{self.device}", self._journal.record.version):
            raise LeaseLostError(f"device {self.device}", "another run has taken its lease", "Erase it again")
        await self._apart.end()
        if not self.record.begun:
            return ""
        about = {"twin": self.twin.name, "finished": self.clock().isoformat(), "by": self.by, "reason": self.reason}
        return await self.record.finish({**about, "unreached": stays})
