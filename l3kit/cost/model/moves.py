"""One run of each mover as uses: reads, writes, storage, deletes, egress and run time.

The formulas follow the code: l3kit/tiering/movers/device_move.py, journal.py and cold_to_archive.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from l3kit.cost.model.arithmetic import Arithmetic, Number
from l3kit.cost.model.function_time import PACE, run_function
from l3kit.cost.model.hot_tier import PAGE_BYTES, hot_tier
from l3kit.cost.model.object_tier import Chunks, request, retrieve
from l3kit.cost.model.uses import Sites, Tally
from l3kit.tiering.format.chunks import MAX_ENTRY_BYTES
from l3kit.tiering.movers.archive_targets import PART_BYTES, WHOLE_BYTES

JOURNAL_BYTES_PER_ITEM = 7
"""Sort key and checksum of an item in the journal (docs/reference/journal.md: 7 to 10 bytes)."""
JOURNAL_FRAME_BYTES = 640
"""Bytes of a journal record without its items, 610 to 640 with short ids."""
LIST_PAGE = 1_000
OWN_LISTS = 2
"""Each archiving run lists the pauses and its receipts (l3kit/tiering/movers/pausing.py, transfer/receipts.py)."""
MOVER_MB, CHUNKS_IN_MEMORY = 26, 15
"""The hot-to-cold mover's memory: its base, and three chunks of each of five devices (explanation/benchmarks.md)."""
UPLOAD_PART_BYTES = 8 * 2**20
"""Size of the parts from which the archive writer assembles an object that arrives in several requests."""
RECOMPRESSED = Decimal("1.02")
"""Growth of a compressed object sent to another cloud, as base64 within gzip, over its size at rest."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """A workload's numbers for one arithmetic: Decimals, or arrays with one element per scenario. Flags are 0 or 1."""

    ops: Arithmetic
    devices: Number
    items_per_device_per_day: Number
    item_bytes: Number
    hot_item_bytes: Number
    hot_days: Number
    cold_days: Number
    archive_days: Number
    days_between_runs: Number
    chunk_bytes: Number
    page_by_page: Number
    at_rest_ratio: Number
    wire_ratio: Number
    ttl_deletes: Number
    hot_reads_per_device_per_day: Number
    cold_read_share: Number
    archive_read_share: Number
    cold_lookups_per_month: Number
    archive_lookups_per_month: Number
    bulk_restores: Number
    restore_days: Number
    reads_leave_cloud: Number
    alarms: Number
    free_tiers: Number

    @property
    def stored_item_bytes(self) -> Number:
        """Size of an item in the hot store."""
        return self.ops.where(self.hot_item_bytes > 0, self.hot_item_bytes, self.item_bytes)

    @property
    def items_per_run(self) -> Number:
        """Items of one device."""
        return self.items_per_device_per_day * self.days_between_runs

    @property
    def items_per_chunk(self) -> Number:
        """floor((chunk_bytes - 1) / (item_bytes + 1)): each item has a comma but the last; the brackets are 2 bytes.

        At least 1; at most the items that fit the journal, and page by page also those of a page of the hot store.
        """
        ops = self.ops
        fitting = ops.maximum(ops.floor((self.chunk_bytes - 1) / (self.item_bytes + 1)), 1)
        fitting = ops.minimum(fitting, MAX_ENTRY_BYTES // JOURNAL_BYTES_PER_ITEM)
        page = ops.maximum(ops.floor(PAGE_BYTES / self.stored_item_bytes), 1)
        return ops.where(self.page_by_page > 0, ops.minimum(fitting, page), fitting)

    @property
    def chunks_of_device(self) -> Chunks:
        """Chunks of one device in one run, uncompressed: full ones, and one with the rest."""
        ops, items, most = self.ops, self.items_per_run, self.items_per_chunk
        full = ops.floor(items / most)
        left = ops.maximum(items - full * most, 0)
        size = self.item_bytes + 1
        return Chunks(full, most * size + 1, ops.minimum(left, 1), ops.maximum(left, 1) * size + 1)

    @property
    def chunks_of_run(self) -> Chunks:
        """Chunks of all devices in one run, uncompressed."""
        return self.chunks_of_device.times(self.devices)

    @property
    def stored_chunks_of_run(self) -> Chunks:
        """Chunks as stored: compressed if the workload says so."""
        return self.chunks_of_run.resized(self.at_rest_ratio)


def hot_to_cold(w: Inputs, sites: Sites, tally: Tally, seconds: Number | None = None) -> None:
    """One run of the hot-to-cold mover over all devices.

    Args:
        seconds: duration of the run, if known; else it is estimated.
    """
    chunks = w.chunks_of_run
    _read_and_delete(w, sites, tally)
    _journal(w, sites, tally)
    items = w.devices * w.items_per_run
    known = seconds is not None
    if sites.layout.hot == sites.layout.cold:
        request(tally, sites.cold, "cold", "put", chunks.count, "store chunks")
        sending: Number = 0
    else:
        sent = chunks.resized(w.wire_ratio)
        egress(tally, sites.layout.hot, sites, sent.bytes, "chunks sent to the cold tier's cloud")
        run_function(tally, sites.cold, "cold-writer", chunks.count, chunks.count * w.ops.number(PACE.writer))
        request(tally, sites.cold, "cold", "put", chunks.count, "store chunks")
        sending = chunks.count * w.ops.number(PACE.sent_object)
    pace = w.ops.number
    estimate = pace(PACE.invocation) + w.devices * pace(PACE.device) + items * pace(PACE.item) + sending
    _run_mover(w, tally, sites, "hot-to-cold-mover", seconds if known else estimate, known)


def _read_and_delete(w: Inputs, sites: Sites, tally: Tally) -> None:
    """Read each due item once, whatever the chunk size, and delete it; ask each device for what is ahead of time.

    Deletes read nothing: they are on condition of the version read, or on DynamoDB of the attributes read.
    """
    tier, ops, items, size = hot_tier(sites.layout.hot), w.ops, w.items_per_run, w.stored_item_bytes
    moving = w.devices * ops.minimum(items, 1)
    tier.scan(tally, sites.hot, moving, ops.maximum(items, 1), size, "read items")
    none = ops.number(0)
    tier.scan(tally, sites.hot, w.devices - moving, none, size, "ask devices without old items")
    tier.scan(tally, sites.hot, w.devices, none, size, "ask devices for readings ahead of time")
    tier.delete(tally, sites.hot, w.devices * items * (1 - w.ttl_deletes), size)
    tier.expire(tally, sites.hot, w.devices * items * w.ttl_deletes, size)


def _journal(w: Inputs, sites: Sites, tally: Tally) -> None:
    """Two reads per run, one per device; two writes per chunk, with its entry; one last write per moved device.

    A write is billed by the larger of the old and the new record. So a device with n chunks writes 2 n + 1 times the
    size of an entry, where the first write of a smaller last chunk still has the size of a full one.
    """
    tier, ops, chunks = hot_tier(sites.layout.hot), w.ops, w.chunks_of_device
    full = JOURNAL_FRAME_BYTES + JOURNAL_BYTES_PER_ITEM * w.items_per_chunk
    left = ops.maximum(w.items_per_run - chunks.full * w.items_per_chunk, 1)
    rest = JOURNAL_FRAME_BYTES + JOURNAL_BYTES_PER_ITEM * left
    any_full = ops.minimum(chunks.full, 1)
    full_writes = chunks.full * 2 + any_full
    rest_writes = chunks.rest * (3 - any_full)
    one = ops.number(1)
    tier.scan(tally, sites.hot, w.devices + 2, one, ops.number(JOURNAL_FRAME_BYTES), "read the journal")
    tier.write(tally, sites.hot, w.devices * full_writes, full, "note full chunks in the journal", "estimated")
    tier.write(tally, sites.hot, w.devices * rest_writes, rest, "note last chunks in the journal", "estimated")
    tier.write(tally, sites.hot, one, ops.number(JOURNAL_FRAME_BYTES), "store the run's report", "estimated")


def cold_to_archive(w: Inputs, sites: Sites, tally: Tally, listed: Number, seconds: Number | None = None) -> None:
    """One run of the cold-to-archive mover over the chunks of one run of the other.

    Args:
        listed: listed objects of the cold tier.
        seconds: duration of the run, if known; else it is estimated.
    """
    chunks, ops, known = w.stored_chunks_of_run, w.ops, seconds is not None
    pages = ops.maximum(ops.ceil(listed / LIST_PAGE), 1) + OWN_LISTS
    request(tally, sites.cold, "cold", "list", pages, "list cold objects")
    request(tally, sites.cold, "cold", "head", chunks.count, "look at cold objects")
    retrieve(tally, sites.cold, chunks.bytes, "read cold objects")
    if sites.layout.cold == sites.layout.archive:
        request(tally, sites.archive, "archive", "copy", chunks.count, "copy into the archive")
        request(tally, sites.archive, "archive", "head", chunks.count, "check the copies")
        each = PACE.archived_object
    else:
        _send_to_archive(w, sites, tally, chunks)
        each = PACE.sent_object
    request(tally, sites.cold, "cold", "delete", chunks.count, "delete cold objects")
    # A device's last chunk leaves a receipt; it is among the moved ones only where the run empties the tier.
    emptied = w.devices * ops.minimum(w.items_per_run, 1)
    receipts = ops.where(listed <= chunks.count, emptied, ops.number(0))
    request(tally, sites.cold, "staging", "put", receipts, "leave receipts of last chunks")
    request(tally, sites.cold, "staging", "put", ops.number(1), "store the run's report")
    estimate = ops.number(PACE.invocation) + chunks.count * ops.number(each)
    _run_mover(w, tally, sites, "cold-to-archive-mover", seconds if known else estimate, known)


def _send_to_archive(w: Inputs, sites: Sites, tally: Tally, chunks: Chunks) -> None:
    """Send objects up to 5 MiB in one request; larger ones in parts of 4 MiB, which the writer stores and joins."""
    ops, one, none = w.ops, w.ops.number(1), w.ops.number(0)
    ratio = ops.where(w.at_rest_ratio < 1, w.at_rest_ratio * ops.number(RECOMPRESSED), w.wire_ratio)
    full, rest = (ops.ceil(size / PART_BYTES) for size in (chunks.full_bytes, chunks.rest_bytes))
    full = ops.where(chunks.full_bytes <= WHOLE_BYTES, one, full)
    rest = ops.where(chunks.rest_bytes <= WHOLE_BYTES, one, rest)
    posts = chunks.full * full + chunks.rest * rest
    parts = chunks.full * ops.where(full > 1, full, none) + chunks.rest * ops.where(rest > 1, rest, none)
    joined = _joined(ops, chunks.full, full, chunks.full_bytes) + _joined(ops, chunks.rest, rest, chunks.rest_bytes)
    request(tally, sites.cold, "cold", "get", posts, "read cold objects")
    egress(tally, sites.layout.cold, sites, w.chunks_of_run.bytes * ratio, "objects sent to the archive's cloud")
    run_function(tally, sites.archive, "archive-writer", posts, posts * ops.number(PACE.writer))
    request(tally, sites.archive, "archive", "put", chunks.count, "store in the archive")
    request(tally, sites.archive, "staging", "put", parts + joined, "keep and join parts", "estimated")
    request(tally, sites.archive, "staging", "get", parts, "read parts", "estimated")


def _joined(ops: Arithmetic, count: Number, parts: Number, size: Number) -> Number:
    """Requests at the standard rate for joining objects from parts: one to begin, one for each 8 MiB."""
    return count * ops.where(parts > 1, 1 + ops.ceil(size / UPLOAD_PART_BYTES), ops.number(0))


def egress(tally: Tally, provider: str, sites: Sites, sent_bytes: Number, what: str) -> None:
    """Bytes that leave a cloud for the internet; receiving is free everywhere."""
    site = next(s for s in (sites.hot, sites.cold, sites.archive) if s.provider == provider)
    tally.add(site, ("transfer", "internet"), "out", sent_bytes, what)


def _run_mover(w: Inputs, tally: Tally, sites: Sites, name: str, seconds: Number, known: bool) -> None:
    """Note a run; one of more than the function's 15 minutes is several invocations."""
    site = sites.hot if name == "hot-to-cold-mover" else sites.cold
    invocations = w.ops.maximum(w.ops.ceil(seconds / w.ops.number(PACE.most)), 1)
    needed_mb: Number = 0
    if name == "hot-to-cold-mover":
        needed_mb = MOVER_MB + CHUNKS_IN_MEMORY * w.chunk_bytes / 2**20
    run_function(tally, site, name, invocations, seconds, "measured" if known else "estimated", needed_mb)
