"""Conversion of items to chunks of at most 5 MiB, and of chunks to object keys and bytes, and back. No I/O.

A chunk is a JSON array of one device's items in time order: `[item,item,...]` without whitespace.
docs/reference/chunks.md describes the format, including the tagged form of types that JSON lacks.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote

import orjson
import zstandard

from l3kit.errors import StoreError
from l3kit.tiering.ports import Compression, Page

RESERVED_PREFIX = "_l3kit/"
"""Prefix of l3kit's own objects (reports, parts of uploads); movers, readers and queries skip them."""
CANARY_DEVICE = "~canary"
"""The reserved device of the message that `verify` sends down the tiers; only the movers' canary run moves its item."""
MAX_KEY_BYTES = 1024
"""Maximum UTF-8 bytes of an object key on every cloud."""
MAX_DEVICE_ID_BYTES = 512
"""Maximum UTF-8 bytes of a device id: an object key has two timestamps in it as well."""
MAX_ENTRY_BYTES = 300_000
"""Limit for a chunk's sort keys and checksums in its journal record; DynamoDB's limit for an item is 400 KB."""
ENTRY_BYTES_PER_ITEM = 6
"""Minimum for regular timestamps, 4 of it for the checksum. Bounds the memory for very small items."""

GZIP_SLICE = 16 * 1024
"""Input bytes per step: zlib copies all input after the end of a member, so large input with many members is slow."""
RESERVED_NUMBERS = 10_000_000
"""Numbers from here on are reserved for chunks that are not numbered by a journal."""
SEAL_BODY = b"[]"
SEAL_SHA256 = hashlib.sha256(SEAL_BODY).hexdigest()
"""Digest of a seal: an empty array that blocks its key for other content (docs/reference/journal.md)."""

_SUFFIXES: Mapping[Compression, str] = {"none": "", "gzip": ".gz", "zstd": ".zst"}
CONTENT_ENCODINGS: Mapping[Compression, str | None] = {"none": None, "gzip": "gzip", "zstd": "zstd"}
_UNSAFE = re.compile(r"[/%\x00-\x1f\x7f]")
_KEY = re.compile(r"(?P<device>[^/]+)/(?P<range>[^/]+)/chunk-(?P<number>[0-9]{5,})\.json(?P<suffix>|\.gz|\.zst)")
_DATED_RANGE = re.compile(r"(?P<start>.+)-(?P<end>[0-9]{4}-[0-9]{2}-[0-9]{2}T.*)")


@dataclass(frozen=True, slots=True)
class ChunkKey:
    """The parts of an object key: device, first and last timestamp, number and compression."""

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
    Unicode is kept. In texts that are not times hyphens are encoded as well if the hyphen between start and end would
    be ambiguous otherwise.
    """
    return f"{_segment(device_id)}/{_range(start, end)}/chunk-{number:05d}.json{_SUFFIXES[compression]}"


def is_reserved_device(device_id: str) -> bool:
    """Return whether a device id is reserved: `_l3kit`, the prefix of l3kit's own keys, and ids that begin with `~`."""
    return device_id == RESERVED_PREFIX.rstrip("/") or device_id.startswith("~")


def device_prefix(device_id: str) -> str:
    """The common prefix of all object keys of a device."""
    return f"{_segment(device_id)}/"


def is_own_key(key: str) -> bool:
    """Return whether an object is l3kit's own, not data: under RESERVED_PREFIX, or a canary's chunk."""
    return key.startswith((RESERVED_PREFIX, device_prefix(CANARY_DEVICE)))


def parse_object_key(key: str) -> ChunkKey | None:
    """The inverse of `object_key`; None for a third-party or reserved key."""
    match = None if key.startswith(RESERVED_PREFIX) else _KEY.fullmatch(key)
    if match is None:
        return None
    bounds = _bounds(match["range"])
    if bounds is None:
        return None
    compression = next(name for name, suffix in _SUFFIXES.items() if suffix == match["suffix"])
    return ChunkKey(unquote(match["device"]), *bounds, int(match["number"]), compression)


def compress(body: bytes, compression: Compression) -> bytes:
    """Compress deterministically: the same body always gives the same bytes (no timestamp inside)."""
    if compression == "gzip":
        import gzip

        return gzip.compress(body, compresslevel=6, mtime=0)
    if compression == "zstd":
        return zstandard.ZstdCompressor(level=3).compress(body)
    return body


def decompress(body: bytes, compression: Compression) -> bytes:
    """The inverse of `compress`. Raises: StoreError if the bytes are not in that format."""
    try:
        if compression == "gzip":
            import gzip

            return gzip.decompress(body)
        if compression == "zstd":
            return zstandard.ZstdDecompressor().decompressobj().decompress(body)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise StoreError("object", f"is not valid {compression} ({error})", "Restore it from a backup") from None
    return body


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk ready to be stored: its key, JSON array and digest."""

    key: ChunkKey
    body: bytes
    sha256: str
    count: int


class Taken(NamedTuple):
    """The sort keys of a page that went into a chunk, in order. The page is kept without its items."""

    page: Page
    sort_keys: Sequence[str]


@dataclass(frozen=True, slots=True)
class Draft:
    """A chunk without bytes and number. It is kept until the chunk's items are deleted, so it does not hold them.

    Attributes:
        sort_keys: the sort keys of its items, ascending, at least one.
        taken: the pages they were read from, for deleting them later; the first and the last page may contain more
            than the chunk.
        encoded_sort_keys, encoded_crcs: in the journal's format.
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
        """The checksums of the given items, by sort key."""
        wanted = set(sort_keys)
        crcs = decode_checksums(self.encoded_crcs)
        return {key: crc for key, crc in zip(self.sort_keys, crcs, strict=True) if key in wanted}


def json_array(items: Sequence[bytes]) -> bytes:
    """Join items to `[item,item,...]`, copying megabytes only once."""
    if len(items) < 2:
        return b"[%b]" % b"".join(items)
    return b",".join([b"[" + items[0], *items[1:-1], items[-1] + b"]"])


def encode_sort_keys(sort_keys: Sequence[str]) -> bytes:
    """Encode sort keys for the journal: about 3 bytes each for regular timestamps."""
    return zstandard.ZstdCompressor(level=1).compress(orjson.dumps(list(sort_keys)))


def decode_sort_keys(data: bytes) -> list[str]:
    """The inverse of `encode_sort_keys`."""
    keys: list[str] = orjson.loads(zstandard.ZstdDecompressor().decompress(data))
    return keys


def checksums(items: Sequence[bytes]) -> bytes:
    """CRC-32 of each item, 4 bytes little-endian each, by which a later run recognizes unchanged items."""
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
    """Split into start and end. Version 0.1.0 encoded no hyphens: if the end is not a date, split at the middle one."""
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
