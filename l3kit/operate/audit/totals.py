"""Comparison of a device's counts in the journal with its chunks in the tiers. No I/O.

A number without an object is no fault by itself: the number of a refused or abandoned chunk is spent. The journal
counts the stored chunks; only if the tiers hold fewer is one lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from l3kit.operate.audit.faults import Finding
from l3kit.tiering.counts import MAX_NAMED, count_of
from l3kit.tiering.format.chunks import RESERVED_NUMBERS, ChunkKey, parse_object_key
from l3kit.tiering.journal_record import DeviceRecord

Numbers = tuple[int, int]
"""A first and a last chunk number, with all between."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A device's state in the journal at one moment.

    Attributes:
        next_number: lower numbers are assigned; 1 if the journal has no record of the device.
        chunks, items, bytes: stored since the record was made.
        last_key: key of the chunk stored last.
        writing_key: key of a chunk that may be stored and is not counted yet.
    """

    next_number: int = 1
    chunks: int = 0
    items: int = 0
    bytes: int = 0
    last_key: str = ""
    writing_key: str = ""

    @classmethod
    def of(cls, record: DeviceRecord) -> Counted:
        entry = record.entry
        writing = str(entry.key) if entry is not None and entry.state == "writing" else ""
        totals = (record.moved_chunks, record.moved_items, record.moved_bytes)
        return cls(record.next_number, *totals, record.last_key, writing)

    def numbered(self, key: ChunkKey) -> bool:
        """Return whether the journal assigned the number of this chunk."""
        return key.number < min(self.next_number, RESERVED_NUMBERS)

    def counts(self, key: ChunkKey) -> bool:
        """Return whether the chunk is among those that the journal counts."""
        return self.numbered(key) and str(key) != self.writing_key

    def unknown(self, keys: Iterable[str]) -> int:
        """Return how many of these chunks have a number that the journal has not assigned."""
        parsed = (chunk for key in keys if key != self.writing_key and (chunk := parse_object_key(key)) is not None)
        return sum(not self.numbered(chunk) for chunk in parsed)


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Chunks that the journal counts and the tiers do not hold.

    Attributes:
        chunks: their number; negative for more objects than the journal counts.
        absent: numbers without an object.
    """

    chunks: int
    absent: tuple[Numbers, ...]
    last_key: str = ""

    @property
    def absent_numbers(self) -> int:
        return sum(last - first + 1 for first, last in self.absent)


def shortfall(
    counted: Counted, keys: Collection[str], sealed: Collection[str], lost: Collection[str] = ()
) -> Shortfall:
    """Compare the journal with the keys of a device's chunks in all tiers.

    Args:
        keys: keys of chunks with items.
        sealed: keys of chunks without items.
        lost: keys already reported as missing.
    """
    here = {key: parsed for key in {*keys, *lost} if (parsed := parse_object_key(key)) is not None}
    counts = sum(map(counted.counts, here.values()))
    others = [parsed for key in (*sealed, counted.writing_key) if (parsed := parse_object_key(key)) is not None]
    given = sorted({one.number for one in (*here.values(), *others) if counted.numbered(one)})
    last = counted.last_key if counted.last_key and counted.last_key not in {*here, *sealed} else ""
    return Shortfall(counted.chunks - counts, tuple(_between(given, counted.next_number)), last)


def _between(given: list[int], end: int) -> Iterator[Numbers]:
    """The ranges of missing numbers from 1, before `end`."""
    after = 0
    for number in (*given, end):
        if number > after + 1:
            yield after + 1, number - 1
        after = max(after, number)


def missing_findings(device_id: str, short: Shortfall) -> Iterator[tuple[str, Finding]]:
    """The lost chunks, by ranges of numbers, with the known parts of their keys."""
    if short.chunks <= 0:
        if short.last_key:
            yield short.last_key, Finding("missing", "the journal has it as stored, and no tier holds it")
        return
    if short.absent_numbers == short.chunks:
        for first, last in short.absent:
            yield _key_like(device_id, first, last), Finding("missing", _what(first, last))
        return
    named = ", ".join(_numbers(*one) for one in short.absent[:MAX_NAMED])
    more = " and more" if len(short.absent) > MAX_NAMED else ""
    among = f"; no object has the numbers {named}{more}, some of which may have been given up" if named else ""
    counts = count_of(short.chunks, "chunk that the journal counts is", "chunks that the journal counts are")
    yield f"{device_id}/", Finding("missing", f"{counts} in no tier{among}")


def totals_findings(counted: Counted, items: int, size: int | None) -> Iterator[Finding]:
    """Compare sums over all chunks of a device, none of which is missing or at fault.

    Args:
        size: bytes of the uncompressed arrays; None if not all are known.
    """
    if items != counted.items:
        what = f"its chunks hold {count_of(items, 'item')}, and the journal counts {counted.items:,}"
        yield Finding("totals", what)
    elif size is not None and size != counted.bytes:
        yield Finding("totals", f"its chunks have {count_of(size, 'byte')}, and the journal counts {counted.bytes:,}")


def _key_like(device_id: str, first: int, last: int) -> str:
    return f"{device_id}/.../chunk-{first:05d}.json" + ("" if first == last else f" to {last:05d}")


def _what(first: int, last: int) -> str:
    if first == last:
        return "the journal counts this chunk as stored, and no tier holds its number"
    return f"the journal counts these {last - first + 1:,} chunks as stored, and no tier holds their numbers"


def _numbers(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first} to {last}"
