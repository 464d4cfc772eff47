"""Items to chunks of at most 5 MiB, chunks to object keys and bytes, and back. Pure; no I/O.

A chunk is a JSON array of one device's items in time order: `[item,item,...]` without blanks. docs/chunks.md
describes the format, with the tagged form of types that JSON lacks.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

import orjson
import zstandard

from l3kit.errors import StoreError
from l3kit.tiering.ports import Compression, Page
from l3kit.tiering.settings import MAX_CHUNK_BYTES

RESERVED_PREFIX = "_l3kit/"
"""Objects below it are l3kit's own (reports, parts of uploads); movers, readers and queries pass over them."""
MAX_ENTRY_BYTES = 300_000
"""What a chunk's sort keys and checksums may take in its journal record; a DynamoDB item ends at 400 KB."""
ENTRY_BYTES_PER_ITEM = 6
"""Of which 4 are the checksum: what regular timestamps take at least. Bounds the memory for very small items."""

RESERVED_NUMBERS = 10_000_000
"""Chunk numbers from here on are kept for chunks that no journal numbers; the journal's are below."""

_SUFFIXES: Mapping[Compression, str] = {"none": "", "gzip": ".gz", "zstd": ".zst"}
CONTENT_ENCODINGS: Mapping[Compression, str | None] = {"none": None, "gzip": "gzip", "zstd": "zstd"}
_UNSAFE = re.compile(r"[/%\x00-\x1f\x7f]")
_KEY = re.compile(r"(?P<device>[^/]+)/(?P<range>[^/]+)/chunk-(?P<number>[0-9]{5,})\.json(?P<suffix>|\.gz|\.zst)")
_DATED_RANGE = re.compile(r"(?P<start>.+)-(?P<end>[0-9]{4}-[0-9]{2}-[0-9]{2}T.*)")


@dataclass(frozen=True, slots=True)
class ChunkKey:
    """What an object key says: whose chunk it is, the first and last timestamp in it, its number and compression."""

    device_id: str
    start: str
    end: str
    number: int
    compression: Compression = "none"

    def __str__(self) -> str:
        return object_key(self.device_id, self.start, self.end, self.number, self.compression)


def object_key(device_id: str, start: str, end: str, number: int, compression: Compression = "none") -> str:
    """`{device_id}/{start}-{end}/chunk-{number:05d}.json`, with `.gz` or `.zst` where compressed.

    Slashes, percent signs, control characters and the whole segments `.` and `..` are percent-encoded; all other
    Unicode stays as it is. Of texts that are not times the hyphens are encoded too, where the one between start and
    end could not be told otherwise.
    """
    return f"{_segment(device_id)}/{_range(start, end)}/chunk-{number:05d}.json{_SUFFIXES[compression]}"


def is_reserved_device(device_id: str) -> bool:
    """Whether no device may be called so: `_l3kit`, whose keys are l3kit's own, and what begins with `~`."""
    return device_id == RESERVED_PREFIX.rstrip("/") or device_id.startswith("~")


def device_prefix(device_id: str) -> str:
    """The prefix that all of a device's object keys share."""
    return f"{_segment(device_id)}/"


def parse_object_key(key: str) -> ChunkKey | None:
    """The inverse of `object_key`; None for a foreign or reserved key."""
    match = None if key.startswith(RESERVED_PREFIX) else _KEY.fullmatch(key)
    if match is None:
        return None
    bounds = _bounds(match["range"])
    if bounds is None:
        return None
    compression = next(name for name, suffix in _SUFFIXES.items() if suffix == match["suffix"])
    return ChunkKey(unquote(match["device"]), *bounds, int(match["number"]), compression)


def compress(body: bytes, compression: Compression) -> bytes:
    """The bytes to store. The same body always gives the same bytes (no time stamp inside)."""
    if compression == "gzip":
        return gzip.compress(body, compresslevel=6, mtime=0)
    if compression == "zstd":
        return zstandard.ZstdCompressor(level=3).compress(body)
    return body


def decompress(body: bytes, compression: Compression) -> bytes:
    """The inverse of `compress`. Raises: StoreError where the bytes are not of that form."""
    try:
        if compression == "gzip":
            return gzip.decompress(body)
        if compression == "zstd":
            return zstandard.ZstdDecompressor().decompressobj().decompress(body)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise StoreError("object", f"is not valid {compression} ({error})", "It was changed after storing") from None
    return body


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk ready to be stored: the JSON array, its digest, and what identifies it."""

    key: ChunkKey
    body: bytes
    sha256: str
    count: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What a chunk took of a page: some of its sort keys, in their order. The page is kept without its items."""

    page: Page
    sort_keys: Sequence[str]


@dataclass(frozen=True, slots=True)
class Draft:
    """What a chunk beside its bytes is, before it has a number. Kept until its items are deleted, hence without them.

    Attributes:
        sort_keys: of its items, ascending, at least one.
        taken: the pages they were read from, for deleting them later; the last may have more than the chunk.
        encoded_sort_keys, encoded_crcs: as the journal keeps them.
    """

    sort_keys: Sequence[str]
    taken: Sequence[Taken]
    encoded_sort_keys: bytes
    encoded_crcs: bytes

    @property
    def count(self) -> int:
        return len(self.sort_keys)

    def chunk(self, device_id: str, number: int, compression: Compression, body: bytes) -> Chunk:
        key = ChunkKey(device_id, self.sort_keys[0], self.sort_keys[-1], number, compression)
        return Chunk(key, body, hashlib.sha256(body).hexdigest(), self.count)

    def crcs(self, sort_keys: Sequence[str]) -> dict[str, int]:
        """The checksums of some of its items, by sort key."""
        wanted = set(sort_keys)
        crcs = decode_checksums(self.encoded_crcs)
        return {key: crc for key, crc in zip(self.sort_keys, crcs, strict=True) if key in wanted}


class ChunkFiller:
    """Collects pages until a chunk is full, so that chunks fill up across page borders.

    Args:
        max_bytes: a chunk's largest size, brackets and commas counted. An item that is larger by itself becomes a
            chunk of its own.
        max_entry_bytes: what sort keys and checksums may take in the journal.
        max_items: at most so many in a chunk; None is no bound of its own.
    """

    def __init__(
        self,
        max_bytes: int = MAX_CHUNK_BYTES,
        max_entry_bytes: int = MAX_ENTRY_BYTES,
        max_items: int | None = None,
    ) -> None:
        self._max_bytes = max_bytes
        self._max_entry_bytes = max_entry_bytes
        self._max_items = max_items
        self._max_count = min(max_entry_bytes // ENTRY_BYTES_PER_ITEM, max_items or max_entry_bytes)
        self._sort_keys: list[str] = []
        self._items: list[bytes] = []
        self._taken: list[Taken] = []
        self._size = 1  # the opening bracket; each item brings its comma, the last comma stands for "]"

    def add(self, page: Page, chosen: Sequence[int] | None = None) -> None:
        """Append a page's items, or those with the chosen indexes; pages come in sort key order."""
        keys, items = page.sort_keys, page.items
        if chosen is not None:
            keys, items = [keys[index] for index in chosen], [items[index] for index in chosen]
        if items:
            self._sort_keys += keys
            self._items += items
            self._taken.append(Taken(replace(page, items=[]), keys))
            self._size += sum(map(len, items)) + len(items)

    @property
    def empty(self) -> bool:
        return not self._items

    @property
    def count(self) -> int:
        return len(self._items)

    @property
    def full(self) -> bool:
        """Whether there is about one chunk's worth, by its bytes or by what the journal can note of its items."""
        return self._size > self._max_bytes or self.count >= self._max_count

    def room(self) -> int | None:
        """About how many more items of this kind fill the chunk to just over its limit; None where nobody knows."""
        if not self._items:
            return self._max_items
        average = self._size / self.count
        room = int((self._max_bytes - self._size) / average * 1.005) + 8
        return max(1, min(room, self._max_count - self.count))

    def draft(self, max_bytes: int | None = None) -> tuple[Draft, bytes]:
        """The first items that fit together, at least one, and their JSON array. Must not be called when empty."""
        limit = self._max_bytes if max_bytes is None else max_bytes
        count, size = len(self._items), self._size
        most = self._max_items or count
        while (size > limit or count > most) and count > 1:  # from the end: little was read beyond the limit
            count -= 1
            size -= len(self._items[count]) + 1
        encoded = encode_sort_keys(self._sort_keys[:count])
        while count > 1 and (entry := len(encoded) + 4 * count) > self._max_entry_bytes:
            count = max(1, min(count - 1, int(count * self._max_entry_bytes / entry * 0.95)))
            encoded = encode_sort_keys(self._sort_keys[:count])
        keys, items = self._sort_keys[:count], self._items[:count]
        taken = [one for one in self._taken if one.sort_keys[0] <= keys[-1]]
        return Draft(keys, taken, encoded, checksums(items)), json_array(items)


def json_array(items: Sequence[bytes]) -> bytes:
    """`[item,item,...]`, copied once: these are megabytes."""
    if len(items) < 2:
        return b"[%b]" % b"".join(items)
    return b",".join([b"[" + items[0], *items[1:-1], items[-1] + b"]"])


def encode_sort_keys(sort_keys: Sequence[str]) -> bytes:
    """Sort keys for the journal: about 3 bytes each for regular timestamps."""
    return zstandard.ZstdCompressor(level=1).compress(orjson.dumps(list(sort_keys)))


def decode_sort_keys(data: bytes) -> list[str]:
    """The inverse of `encode_sort_keys`."""
    keys: list[str] = orjson.loads(zstandard.ZstdDecompressor().decompress(data))
    return keys


def checksums(items: Sequence[bytes]) -> bytes:
    """CRC-32 of each item, 4 bytes little-endian each: tells a later run which items are still as they were stored."""
    values = array("I", map(zlib.crc32, items))
    return values.tobytes()


def decode_checksums(data: bytes) -> list[int]:
    """The inverse of `checksums`."""
    values = array("I")
    values.frombytes(data)
    return values.tolist()


def _range(start: str, end: str) -> str:
    joined = _UNSAFE.sub(_percent, f"{start}-{end}")
    if _bounds(joined) == (start, end):
        return joined
    return "-".join(_UNSAFE.sub(_percent, bound).replace("-", "%2D") for bound in (start, end))


def _bounds(segment: str) -> tuple[str, str] | None:
    """Start and end. Version 0.1.0 encoded no hyphens: where the end is no date, the one in the middle divides."""
    if found := _DATED_RANGE.fullmatch(segment):
        return unquote(found["start"]), unquote(found["end"])
    parts = segment.split("-")
    middle = len(parts) // 2
    if len(parts) % 2:
        return None
    return unquote("-".join(parts[:middle])), unquote("-".join(parts[middle:]))


def _percent(match: re.Match[str]) -> str:
    return f"%{ord(match[0]):02X}"


def _segment(text: str) -> str:
    if text in (".", ".."):
        return text.replace(".", "%2E")
    return _UNSAFE.sub(_percent, text)
