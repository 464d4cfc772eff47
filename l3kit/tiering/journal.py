"""One device's journal: who may move it, what is under way, what has been moved. docs/journal.md draws the states.

Each device has one record, changed only by compare-and-swap on its version. The version is the fencing number: a run
that lost its lease cannot swap any more, so whatever it does next fails. A chunk under way is the record's *entry*:

    (none) --begin--> writing --stored--> stored --close--> (none)
                         |
                         +--close (sealed or given up)--> (none)

Nothing is deleted from the hot store before `stored`, and only what the entry names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from l3kit.errors import LeaseLostError, LeaseTakenError, StoreError
from l3kit.tiering.format.chunks import RESERVED_NUMBERS, Chunk, Draft
from l3kit.tiering.journal_record import NEVER, DeviceRecord, Entry, from_row, to_row
from l3kit.tiering.ports import JournalStore

DEVICE_PREFIX = "device/"
LEASE_SECONDS = 120
"""How long a device stays with a run that has died. Every journal write of a living run renews it."""
LEASE_MARGIN_SECONDS = 15
"""A run treats its lease as lost this long before the others do, so that clocks may differ by as much."""

Clock = Callable[[], datetime]


class DeviceJournal:
    """One device's record in the hands of one run. Every method that writes raises LeaseLostError when fenced out."""

    def __init__(
        self, store: JournalStore, device_id: str, run_id: str, clock: Clock, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        self._store = store
        self._name = DEVICE_PREFIX + device_id
        self._device_id = device_id
        self._run_id = run_id
        self._clock = clock
        self._lease = timedelta(seconds=lease_seconds)
        self._margin = timedelta(seconds=min(LEASE_MARGIN_SECONDS, lease_seconds / 4))
        self.record = DeviceRecord()

    async def look(self) -> DeviceRecord:
        """Load the record. Raises: LeaseTakenError while another run holds the device."""
        self.record = from_row(await self._store.load(self._name))
        if self.record.held_by_other(self._run_id, self._clock()):
            raise LeaseTakenError(
                f"device {self._device_id}",
                f"is being moved by run {self.record.owner}",
                f"If that run has died, the device is free again at {self.record.lease_until:%H:%M:%S} UTC",
            )
        return self.record

    async def acquire(self) -> None:
        """Take the lease, if the record is still as `look` saw it. Raises: LeaseTakenError."""
        wanted = self._renewed(self.record)
        if not await self._swap(wanted):
            raise LeaseTakenError(f"device {self._device_id}", "another run took it this moment", "It will move it")

    def number_from(self, number: int) -> None:
        """Where the record is new: what the next chunk is numbered. The next `begin` writes it down."""
        self.record = replace(self.record, next_number=number)

    async def begin(self, chunk: Chunk, draft: Draft) -> Entry:
        """Note a chunk before it is written, closing the one before it in the same write. Its number is spent.

        Takes the lease as well, so a device without open entry needs no `acquire`: the swap succeeds only if no other
        run has changed the record since `look`, hence nothing of what was read meanwhile has been moved.

        Raises: StoreError where no number is left.
        """
        if chunk.key.number >= RESERVED_NUMBERS:
            raise StoreError(
                f"device {self._device_id}",
                f"its chunk numbers have reached {RESERVED_NUMBERS:,}, and from there on they are reserved",
                "Nothing more of it is moved. Did another program put a chunk of such a number into the cold tier? "
                "See docs/journal.md, 'A lost journal'",
            )
        entry = Entry(
            "writing",
            chunk.key,
            chunk.sha256,
            len(chunk.body),
            chunk.count,
            draft.encoded_sort_keys,
            draft.encoded_crcs,
        )
        await self._write(replace(self.record, entry=entry, next_number=chunk.key.number + 1))
        return entry

    async def stored(self) -> Entry:
        """Note that the target holds exactly the entry's content; its items may be deleted from now on."""
        entry = replace(self._open_entry(), state="stored")
        await self._write(
            replace(
                self.record,
                entry=entry,
                moved_items=self.record.moved_items + entry.count,
                moved_bytes=self.record.moved_bytes + entry.size,
                moved_chunks=self.record.moved_chunks + 1,
                last_key=str(entry.key),
            )
        )
        return entry

    async def close(self) -> None:
        """Note that nothing is under way any more: the entry's items are deleted, or it was given up."""
        if self.record.entry is not None:
            await self._write(replace(self.record, entry=None))

    async def release(self) -> None:
        """Give the device back; an open entry is left for the next run. Having lost the lease here is harmless."""
        if self.record.owner == self._run_id:
            await self._swap(replace(self.record, owner="", lease_until=self._clock()))

    async def keep_alive(self) -> None:
        """Renew the lease when more than half of it has passed; fail when it may be over for the others."""
        self.check_held()
        if self.record.lease_until - self._clock() < self._lease / 2:
            await self._write(self.record)

    def check_held(self) -> None:
        """Raise LeaseLostError unless the lease is certain to hold; asked before every step that deletes."""
        if self._clock() > self.record.lease_until - self._margin:
            raise self._lost("the lease ran out while the run was held up")

    def forget(self) -> None:
        """Treat the entry as closed; the next `begin` or `release` writes it down."""
        self.record = replace(self.record, entry=None)

    def _open_entry(self) -> Entry:
        if self.record.entry is None:
            raise LeaseLostError(f"device {self._device_id}", "has no chunk under way")
        return self.record.entry

    def _renewed(self, record: DeviceRecord) -> DeviceRecord:
        return replace(record, owner=self._run_id, lease_until=self._clock() + self._lease)

    async def _write(self, wanted: DeviceRecord) -> None:
        if not await self._swap(self._renewed(wanted)):
            raise self._lost("another run has taken it over")

    async def _swap(self, wanted: DeviceRecord) -> bool:
        wanted = replace(wanted, version=self.record.version + 1)
        row = to_row(wanted)
        if not await self._store.swap(self._name, row):
            # The first answer may have been lost and the retry refused: then what is stored is what was wanted.
            there = await self._store.load(self._name)
            if there is None or there.version != row.version or dict(there.attributes) != dict(row.attributes):
                return False
        self.record = wanted
        return True

    def _lost(self, cause: str) -> LeaseLostError:
        return LeaseLostError(f"device {self._device_id}", cause, "Nothing is lost; the run that holds it carries on")


async def end_lease(store: JournalStore, device_id: str) -> str:
    """Free a device of a run that is known to be dead, so that the next run need not wait for the lease to end.

    What is under way stays for the next run to finish. Should the old run live after all, its next journal write
    fails; but it may still be deleting, so this is for runs that have certainly ended.

    Returns: the id of the run that held the device; empty where none did.
    Raises: StoreError.
    """
    name = DEVICE_PREFIX + device_id
    record = from_row(await store.load(name))
    if record.owner:
        freed = to_row(replace(record, version=record.version + 1, owner="", lease_until=NEVER))
        # A lost answer looks like a refusal: what is there decides.
        if not await store.swap(name, freed) and await store.load(name) != freed:
            raise StoreError(f"device {device_id}", f"run {record.owner} is alive: it has just written its journal")
    return record.owner
