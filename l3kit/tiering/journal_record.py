"""A device's journal record and its entry, and their conversion to and from flat attributes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import orjson

from l3kit.errors import StoreError
from l3kit.tiering.format.chunks import ChunkKey, decode_checksums, decode_sort_keys, parse_object_key
from l3kit.tiering.ports import Compression, JournalRow

NEVER = datetime.fromtimestamp(0, UTC)
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A chunk under way: its identity, its digest, and the sort key and checksum of each item.

    `size` is in bytes of the uncompressed chunk. The lists are decoded on demand.
    """

    state: Literal["writing", "stored"]
    key: ChunkKey
    sha256: str
    size: int
    count: int
    encoded_sort_keys: bytes
    encoded_crcs: bytes

    def sort_keys(self) -> list[str]:
        return decode_sort_keys(self.encoded_sort_keys)

    def crcs(self) -> list[int]:
        return decode_checksums(self.encoded_crcs)

    def items(self) -> dict[str, int]:
        """Each item's checksum by sort key. Raises: StoreError if the lists do not match the chunk."""
        try:
            keys, crcs = self.sort_keys(), self.crcs()
            fit = len(keys) == len(crcs) == self.count and len(set(keys)) == len(keys)
            if not fit or (keys[0], keys[-1]) != (self.key.start, self.key.end):
                raise ValueError("the lists do not fit the chunk")
        except Exception as error:  # decoders raise many types on corrupt data
            raise _unreadable(f"{self.key}: its item list cannot be read ({error!r:.100})") from None
        return dict(zip(keys, crcs, strict=True))


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """One device's journal record.

    Attributes:
        version: fencing number.
        owner: id of the run that holds the lease; empty if none does.
        lease_until: lease expiry, UTC.
        next_number: number of the next chunk; never used twice, and always below RESERVED_NUMBERS.
        moved_items, moved_bytes, moved_chunks: totals since the first move.
        last_key: object key of the chunk closed last.
    """

    version: int = 0
    owner: str = ""
    lease_until: datetime = NEVER
    next_number: int = 1
    entry: Entry | None = None
    moved_items: int = 0
    moved_bytes: int = 0
    moved_chunks: int = 0
    last_key: str = ""

    @property
    def is_new(self) -> bool:
        """True if the journal has no record of the device, so that the next number is unknown."""
        return self.version == 0

    def held_by_other(self, run_id: str, now: datetime) -> bool:
        return bool(self.owner) and self.owner != run_id and self.lease_until > now


def to_row(record: DeviceRecord) -> JournalRow:
    """Convert a record to flat attributes, readable in the cloud's console."""
    attributes: dict[str, str | int | bytes] = {
        "owner": record.owner,
        "lease_until": record.lease_until.isoformat(),
        "next_number": record.next_number,
        "moved_items": record.moved_items,
        "moved_bytes": record.moved_bytes,
        "moved_chunks": record.moved_chunks,
        "last_key": record.last_key,
        "entry_state": "none",
    }
    if (entry := record.entry) is not None:
        attributes |= {
            "entry_state": entry.state,
            "entry_device": entry.key.device_id,
            "entry_start": entry.key.start,
            "entry_end": entry.key.end,
            "entry_number": entry.key.number,
            "entry_compression": entry.key.compression,
            "entry_key": str(entry.key),
            "entry_sha256": entry.sha256,
            "entry_size": entry.size,
            "entry_items": entry.count,
            "entry_sort_keys": entry.encoded_sort_keys,
            "entry_crcs": entry.encoded_crcs,
        }
    return JournalRow(record.version, attributes)


def from_row(row: JournalRow | None) -> DeviceRecord:
    """The inverse of `to_row`; corrects a next number that the record itself shows to be spent.

    Raises: StoreError if the row is not in the format of this version of l3kit.
    """
    if row is None:
        return DeviceRecord()
    a = row.attributes
    try:
        record = DeviceRecord(
            version=row.version,
            owner=_text(a, "owner"),
            lease_until=datetime.fromisoformat(_text(a, "lease_until")),
            next_number=_number(a, "next_number"),
            entry=None if a["entry_state"] == "none" else _entry(a),
            moved_items=_number(a, "moved_items"),
            moved_bytes=_number(a, "moved_bytes"),
            moved_chunks=_number(a, "moved_chunks"),
            last_key=_text(a, "last_key"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(f"a record cannot be read ({error!r})") from None
    last = parse_object_key(record.last_key)
    spent = max(last.number if last else 0, record.entry.key.number if record.entry else 0)
    return replace(record, next_number=max(record.next_number, spent + 1))


def record_digest(record: DeviceRecord) -> str:
    """SHA-256 of the record without its lease and its version, which change while an erase holds the lease."""
    attributes = to_row(replace(record, owner="", lease_until=NEVER)).attributes
    encoded = {name: value.hex() if isinstance(value, bytes) else value for name, value in attributes.items()}
    return hashlib.sha256(orjson.dumps(encoded, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _unreadable(cause: str) -> StoreError:
    return StoreError(
        "journal",
        cause,
        "Another program changed it. Restore or delete the record; until then nothing of the device is moved. "
        "See docs/reference/journal.md, 'A lost journal'",
    )


def _text(attributes: Mapping[str, str | int | bytes], name: str) -> str:
    value = attributes[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def _number(attributes: Mapping[str, str | int | bytes], name: str) -> int:
    value = attributes[name]
    if not isinstance(value, int):
        raise TypeError(name)
    return value


def _bytes(attributes: Mapping[str, str | int | bytes], name: str) -> bytes:
    value = attributes[name]
    if not isinstance(value, bytes):
        raise TypeError(name)
    return value


def _entry(a: Mapping[str, str | int | bytes]) -> Entry:
    state = _text(a, "entry_state")
    compression = _text(a, "entry_compression")
    if state not in ("writing", "stored") or compression not in ("none", "gzip", "zstd"):
        raise ValueError(f"{state}, {compression}")
    known: Compression = compression  # type: ignore[assignment]
    key = ChunkKey(
        _text(a, "entry_device"), _text(a, "entry_start"), _text(a, "entry_end"), _number(a, "entry_number"), known
    )
    if str(key) != _text(a, "entry_key") or not _DIGEST.fullmatch(_text(a, "entry_sha256")):
        raise ValueError(f"{key}, {a['entry_sha256']!r}")
    return Entry(
        state,  # type: ignore[arg-type]
        key,
        _text(a, "entry_sha256"),
        _number(a, "entry_size"),
        _number(a, "entry_items"),
        _bytes(a, "entry_sort_keys"),
        _bytes(a, "entry_crcs"),
    )
