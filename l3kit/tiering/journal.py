"""One device's journal: its lease, the chunk under way and the totals moved.

docs/reference/journal.md has the state diagram. Each device has one record, changed only by
compare-and-swap on its version. The version is the fencing number: a run
that lost its lease can no longer swap, so every later write of it fails. A chunk under way is the record's *entry*:

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
"""Lease duration, and the longest wait for a device whose run has died. Each journal write renews the lease."""
LEASE_MARGIN_SECONDS = 15
"""Tolerated clock skew: a run treats its lease as expired this long before other runs do."""

Clock = Callable[[], datetime]


class DeviceJournal:
    """One run's access to one device's record. Every method that writes raises LeaseLostError once fenced out."""

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
        """Load the record. Raises: LeaseTakenError while another run holds the lease."""
        self.record = from_row(await self._store.load(self._name))
        if self.record.held_by_other(self._run_id, self._clock()):
            raise LeaseTakenError(
                f"device {self._device_id}",
                f"run {self.record.owner} holds its lease",
                f"If that run has died, wait for the lease to expire at {self.record.lease_until:%H:%M:%S} UTC",
            )
        return self.record

    async def acquire(self) -> None:
        """Take the lease if the record is unchanged since `look`. Raises: LeaseTakenError if it is not."""
        wanted = self._renewed(self.record)
        if not await self._swap(wanted):
            raise LeaseTakenError(
                f"device {self._device_id}",
                "another run has just taken its lease",
                "No action needed: that run moves it",
            )

    def start_numbering_at(self, number: int) -> None:
        """Set the next chunk number of a new record. The next `begin` persists it."""
        self.record = replace(self.record, next_number=number)

    async def begin(self, chunk: Chunk, draft: Draft) -> Entry:
        """Record a chunk before it is written and close the previous one in the same write. Its number is then spent.

        Takes the lease as well, so a device without an open entry needs no `acquire`: the swap succeeds only if no
        other run has changed the record since `look`, so nothing read since then has been moved.

        Raises: StoreError if no number is left.
        """
        if chunk.key.number >= RESERVED_NUMBERS:
            raise StoreError(
                f"device {self._device_id}",
                f"its next chunk number has reached {RESERVED_NUMBERS:,}, where the reserved range begins",
                "Nothing more of it is moved. Check whether another program wrote a chunk with such a number to the "
                "cold tier; see docs/reference/journal.md, 'A lost journal'",
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
        """Record that the destination holds exactly the entry's content; its items may be deleted from now on."""
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
        """Close the entry: its items are deleted, or it was abandoned."""
        if self.record.entry is not None:
            await self._write(replace(self.record, entry=None))

    async def release(self) -> None:
        """Release the lease; an open entry is left for the next run. A lease lost earlier is no error here."""
        if self.record.owner == self._run_id:
            await self._swap(replace(self.record, owner="", lease_until=self._clock()))

    async def keep_alive(self) -> None:
        """Renew the lease once more than half of it has passed. Raises: LeaseLostError if it may have expired."""
        self.check_held()
        if self.record.lease_until - self._clock() < self._lease / 2:
            await self._write(self.record)

    def check_held(self) -> None:
        """Raise LeaseLostError unless the lease is certain to hold; called before every delete."""
        if self._clock() > self.record.lease_until - self._margin:
            raise self._lost("its lease expired while the run was delayed")

    def forget(self) -> None:
        """Treat the entry as closed; the next `begin` or `release` persists that."""
        self.record = replace(self.record, entry=None)

    def _open_entry(self) -> Entry:
        if self.record.entry is None:
            raise LeaseLostError(f"device {self._device_id}", "has no chunk under way")
        return self.record.entry

    def _renewed(self, record: DeviceRecord) -> DeviceRecord:
        return replace(record, owner=self._run_id, lease_until=self._clock() + self._lease)

    async def _write(self, wanted: DeviceRecord) -> None:
        if not await self._swap(self._renewed(wanted)):
            raise self._lost("another run has taken its lease")

    async def _swap(self, wanted: DeviceRecord) -> bool:
        wanted = replace(wanted, version=self.record.version + 1)
        row = to_row(wanted)
        if not await self._store.swap(self._name, row):
            # If the first response was lost, the retry is refused although the row was written: compare.
            there = await self._store.load(self._name)
            if there is None or there.version != row.version or dict(there.attributes) != dict(row.attributes):
                return False
        self.record = wanted
        return True

    def _lost(self, cause: str) -> LeaseLostError:
        return LeaseLostError(
            f"device {self._device_id}", cause, "No data is lost: the run that holds the lease continues"
        )


async def end_lease(store: JournalStore, device_id: str) -> str:
    """Release the lease of a dead run, so that the next run need not wait for the lease expiry.

    An open entry stays for the next run to finish. If the old run is alive after all, its next journal write fails;
    but it may still be deleting, so use this only for runs that have certainly ended.

    Returns: the id of the run that held the lease; empty if none did.
    Raises: StoreError.
    """
    name = DEVICE_PREFIX + device_id
    record = from_row(await store.load(name))
    if record.owner:
        freed = to_row(replace(record, version=record.version + 1, owner="", lease_until=NEVER))
        # A lost response looks like a refusal, so compare with what is stored.
        if not await store.swap(name, freed) and await store.load(name) != freed:
            raise StoreError(f"device {device_id}", f"run {record.owner} is alive: it has just written to its journal")
    return record.owner
